"""A connection string is taken as Supabase gives it, and what is wrong with it is said without repeating it."""

from __future__ import annotations

import pytest

from connectors.supabase.connector import open_supabase
from connectors.supabase.places import Route, place_of, read_url
from connectors.supabase.settings import settings_of
from domain.errors import Misconfigured
from tests.connectors.supabase.conftest import sentence

DIRECT = "postgresql://postgres:s3cret@db.abcdefgh.supabase.co:5432/postgres"
SESSION = "postgresql://postgres.abcdefgh:s3cret@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
TRANSACTION = "postgresql://postgres.abcdefgh:s3cret@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"


@pytest.mark.parametrize(
    ("url", "route"),
    [
        (DIRECT, Route.DIRECT),
        (SESSION, Route.SESSION),
        (TRANSACTION, Route.TRANSACTION),
        (DIRECT.replace("5432", "6543"), Route.TRANSACTION),
        ("postgres://me:s3cret@db.example:6543/shop", Route.SERVER),
        ("postgresql://me@localhost/shop", Route.SERVER),
    ],
)
def test_the_way_to_the_database_is_known_by_its_address(url: str, route: Route) -> None:
    assert place_of(read_url(url)).route is route


@pytest.mark.parametrize(
    ("url", "sslmode"),
    [
        (DIRECT, "require"),
        (TRANSACTION, "require"),
        (DIRECT + "?sslmode=verify-full", "verify-full"),
        (DIRECT + "?sslmode=disable", "disable"),
        (DIRECT + "?sslrootcert=/etc/root.crt", "verify-full"),
        ("postgresql://me@db/shop", "require"),
        ("postgresql://me@127.0.0.1,db.example/shop", "require"),
        ("postgresql://me@10.0.0.1/shop", "require"),
        ("postgresql://me@localhost/shop?hostaddr=10.0.0.1", "require"),
        ("postgresql://me@localhost/shop", None),
        ("postgresql://me@127.0.0.1:5433/shop", None),
        ("postgresql://me@[::1]/shop", None),
        ("postgresql://me@/shop?host=/run/postgresql", None),
        ("postgresql:///shop", None),
    ],
)
def test_a_host_other_than_this_machine_must_speak_tls(url: str, sslmode: str | None) -> None:
    assert read_url(url).get("sslmode") == sslmode


def test_what_is_stored_beside_the_secret_shows_the_place() -> None:
    settings = settings_of(SESSION)

    assert (settings.host, settings.port, settings.database) == (
        "aws-0-eu-central-1.pooler.supabase.com",
        5432,
        "postgres",
    )
    assert "s3cret" not in settings.model_dump_json()
    assert str(place_of(read_url(SESSION))) == "postgres at aws-0-eu-central-1.pooler.supabase.com:5432"
    assert str(place_of(read_url("postgresql://me@/shop?host=/run"))) == "shop at this machine"
    with open_supabase("anna", "warehouse", settings.model_dump(), {"url": SESSION}) as connector:
        assert connector.connection == "warehouse"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://abcdefgh.supabase.co", "not of the database; copy the connection string from Connect"),
        ("postgresql+psycopg://me:s3cret@db.example/shop", "begins with postgresql://"),
        ("me:s3cret@db.example/shop", "begins with postgresql://"),
        ("", "begins with postgresql://"),
        (DIRECT.replace("s3cret", "[YOUR-PASSWORD]"), "still holds a placeholder"),
        (DIRECT.replace("s3cret", "s3cret@x:y"), "write @, / and % in the password as %40, %2F and %25"),
        (DIRECT.replace("s3cret", "pa@s3cret"), "write @"),
        (DIRECT.replace("s3cret", "12/s3cret"), "write @"),
        (DIRECT.replace("s3cret", "s3cret%zz"), "write @"),
        (DIRECT + "?pgbouncer=true", "leave out parameters that Postgres does not know"),
        (DIRECT.replace("5432", "s3cret"), "cannot be read"),
        (DIRECT.replace("5432", "123456"), "cannot be read"),
    ],
)
def test_a_connection_string_that_cannot_work_is_refused(url: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as caught:
        open_supabase("anna", "warehouse", {}, {"url": url})

    assert sentence(caught.value).startswith("warehouse: ")


@pytest.mark.parametrize(
    ("settings", "credentials", "words"),
    [
        ({}, {}, "url of the warehouse cannot be used: Field required"),
        ({}, {"url": DIRECT, "password": "s3cret"}, "password of the warehouse cannot be used"),
        ({"statement_seconds": 0}, {"url": DIRECT}, "statement_seconds of the warehouse cannot be used"),
        ({"colour": "s3cret"}, {"url": DIRECT}, "colour of the warehouse cannot be used"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    settings: dict[str, object], credentials: dict[str, str], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words) as caught:
        open_supabase("anna", "warehouse", settings, credentials)

    assert sentence(caught.value).startswith("warehouse: ")
