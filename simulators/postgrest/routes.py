"""The REST routes: what each method does with a table, and how the answer is put."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from psycopg import Connection, sql

from simulators.http import Answer, Request
from simulators.postgrest import statements
from simulators.postgrest.canned import ANSWERS
from simulators.postgrest.errors import (
    JSON,
    ApiError,
    GatewayError,
    no_database,
    no_schema,
    not_spoken,
    of_postgres,
)
from simulators.postgrest.keys import ANONYMOUS
from simulators.postgrest.query import Query, parse
from simulators.postgrest.site import Site

PREFIX = "/rest/v1"


@dataclass(frozen=True)
class Call:
    """A request to a table, understood."""

    schema: str
    table: str
    query: Query
    prefer: frozenset[str]
    body: str

    @property
    def shows(self) -> bool:
        """Whether the rows that were written are to be given back."""
        return "return=representation" in self.prefer


def answer(site: Site, request: Request) -> Answer:
    """The project's answer, refusals included."""
    if site.switches.paused:
        return ANSWERS["paused"]
    if len(request.target) > site.switches.longest_address:
        return ANSWERS["address-too-long"]
    try:
        if not request.path.startswith(f"{PREFIX}/"):
            raise GatewayError(404, "no Route matched with those values")
        return _carried_out(site, request, site.keys.role_of(request))
    except (ApiError, GatewayError) as error:
        return error.answer()


def _carried_out(site: Site, request: Request, role: str) -> Answer:
    call = _call(site, request)
    try:
        with site.transaction(role, read_only=request.method == "GET") as connection:
            done = _ACTS[request.method](site, connection, call)
    except psycopg.OperationalError as error:
        raise (of_postgres(error, is_anonymous=False) if error.sqlstate else no_database(error)) from None
    except psycopg.Error as error:
        raise of_postgres(error, is_anonymous=role == ANONYMOUS) from None
    headers = [*JSON, ("Content-Profile", call.schema), *done.headers]
    return Answer(done.status, done.body, headers, call.table, _ACTS[request.method].__name__, done.items)


def _call(site: Site, request: Request) -> Call:
    parts = request.path.removeprefix(PREFIX).strip("/").split("/")
    if parts[0] in ("", "rpc"):
        raise not_spoken("functions, nor the description at the root")
    if len(parts) > 1:
        raise ApiError(404, "PGRST125", "Invalid path specified in request URL")
    if request.method in ("HEAD", "PUT", "OPTIONS"):
        raise not_spoken(f"the method {request.method}")
    if request.method not in _ACTS:
        raise ApiError(405, "PGRST117", f"Unsupported HTTP method: {request.method}")
    exposed = site.switches.schemas
    schema = request.headers.get("accept-profile" if request.method == "GET" else "content-profile", exposed[0])
    if schema not in exposed:
        raise no_schema(schema, exposed)
    prefer = frozenset(map(str.strip, request.headers.get("prefer", "").split(",")))
    call = Call(schema, parts[0], parse(request.query), prefer, _text(request.body))
    if call.shows and not call.query.select:
        raise not_spoken("return=representation without select")
    return call


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        wrong = " ".join(f"0x{byte:02x}" for byte in body[error.start : error.end])
        raise ApiError(400, "22021", f'invalid byte sequence for encoding "UTF8": {wrong}') from None


def read(site: Site, connection: Connection[Any], call: Call) -> Answer:
    """Give rows, as many as the project gives at once."""
    _types(site, connection, call, [])
    counted = "count=exact" in call.prefer
    statement = statements.read(_name(call), call.query, most=site.switches.max_rows, counted=counted)
    rows, total = _one(connection, statement)
    found, first = _count(rows), call.query.offset
    if total is not None and first > total:
        details = f"An offset of {first} was requested, but there are only {total} rows."
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", details)
    part = f"{first}-{first + found - 1}" if found else "*"
    whole = total is None or found == total
    content_range = ("Content-Range", f"{part}/{'*' if total is None else total}")
    return Answer(200 if whole else 206, rows.encode(), [content_range], items=found)


def upsert(site: Site, connection: Connection[Any], call: Call) -> Answer:
    """Insert rows, or change those that are there."""
    if "resolution=merge-duplicates" not in call.prefer or not call.query.on_conflict or not call.query.columns:
        raise not_spoken("inserts: only upserts with on_conflict, columns and Prefer: resolution=merge-duplicates")
    if not call.body.startswith("["):
        raise not_spoken("a single object: only arrays of them")
    sent = statements.Sent(call.body, _types(site, connection, call, call.query.columns))
    rows, inserted = _one(connection, statements.upsert(_name(call), call.query, sent))
    # PostgREST since 12, change 1070: 200 when every row was there.
    return _written(call, 201 if inserted else 200, rows)


def update(site: Site, connection: Connection[Any], call: Call) -> Answer:
    """Change rows."""
    try:
        columns = list(msgspec.json.decode(call.body, type=dict[str, msgspec.Raw]))
    except msgspec.DecodeError:
        raise ApiError(400, "PGRST102", "Empty or invalid json") from None
    sent = statements.Sent(call.body, _types(site, connection, call, columns))
    _require_filters(call, "UPDATE")
    rows, _ = _one(connection, statements.update(_name(call), call.query, sent))
    return _written(call, 200 if call.shows else 204, rows)


def delete(site: Site, connection: Connection[Any], call: Call) -> Answer:
    """Delete rows."""
    _types(site, connection, call, [])
    _require_filters(call, "DELETE")
    rows, _ = _one(connection, statements.delete(_name(call), call.query))
    return _written(call, 200 if call.shows else 204, rows)


_ACTS: Mapping[str, Callable[[Site, Connection[Any], Call], Answer]] = {
    "GET": read,
    "POST": upsert,
    "PATCH": update,
    "DELETE": delete,
}


def _written(call: Call, status: int, rows: str) -> Answer:
    applied = sorted(call.prefer & {"resolution=merge-duplicates", "return=minimal", "return=representation"})
    headers = [("Content-Range", "*/*"), ("Preference-Applied", ", ".join(applied))]
    return Answer(status, rows.encode() if call.shows else b"", headers, items=_count(rows))


def _types(site: Site, connection: Connection[Any], call: Call, needed: Sequence[str]) -> dict[str, str]:
    """Make sure that table and columns are known, and give the types of these columns."""
    stale = site.switches.stale_cache
    known = site.tables.find(connection, site.switches.schemas, call.schema, call.table, needed, is_stale=stale)
    return {name: known[name] for name in needed}


def _one(connection: Connection[Any], statement: sql.Composed) -> tuple[str, int | None]:
    # As bytes and without parameters, so that no per cent sign in a value is taken for a placeholder.
    return connection.execute(statement.as_bytes(connection)).fetchone() or ("[]", 0)


def _count(rows: str) -> int:
    return len(msgspec.json.decode(rows, type=list[msgspec.Raw]))


def _require_filters(call: Call, verb: str) -> None:
    # Supabase loads pg-safeupdate for the API; PostgREST answers 400 to it.
    if not call.query.filters:
        raise ApiError(400, "21000", f"{verb} requires a WHERE clause")


def _name(call: Call) -> sql.Identifier:
    return sql.Identifier(call.schema, call.table)
