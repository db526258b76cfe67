"""The twin answers as PostgREST documents it, and refuses every form of request that nobody has taught it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from db import embedded
from simulators.postgrest.canned import ANSWERS
from simulators.postgrest.server import PostgrestTwin
from simulators.postgrest.site import NoDatabase

TABLES = """
    CREATE TABLE IF NOT EXISTS public.items (
        shop text, id text, price numeric, tags text[], payload json, about jsonb, seen timestamptz,
        PRIMARY KEY (shop, id)
    );
    TRUNCATE public.items;
    GRANT SELECT, INSERT, UPDATE, DELETE ON public.items TO service_role;
    INSERT INTO public.items (shop, id, price) SELECT 'berlin', n::text, n FROM generate_series(1, 9) AS n;
"""
UPSERT = {"on_conflict": "shop,id", "columns": "shop,id,price"}
MERGE = {"Prefer": "resolution=merge-duplicates"}


@pytest.fixture(scope="module")
def twin(postgres: embedded.Server) -> Iterator[PostgrestTwin]:
    """A project with one table."""
    embedded.ensure_database(postgres, "postgrest")
    with PostgrestTwin.start(postgres.url("postgrest", "postgres")) as twin:
        yield twin


@pytest.fixture
def api(twin: PostgrestTwin, postgres: embedded.Server) -> Iterator[httpx.Client]:
    """A client with the secret key; nine items are in the table."""
    with psycopg.connect(postgres.url("postgrest", "postgres"), autocommit=True) as connection:
        connection.execute(TABLES)
    headers = {"apikey": twin.keys.secret}
    with httpx.Client(base_url=f"{twin.url}/rest/v1/", headers=headers, timeout=30) as client:
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Give status, code and message of a refusal, whose body has the four members of PostgREST's."""
    body = answer.json()
    assert set(body) == {"code", "details", "hint", "message"}
    return answer.status_code, body["code"], body["message"]


def test_rows_are_shown_in_order_with_the_part_that_they_are(api: httpx.Client) -> None:
    asked = {"select": "id", "shop": "eq.berlin", "order": "id", "limit": 2, "offset": 3}
    answer = api.get("items", params=asked, headers={"Prefer": "count=exact"})

    assert (answer.status_code, answer.headers["Content-Range"]) == (206, "3-4/9")
    assert answer.json() == [{"id": "4"}, {"id": "5"}]
    assert api.get("items", params={"shop": "eq.berlin"}).headers["Content-Range"] == "0-8/*"
    nothing = api.get("items", params={"id": "is.null"}, headers={"Prefer": "count=exact"})
    assert (nothing.status_code, nothing.headers["Content-Range"], nothing.json()) == (200, "*/0", [])
    beyond = api.get("items", params={"offset": 10}, headers={"Prefer": "count=exact"})
    assert refusal(beyond) == (416, "PGRST103", "Requested range not satisfiable")


def test_every_answer_is_cut_where_the_project_says(twin: PostgrestTwin, api: httpx.Client) -> None:
    twin.switches.max_rows = 4
    try:
        assert len(api.get("items").json()) == 4
        assert len(api.get("items", params={"limit": 99}).json()) == 4
        counted = api.get("items", headers={"Prefer": "count=exact"})
        assert (counted.status_code, counted.headers["Content-Range"]) == (206, "0-3/9")
    finally:
        twin.switches.max_rows = 1000


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("in.(1,2,77)", ["1", "2"]),
        ('in.("1","2")', ["1", "2"]),
        ('in.("1,2",3)', ["3"]),
        ('in.("")', []),
        ("in.()", []),
        (r'in.("a\"b\\c",3)', ["3", 'a"b\\c']),
        ("in.( 1,2)", ["2"]),
        ('in.("1"2,3)', ["3"]),
    ],
)
def test_lists_are_read_as_postgrest_reads_them(api: httpx.Client, listed: str, found: list[str]) -> None:
    rows = [{"shop": "berlin", "id": 'a"b\\c', "price": None}]
    assert api.post("items", params=UPSERT, headers=MERGE, json=rows).status_code == 201
    answer = api.get("items", params={"select": "id", "id": listed, "order": "id"})
    assert [row["id"] for row in answer.json()] == found


def test_an_upsert_says_whether_anything_was_new(api: httpx.Client) -> None:
    rows = [{"shop": "berlin", "id": "9", "price": "1.10"}, {"shop": "berlin", "id": "new", "price": 2}]
    first = api.post("items", params=UPSERT, headers=MERGE, json=rows)
    shown = {**MERGE, "Prefer": "resolution=merge-duplicates,return=representation"}
    second = api.post("items", params={**UPSERT, "select": "price,id"}, headers=shown, json=rows)

    assert (first.status_code, first.content) == (201, b"")
    assert (second.status_code, second.json()) == (200, [{"price": 1.1, "id": "9"}, {"price": 2, "id": "new"}])
    assert b"1.10" in second.content
    assert second.headers["Preference-Applied"] == "resolution=merge-duplicates, return=representation"


def test_values_are_taken_by_the_types_of_their_columns(api: httpx.Client) -> None:
    body = (
        '[{"shop":"a","id":"1","price":"12345678901234567890.10","tags":["x","y, \\"z\\""],'
        '"payload":{ "b" :1.50,\n "b":"\\u00e9"},"about":{"k":[1]},"seen":"now","left out":1}]'
    )
    asked = {"on_conflict": "shop,id", "columns": "shop,id,price,tags,payload,about,seen"}
    headers = {**MERGE, "Content-Type": "application/json"}
    assert api.post("items", params=asked, headers=headers, content=body).status_code == 201

    answer = api.get("items", params={"shop": "eq.a", "select": "price,tags,payload,about"})
    assert b'{ "b" :1.50,\n "b":"\\u00e9"}' in answer.content
    assert b"12345678901234567890.10" in answer.content
    assert answer.json()[0]["tags"] == ["x", 'y, "z"']


def test_rows_are_changed_and_deleted_by_filters_alone(api: httpx.Client) -> None:
    shown = {"Prefer": "return=representation"}
    changed = api.patch("items", params={"id": "in.(1,2)", "select": "id"}, headers=shown, json={"price": "7"})
    assert (changed.status_code, changed.json()) == (200, [{"id": "1"}, {"id": "2"}])
    assert api.patch("items", params={"price": "is.null"}, json={"price": 1}).status_code == 204
    assert api.delete("items", params={"id": "eq.3"}).status_code == 204
    assert refusal(api.delete("items")) == (400, "21000", "DELETE requires a WHERE clause")
    assert refusal(api.patch("items", json={"price": 1})) == (400, "21000", "UPDATE requires a WHERE clause")
    assert len(api.get("items").json()) == 8


def test_what_postgres_refuses_has_the_status_that_postgrest_gives_it(api: httpx.Client) -> None:
    def post(*rows: dict[str, Any]) -> tuple[int, str, str]:
        return refusal(api.post("items", params=UPSERT, headers=MERGE, json=rows))

    twice = {"shop": "a", "id": "1", "price": 1}
    assert post(twice, twice)[:2] == (500, "21000")
    assert post({"shop": None, "id": "1", "price": 1})[:2] == (400, "23502")
    assert post({"shop": "a", "id": "1", "price": "x"})[:2] == (400, "22P02")
    assert post({"shop": "a", "id": "1\0", "price": 1})[:2] == (400, "22P05")
    assert post({"shop": "a", "id": "1", "price": "1e200000"})[:2] == (400, "22003")
    assert refusal(api.get("items", params={"nothing": "eq.1"}))[:2] == (400, "42703")
    assert refusal(api.get("items", params={"id": "eq.a\0"}))[:2] == (400, "22021")
    assert api.get("items").headers["Content-Range"] == "0-8/*", "nothing of all that was written"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "nothing", "PGRST205"),
        ("GET", "items/1", "PGRST125"),
        ("GET", "items?id=noop.1", "PGRST100"),
        ("GET", "items?id=1", "PGRST100"),
        ("GET", "items?id=in.1", "PGRST100"),
        ("GET", "items?id=gt.1", "PGRST127"),
        ("GET", "items?id=not.eq.1", "PGRST127"),
        ("GET", "items?or=(id.eq.1,id.eq.2)", "PGRST127"),
        ("GET", "items?payload->>b=eq.1", "PGRST127"),
        ("GET", "items?select=id::int", "PGRST127"),
        ("GET", "items?select=*,others(*)", "PGRST127"),
        ("GET", "items?order=id.desc", "PGRST127"),
        ("GET", "items?limit=-1", "PGRST127"),
        ("HEAD", "items", ""),
        ("PUT", "items", "PGRST127"),
        ("TRACE", "items", "PGRST117"),
        ("GET", "", "PGRST127"),
        ("POST", "rpc/anything", "PGRST127"),
        ("POST", "items", "PGRST127"),
        ("POST", "items?on_conflict=shop,id&columns=shop,id,colour", "PGRST204"),
        ("PATCH", "items?id=eq.1", "PGRST102"),
        ("PATCH", "items?id=eq.1&colour", "PGRST100"),
    ],
)
def test_any_other_form_is_refused(api: httpx.Client, method: str, path: str, code: str) -> None:
    answer = api.request(method, path, headers=MERGE, content=b"[{}]" if method == "POST" else None)

    assert 400 <= answer.status_code < 500
    if code:
        assert refusal(answer)[1] == code


def test_who_has_no_key_or_another_ones_is_turned_away(twin: PostgrestTwin, api: httpx.Client) -> None:
    keys = twin.keys

    def asked(**headers: str) -> tuple[int, Any]:
        answer = httpx.get(f"{twin.url}/rest/v1/items", headers=headers)
        return answer.status_code, answer.json() if answer.status_code == 401 else None

    assert asked() == (
        401, {"message": "No API key found in request", "hint": "No `apikey` request header or url param was found."}
    )  # fmt: skip
    assert asked(apikey="sb_secret_other")[1]["message"] == "Invalid API key"
    assert asked(apikey=keys.secret)[0] == 200
    assert asked(apikey=keys.service_role, Authorization=f"Bearer {keys.service_role}")[0] == 200
    assert asked(apikey=keys.secret, Authorization=f"Bearer {keys.secret}")[1]["code"] == "PGRST301"
    assert asked(apikey=keys.secret, Authorization="Bearer sb_secret_other")[1]["message"] == "Invalid API key"
    assert asked(apikey=keys.secret, Authorization="Bearer a.b.c")[1]["code"] == "PGRST301"
    assert asked(apikey=keys.publishable)[1]["code"] == "42501"
    assert asked(apikey=keys.publishable, Authorization=f"Bearer {keys.service_role}")[0] == 200
    answer = httpx.get(f"{twin.url}/elsewhere", headers={"apikey": keys.secret})
    assert (answer.status_code, answer.json()) == (404, {"message": "no Route matched with those values"})


def test_only_exposed_schemas_are_served(api: httpx.Client) -> None:
    hidden = api.get("items", headers={"Accept-Profile": "private"})
    assert refusal(hidden) == (406, "PGRST106", "Invalid schema: private")
    assert hidden.json()["hint"] == "Only the following schemas are exposed: public, graphql_public, commerce"
    assert api.get("items", headers={"Content-Profile": "private"}).status_code == 200, "that one is for writing"
    written = api.delete("items", params={"id": "eq.1"}, headers={"Content-Profile": "private"})
    assert refusal(written)[1] == "PGRST106"


def test_a_stale_cache_knows_no_new_table_or_column(
    twin: PostgrestTwin, api: httpx.Client, postgres: embedded.Server
) -> None:
    assert api.get("items").status_code == 200
    twin.switches.stale_cache = True
    with psycopg.connect(postgres.url("postgrest", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE later (id int); GRANT SELECT ON later TO service_role")
        assert refusal(api.get("later"))[1] == "PGRST205"
        twin.switches.stale_cache = False
        assert api.get("later").json() == []
        connection.execute("DROP TABLE later")
    assert refusal(api.get("later"))[:2] == (404, "42P01")


def test_faults_the_log_and_states_work_as_in_every_twin(twin: PostgrestTwin, api: httpx.Client) -> None:
    twin.log.reset()
    twin.faults.add(method="POST", cut="after")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("items", params=UPSERT, headers=MERGE, json=[{"shop": "a", "id": "1", "price": 1}])
    assert api.get("items", params={"shop": "eq.a", "select": "id"}).json() == [{"id": "1"}]
    assert [(line.action, line.kind, line.items) for line in twin.log.lines()] == [
        ("upsert", "items", 1), ("read", "items", 1)
    ]  # fmt: skip

    httpx.put(f"{twin.url}/_control/switches", json={"paused": True}).raise_for_status()
    assert api.get("items").status_code == 540
    httpx.put(f"{twin.url}/_control/switches", json={"paused": False}).raise_for_status()
    assert api.get("items", params={"id": f"in.({'1,' * 5000}1)"}).status_code == 414
    assert httpx.get(f"{twin.url}/_control/").json()["recordings"] == list(ANSWERS)


def test_a_database_that_is_away_is_said_to_be(twin: PostgrestTwin, api: httpx.Client) -> None:
    assert api.get("items").status_code == 200
    with psycopg.connect(twin.site._url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert api.get("items").status_code == 503
    assert api.get("items").status_code == 200


def test_a_twin_needs_a_superuser(twin: PostgrestTwin, postgres: embedded.Server) -> None:
    for url in (postgres.url("postgrest"), "postgresql://127.0.0.1:1/nothing"):
        with pytest.raises(NoDatabase, match="needs a database of which it is the superuser"):
            PostgrestTwin(url)
