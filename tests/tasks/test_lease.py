"""Who writes to a target, for how long, and what becomes of a run that lost its turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Condition
from threading import enumerate as enumerate_threads
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, event, text

from config.open_run import OpenRun
from connectors.quickbooks.connector import open_quickbooks
from connectors.supabase.connector import open_supabase
from connectors.woocommerce.connector import open_woocommerce
from db.connection_memory import ConnectionMemory
from db.ledger import acquire_lease, holds_lease
from db.session import tenant_session
from db.vault import Vault, new_key
from domain.errors import ConnectorError, Rejected, Unavailable
from domain.keys import Kind
from domain.sync import Mode, SyncRequest
from mapping.posting_policy import PostingPolicy
from tasks import lease
from tasks.lease import leased, take_lease
from tasks.settle import claim_settling
from tasks.write import Written
from tests.records import SHOP, WAREHOUSE

REQUEST = SyncRequest(
    tenant="default",
    route="woocommerce_to_supabase",
    source=SHOP,
    target=WAREHOUSE,
    kinds=(Kind.TAX_RATE,),
    mode=Mode.FULL,
)
COMPANY = {"realm_id": "9341450000000001", "client_id": "client"}
TOKENS = {"client_secret": "one", "access_token": "two", "refresh_token": "three"}
KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}


class Ledger:
    """A ledger that tells when a lease was renewed, and runs that share it."""

    def __init__(self, engine: Engine, ends: ExitStack) -> None:
        self.engine = engine
        self.ends = ends
        self.renewals = 0
        self.renewed = Condition()

    def run(self) -> OpenRun:
        """A run with both its connectors open; neither is asked anything."""
        shop = self.ends.enter_context(open_woocommerce("default", SHOP, {"url": "https://shop.example"}, KEYS))
        url = "postgresql://postgres@127.0.0.1:1/none"
        warehouse = self.ends.enter_context(open_supabase("default", WAREHOUSE, {}, {"url": url}))
        return OpenRun(uuid4(), REQUEST, self.engine, shop, warehouse, PostingPolicy())

    def take_over(self) -> int | None:
        """Have the lease lapse and another run take it."""
        with tenant_session(self.engine, "default") as session:
            session.execute(text("UPDATE unisync.leases SET expires_at = clock_timestamp()"))
            return acquire_lease(session, WAREHOUSE, "another run", 300)

    def is_free(self) -> bool:
        """Whether another run could write now."""
        with tenant_session(self.engine, "default") as session:
            return acquire_lease(session, WAREHOUSE, "one more run", 300) is not None

    def holds(self, token: int) -> bool:
        with tenant_session(self.engine, "default") as session:
            return holds_lease(session, WAREHOUSE, token)

    def rest(self) -> float:
        """For how many seconds the lease still lasts."""
        with tenant_session(self.engine, "default") as session:
            question = "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM unisync.leases"
            return float(session.scalar(text(question)))

    def note(self, connection: Connection, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE") and "leases" in statement:
            connection.info["renews"] = True

    def note_commit(self, connection: Connection) -> None:
        if connection.info.pop("renews", False):
            with self.renewed:
                self.renewals += 1
                self.renewed.notify_all()

    def await_renewal(self) -> None:
        """Until the keeper looked at the lease once more."""
        with self.renewed:
            before = self.renewals
            assert self.renewed.wait_for(lambda: self.renewals > before, timeout=30)


def await_keeper() -> None:
    """Until the keeper of the lease has stopped by itself."""
    for thread in enumerate_threads():
        if thread.name == "lease-keeper":
            thread.join(timeout=30)
            assert not thread.is_alive()


@pytest.fixture
def ledger(ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.01)
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.01)
    with ExitStack() as ends:
        ledger = Ledger(ledger_engine, ends)
        event.listen(ledger_engine, "after_cursor_execute", ledger.note)
        event.listen(ledger_engine, "commit", ledger.note_commit)
        yield ledger


def test_the_lease_is_renewed_for_as_long_as_the_block_lasts(ledger: Ledger) -> None:
    with leased(ledger.run()) as token:
        with tenant_session(ledger.engine, "default") as session:
            session.execute(text("UPDATE unisync.leases SET expires_at = clock_timestamp()"))
        ledger.await_renewal()
        ledger.await_renewal()
        assert ledger.rest() > lease.LEASE_SECONDS / 2
        assert not ledger.is_free()

    # Until it is settled nobody else writes.
    assert ledger.holds(token)
    assert not ledger.is_free()


def test_a_block_that_fails_gives_the_lease_back_at_once(ledger: Ledger) -> None:
    with pytest.raises(Rejected, match="no"), leased(ledger.run()):
        raise Rejected("no")

    assert ledger.is_free()


def test_a_block_whose_lease_was_taken_over_fails_and_leaves_it_to_its_new_holder(ledger: Ledger) -> None:
    run = ledger.run()
    with ExitStack() as block:
        block.enter_context(pytest.raises(Unavailable, match="another run took over meanwhile"))
        block.enter_context(leased(run))
        theirs = ledger.take_over()
        await_keeper()

    assert theirs is not None
    assert ledger.holds(theirs)
    assert not ledger.is_free()


def test_a_run_waits_for_its_turn_and_gives_up_after_a_while(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "PATIENCE_SECONDS", 0.05)
    take_lease(ledger.run())

    with pytest.raises(Unavailable, match="another run keeps writing to it"):
        take_lease(ledger.run())


def test_books_are_fenced_with_the_token_of_the_lease(ledger: Ledger) -> None:
    memory = ConnectionMemory(ledger.engine, "default", WAREHOUSE, Vault(SecretStr(new_key())))
    run = ledger.run()
    run.target = ledger.ends.enter_context(open_quickbooks("default", WAREHOUSE, COMPANY, TOKENS, memory=memory))

    with leased(run):
        memory.mark_sent("request-1")

    ledger.take_over()
    with pytest.raises(Unavailable, match="the lease was lost"):
        memory.mark_sent("request-1")


def test_what_was_written_under_a_lost_lease_is_not_settled(ledger: Ledger) -> None:
    run = ledger.run()
    written = Written((), take_lease(run), 0.0)
    theirs = ledger.take_over()

    with pytest.raises(ConnectorError, match="the lease was lost while writing"), run.ledger() as session:
        claim_settling(session, run, written)

    assert theirs is not None
    assert ledger.holds(theirs)


def test_settling_gives_the_lease_back(ledger: Ledger) -> None:
    run = ledger.run()
    written = Written((), take_lease(run), 0.0)

    with run.ledger() as session:
        claim_settling(session, run, written)

    assert ledger.is_free()
