"""Who is not let in is told why in one sentence, by what server, pooler or the way there say."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from connectors.supabase.failures import explain
from connectors.supabase.places import place_of, read_url
from db import embedded
from domain.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from domain.keys import Kind
from domain.writes import Result
from tests.connectors.supabase.conftest import Look, carry, open_warehouse, sentence
from tests.connectors.supabase.samples import order


@pytest.fixture
def locked_url(warehouse_url: str, admin: Look) -> Iterator[str]:
    """The address of a warehouse whose server asks its owner ``locked`` for the password ``open``."""
    ((rules, before),) = admin.rows("SELECT current_setting('hba_file'), pg_read_file(current_setting('hba_file'))")
    write_rules(admin, rules, "local all locked scram-sha-256\n" + before)
    admin.run("CREATE ROLE locked LOGIN PASSWORD 'open' SUPERUSER")
    yield warehouse_url.replace(f"//{embedded.OWNER}@", "//locked:{}@")
    admin.run("DROP OWNED BY locked CASCADE", "DROP ROLE locked")
    write_rules(admin, rules, before)


def test_a_wrong_password_is_refused_and_never_told(locked_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with open_warehouse(locked_url.format("s3cret")) as connector, pytest.raises(AccessDenied) as caught:
        connector.prepare()

    assert "refuses this user with this password" in sentence(caught.value)
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(connector)

    with open_warehouse(locked_url.replace(":{}@", "@")) as connector, pytest.raises(AccessDenied, match="holds none"):
        connector.prepare()
    with open_warehouse(locked_url.format("open")) as connector:
        connector.prepare()
        assert carry(connector, order(1)) == [Result.CREATED]


def test_what_is_not_there_is_named(postgres: embedded.Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    addresses: dict[str, tuple[type[ConnectorError], str]] = {
        postgres.url("nowhere"): (Misconfigured, "the database nowhere at this machine does not exist"),
        postgres.url("postgres", "nobody"): (AccessDenied, "does not know this user"),
        f"postgresql://me:s3cret@127.0.0.1:{closed}/shop": (Unavailable, f"shop at 127.0.0.1:{closed} does not listen"),
        "postgresql://me:s3cret@/shop?host=/nowhere": (Unavailable, "does not listen"),
        "postgresql://me:s3cret@host.invalid/shop": (
            Unavailable,
            "host.invalid:5432 has a host name that leads nowhere",
        ),
    }
    for address, (kind, words) in addresses.items():
        with open_warehouse(address) as connector, pytest.raises(kind) as caught:
            connector.held(Kind.ORDER, "shop", ["1"])
        assert words in sentence(caught.value)


NO_TLS = b"N"


def fatal(state: str, message: str) -> bytes:
    """Spell the answer of a server that refuses a connection (postgresql.org/docs/current/protocol-message-formats)."""
    fields = b"".join(name + text.encode() + b"\0" for name, text in ((b"S", "FATAL"), (b"C", state), (b"M", message)))
    return b"E" + (len(fields) + 5).to_bytes(4, "big") + fields + b"\0"


@contextmanager
def door(answer: bytes) -> Iterator[int]:
    """Open a port that answers whoever knocks once and hangs up; gives the port."""

    def serve() -> None:
        visitor, _ = listener.accept()
        with visitor:
            visitor.recv(1024)
            visitor.sendall(answer)
            visitor.shutdown(socket.SHUT_WR)
            visitor.recv(1024)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("answer", "query", "kind", "words"),
    [
        (NO_TLS, "?sslmode=require", Misconfigured, "does not speak TLS: add .sslmode=disable only if"),
        (fatal("XX000", "Tenant or user not found"), "", AccessDenied, "pooler that does not know this user"),
        (fatal("XX000", "(ENOTFOUND) tenant/user me.x not found"), "", AccessDenied, "does not know this user"),
        (fatal("XX000", "(ESSLREQUIRED) SSL connection is required for user: me"), "", Misconfigured, "demands TLS"),
        (fatal("53300", "sorry, too many clients already"), "", Unavailable, "has no connection left"),
        (fatal("XX000", "(EMAXCONN) max client connections reached"), "", Unavailable, "has no connection left"),
        (fatal("57P03", "the database system is starting up"), "", Unavailable, "broke or could not be made"),
        (fatal("28000", 'no pg_hba.conf entry for host "1.2.3.4"'), "", AccessDenied, "no line for it"),
        (b"", "", Unavailable, "broke or could not be made"),
    ],
)
def test_a_server_that_turns_us_away_is_understood(
    answer: bytes, query: str, kind: type[ConnectorError], words: str
) -> None:
    default = "?sslmode=disable&gssencmode=disable"
    with (
        door(answer) as port,
        open_warehouse(f"postgresql://me:s3cret@127.0.0.1:{port}/shop{query or default}") as connector,
    ):
        with pytest.raises(kind, match=words) as caught:
            connector.prepare()
        sentence(caught.value)


def test_a_hint_is_given_where_supabase_is_known_for_it() -> None:
    def said(url: str, words: str) -> ConnectorError:
        return explain(psycopg.OperationalError(words), place_of(read_url(url)), "warehouse", "prepare")

    direct = said("postgresql://postgres:s3cret@db.abc.supabase.co/postgres", "Network is unreachable")
    pooled = said(
        "postgresql://postgres:s3cret@aws-0-eu.pooler.supabase.com:6543/postgres", "password authentication failed"
    )

    assert (type(direct), type(pooled)) == (Unavailable, AccessDenied)
    assert sentence(direct).endswith("a direct connection to Supabase needs IPv6, the session pooler does not")
    assert sentence(pooled).endswith("at the pooler the user is called postgres.<project reference>")


def write_rules(admin: Look, path: str, rules: str) -> None:
    """Replace the server's rules of admission, and wait until it goes by them."""
    ((before,),) = admin.rows("SELECT pg_conf_load_time()")
    admin.connection.execute(
        psycopg.sql.SQL("COPY (SELECT unnest(string_to_array({}, E'\\n'))) TO {}").format(rules.rstrip("\n"), path)
    )
    admin.run("SELECT pg_reload_conf()")
    while admin.rows("SELECT pg_conf_load_time() = %s", before) == [(True,)]:
        pass
