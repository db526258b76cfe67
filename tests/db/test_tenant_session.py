"""How we talk to the ledger, and what we say when it does not answer."""

from __future__ import annotations

import socket
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from db import embedded
from db.ledger import create_tenant, tenant_exists
from db.session import open_engine, owner_session, tenant_session, watch_session
from domain.errors import Misconfigured, Unavailable

PASSWORD = "hunter2-secret"


def refusal(url: str, kind: type[Exception]) -> str:
    engine = open_engine(url)
    with pytest.raises(kind) as caught, tenant_session(engine, "default"):
        pass
    engine.dispose()
    # Nothing that a traceback would print may hold the password either.
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_transaction_is_kept_when_it_ends_well_and_forgotten_when_it_fails(ledger_engine: Engine) -> None:
    note = text("INSERT INTO unisync.watermarks (source_connection, target_connection, kind) VALUES (:name, 'b', 'c')")
    with tenant_session(ledger_engine, "default") as session:
        session.execute(note, {"name": "kept"})
    with suppress(ZeroDivisionError), tenant_session(ledger_engine, "default") as session:
        session.execute(note, {"name": "forgotten"})
        raise ZeroDivisionError

    with tenant_session(ledger_engine, "default") as session:
        assert session.scalars(text("SELECT source_connection FROM unisync.watermarks")).all() == ["kept"]


def test_the_session_works_as_the_application_for_its_tenant_within_limits_of_time(ledger_engine: Engine) -> None:
    question = "SELECT current_user, current_setting('unisync.tenant'), current_setting('statement_timeout')"
    with tenant_session(ledger_engine, "default") as session:
        assert tuple(session.execute(text(question)).one()) == ("unisync_app", "default", "1min")
    with watch_session(ledger_engine) as session:
        assert tuple(session.execute(text(question)).one()) == ("unisync_watch", "", "1min")


def test_a_tenant_is_made_once_and_known_to_itself_only(ledger_engine: Engine) -> None:
    for _ in range(2):
        with owner_session(ledger_engine) as session:
            create_tenant(session, "berlin")

    with tenant_session(ledger_engine, "berlin") as session:
        assert tenant_exists(session, "berlin")
        assert not tenant_exists(session, "default")
        assert not tenant_exists(session, "paris")


def test_nothing_is_prepared_on_the_server_so_that_poolers_work(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        for number in range(20):
            session.execute(text("SELECT :number"), {"number": number})
        assert session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0


def test_a_database_that_is_not_there_is_named(postgres: embedded.Server) -> None:
    assert refusal(postgres.url("nowhere"), Misconfigured) == (
        f"the database 'nowhere' on {postgres.socket_folder} refuses us: database \"nowhere\" does not exist"
    )


def test_a_user_that_is_refused_is_named(postgres: embedded.Server) -> None:
    message = refusal(postgres.url("postgres", f"nobody:{PASSWORD}"), Misconfigured)

    assert message.endswith('refuses us: role "nobody" does not exist')
    assert PASSWORD not in message


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert refusal(f"postgresql://unisync:{PASSWORD}@127.0.0.1:{port}/shop", Unavailable) == (
        "the database 'shop' on 127.0.0.1 cannot be reached: is it running, and is the address right?"
    )


def test_a_database_that_was_never_migrated_says_what_to_run(database: str) -> None:
    engine = open_engine(database)
    with pytest.raises(Misconfigured, match=r"run: unisync db upgrade$"), tenant_session(engine, "default") as session:
        tenant_exists(session, "default")
    engine.dispose()


def test_a_connection_that_breaks_off_may_be_tried_again(postgres: embedded.Server, ledger_engine: Engine) -> None:
    def break_off() -> None:
        with tenant_session(ledger_engine, "default") as session, psycopg.connect(postgres.admin_url) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [session.scalar(text("SELECT pg_backend_pid()"))])
            session.execute(text("SELECT pg_sleep(10)"))

    with pytest.raises(Unavailable, match="broke off or took too long"):
        break_off()
    with tenant_session(ledger_engine, "default") as session:
        assert tenant_exists(session, "default")


def test_a_statement_that_takes_too_long_may_be_tried_again(ledger_engine: Engine) -> None:
    def dawdle() -> None:
        with tenant_session(ledger_engine, "default") as session:
            session.execute(text("SELECT set_config('statement_timeout', '1ms', true)"))
            session.execute(text("SELECT pg_sleep(10)"))

    with pytest.raises(Unavailable, match="broke off or took too long"):
        dawdle()


def test_a_fault_of_our_own_is_not_explained_away_and_shows_no_values(ledger_engine: Engine) -> None:
    with pytest.raises(IntegrityError) as caught, tenant_session(ledger_engine, "default") as session:
        session.execute(
            text("INSERT INTO unisync.leases (target_connection, token) VALUES (:name, NULL)"), {"name": "private"}
        )
    assert "SQL parameters hidden" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "",
        f"mysql://user:{PASSWORD}@host/name",
        f"postgresql+asyncpg://user:{PASSWORD}@host/name",
        f"postgresql://user:pass@{PASSWORD}@host/name",
        f"postgresql://user:pa/{PASSWORD}@host:port/name",
    ],
)
def test_an_address_that_cannot_work_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Misconfigured, match="address") as caught:
        open_engine(url)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_both_ways_to_write_the_address_work_and_the_engine_hides_the_password(scheme: str) -> None:
    engine = open_engine(f"{scheme}://user:{PASSWORD}@host:5432/name?sslmode=require")

    assert engine.url.drivername == "postgresql+psycopg"
    assert PASSWORD not in repr(engine)
