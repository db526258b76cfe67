"""What stands in the way of the REST API is told in one sentence that says what to do, and holds no value of a row."""

from __future__ import annotations

import pytest

from connectors.http import Patience
from connectors.supabase.connector import open_supabase
from connectors.supabase.keys import require_service_key
from db import embedded
from domain.errors import AccessDenied, ConnectorError, Misconfigured, RateLimited, Unavailable
from domain.keys import Kind
from domain.writes import Result
from simulators.postgrest.keys import Keys, legacy_key
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.supabase.conftest import Look, as_user, carry, open_project, run_sql, sentence
from tests.connectors.supabase.samples import order
from tests.connectors.writes_contract import plan_of

KEYS = Keys()


@pytest.mark.parametrize(
    ("recording", "kind", "words"),
    [
        ("paused", Unavailable, "is paused: let its owner restore it in the Supabase dashboard"),
        ("web-server-is-down", Unavailable, "answers with a page instead of data (HTTP 521)"),
        ("gateway-timeout", Unavailable, "took too long to answer"),
        ("page-in-200", Unavailable, "answers with a page instead of data"),
        ("restricted", AccessDenied, "Supabase restricts the project"),
        ("rate-limited", RateLimited, "wants fewer calls"),
        ("no-schema-cache", Unavailable, "has trouble of its own (HTTP 503 PGRST002)"),
        ("no-connection-left", Unavailable, "has trouble of its own (HTTP 504 PGRST003)"),
        ("jwt-expired", AccessDenied, "refuses the service key: it is revoked or of another one; copy a secret key"),
    ],
)
def test_a_project_that_does_not_serve_us_is_understood(
    project: PostgrestTwin, recording: str, kind: type[ConnectorError], words: str
) -> None:
    project.faults.add(recording=recording)
    with open_project(project) as target:
        with pytest.raises(kind) as caught:
            target.held(Kind.ORDER, "shop", ["1"])
        assert words in sentence(caught.value)
        assert target.held(Kind.ORDER, "shop", ["1"]) == {}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (404, "<html>", Misconfigured, "there is no Supabase API at"),
        (301, "", Misconfigured, "there is no Supabase API at"),
        (403, "<html>", AccessDenied, "turns us away (HTTP 403)"),
        (404, '{"message":"no Route matched with those values"}', Misconfigured, "there is no Supabase API at"),
        (
            400,
            '{"code":"PGRST100","message":"s3cret"}',
            Misconfigured,
            "does not take what PostgREST takes (HTTP 400 PGRST100)",
        ),
        (400, '{"code":"s3cret","message":{}}', Misconfigured, "does not take what PostgREST takes (HTTP 400)"),
        (500, '{"code":"57014","message":"s3cret"}', Unavailable, "took too long and was cancelled"),
        (500, '{"code":"40001","message":"s3cret"}', Unavailable, "another transaction was in the way"),
        (405, '{"code":"25006","message":"s3cret"}', Misconfigured, "is read-only: it is a replica"),
        (500, "[" * 100_000, Unavailable, "answers with a page"),
        (200, "[1]", Unavailable, "answers with a page"),
    ],
)
def test_an_answer_that_is_none_is_understood(
    project: PostgrestTwin, status: int, body: str, kind: type[ConnectorError], words: str
) -> None:
    project.faults.add(status=status, body=body, headers={"Content-Range": "0-0/1"})
    with open_project(project) as target, pytest.raises(kind) as caught:
        target.held(Kind.ORDER, "shop", ["1"])
    assert words in sentence(caught.value)


def test_a_body_that_is_too_large_is_halved(project: PostgrestTwin) -> None:
    project.faults.add(method="POST", path="/orders", recording="body-too-large", count=2)
    with open_project(project) as target:
        assert carry(target, order(1), order(2)) == [Result.FAILED, Result.CREATED]


def test_a_busy_project_is_asked_again(project: PostgrestTwin) -> None:
    project.faults.add(status=503, count=2)
    patience = Patience(attempts=3, first_wait=0, jitter=0)
    credentials = {"service_key": KEYS.secret}
    with open_supabase("anna", "warehouse", {"project_url": project.url}, credentials, patience=patience) as target:
        assert carry(target, order(1)) == [Result.CREATED]


def test_a_schema_that_is_not_exposed_is_explained(project: PostgrestTwin) -> None:
    project.switches.schemas = ("public", "graphql_public")
    with open_project(project) as target, pytest.raises(Misconfigured) as caught:
        target.check()

    assert sentence(caught.value) == (
        f"warehouse check: the project at {project.url} does not expose the schema commerce: add it in the Supabase "
        "dashboard under Settings, API, Exposed schemas, and run the SQL that unisync warehouse sql --schema commerce "
        "prints in the SQL editor of the dashboard"
    )


def test_tables_are_made_by_the_sql_and_missed_until_then(postgres: embedded.Server, warehouse_url: str) -> None:
    with PostgrestTwin.start(as_user(warehouse_url, "postgres")) as twin, open_project(twin) as target:
        for ask in (target.check, target.prepare, lambda: carry(target, order(1))):
            with pytest.raises(Misconfigured, match="run the SQL that unisync warehouse sql --schema commerce prints"):
                ask()
        assert target.held(Kind.ORDER, "shop", ["1"]) == {}

        run_sql(warehouse_url)
        target.check()
        target.prepare()
        assert carry(target, order(1)) == [Result.CREATED]


def test_a_column_of_a_later_version_is_missed_until_the_sql_has_run_and_is_known(
    project: PostgrestTwin, warehouse_url: str, admin: Look
) -> None:
    with open_project(project) as target:
        assert carry(target, order(1)) == [Result.CREATED]
        admin.run("ALTER TABLE commerce.orders DROP COLUMN customer_note")
        with pytest.raises(Misconfigured, match=r"in the schema commerce of .* lacks a column: run the SQL"):
            target.prepare()

        project.site.tables._known["commerce", "orders"].pop("customer_note")
        project.switches.stale_cache = True
        run_sql(warehouse_url)
        target.prepare()
        with pytest.raises(
            Misconfigured, match=r"does not know a column that is needed: .* also reloads what it knows"
        ):
            carry(target, order(1, "2"))

        project.switches.stale_cache = False
        assert carry(target, order(1, "2")) == [Result.UPDATED]


def test_a_right_that_is_lacking_is_explained(project: PostgrestTwin, admin: Look) -> None:
    admin.run("REVOKE INSERT ON commerce.orders FROM service_role")
    with open_project(project) as target, pytest.raises(Misconfigured) as caught:
        carry(target, order(1))
    assert "the service key lacks a right in the schema commerce" in sentence(caught.value)


def test_a_rule_of_the_user_is_named_and_the_row_is_not_shown(project: PostgrestTwin, admin: Look) -> None:
    admin.run("ALTER TABLE commerce.orders ADD CONSTRAINT \"no {place}\" CHECK (customer_note <> 's3cret')")
    with open_project(project) as target:
        (outcome,) = target.write(plan_of("warehouse", [order(1, customer_note="s3cret")]))

    assert outcome.problem is not None
    assert outcome.problem.message == (
        "the warehouse refuses the record: it breaks a rule that was added to the table (no {place}, SQLSTATE 23514)"
    )
    assert "s3cret" not in outcome.problem.message


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (KEYS.publishable, "this is the publishable key, which may not write; copy a secret key"),
        (KEYS.anon, "this is the key of another role than service_role"),
        (legacy_key("authenticated"), "this is the key of another role than service_role"),
        ("s3cret", "this is no key of a Supabase project"),
        ("s3cret.s3cret.s3cret", "this is no key of a Supabase project"),
        ("sb_secret_s3cret\n", "this is no key of a Supabase project"),
        ("", "this is no key of a Supabase project"),
        ("a.W10.b", "this is no key of a Supabase project"),
        ("ß.ß.ß", "this is no key of a Supabase project"),
    ],
)
def test_a_key_that_may_not_write_is_refused_before_it_is_sent(key: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as caught:
        open_supabase("anna", "warehouse", {"project_url": "https://abc.supabase.co"}, {"service_key": key})
    assert sentence(caught.value).startswith("warehouse: ")


def test_both_kinds_of_service_keys_are_taken() -> None:
    require_service_key(KEYS.secret)
    require_service_key(KEYS.service_role)


def test_a_key_of_another_project_is_refused_there(shared_twin: PostgrestTwin) -> None:
    for key in ("sb_secret_s3cret", legacy_key("service_role") + "s3cret"):
        with open_project(shared_twin, key=key) as target, pytest.raises(AccessDenied) as caught:
            target.check()
        assert "refuses the service key" in sentence(caught.value)


@pytest.mark.parametrize(
    ("settings", "credentials", "words"),
    [
        (
            {"project_url": "http://abc.supabase.co"},
            {"service_key": KEYS.secret},
            "would show the credentials to anyone",
        ),
        ({"project_url": "abc.supabase.co"}, {"service_key": KEYS.secret}, "must begin with https://"),
        ({"project_url": "https://me:s3cret@abc.supabase.co"}, {"service_key": KEYS.secret}, "must hold neither user"),
        (
            {"project_url": "https://abc.supabase.co"},
            {"url": "postgresql://s3cret@x/y"},
            "service_key of the warehouse",
        ),
        (
            {"project_url": "https://abc.supabase.co", "host": "x"},
            {"service_key": KEYS.secret},
            "host of the warehouse",
        ),
    ],
)
def test_settings_of_a_project_that_cannot_work_are_refused(
    settings: dict[str, object], credentials: dict[str, str], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words) as caught:
        open_supabase("anna", "warehouse", settings, credentials)
    sentence(caught.value)


def test_the_address_of_the_api_is_taken_for_that_of_the_project(shared_twin: PostgrestTwin) -> None:
    for ending in ("/", "/rest/v1", "/rest/v1/"):
        of = {"project_url": shared_twin.url + ending}
        with open_supabase("anna", "warehouse", of, {"service_key": KEYS.secret}) as target:
            assert target.check().place == f"{shared_twin.url} (REST, schema commerce)"
