"""Access that is lost pauses what waits: nothing is read or counted, and once it is back everything goes on."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from db.ledger import save_problems
from db.session import tenant_session
from domain.access import Role
from domain.errors import AccessDenied, Misconfigured
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem
from domain.sync import Tally
from operations.caller import Caller
from operations.credentials import rotate
from operations.health import health
from operations.health_views import Condition
from operations.integrations import disable, enable
from operations.wishes import Credentials
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.flows.books import BOOKS, connect_books, post
from tests.flows.conftest import SHOP, TENANT

pytestmark = pytest.mark.prefect


@pytest.fixture
def books(installation: None) -> Iterator[QuickBooksTwin]:
    """A company in the euro zone."""
    with QuickBooksTwin.start(company="eu") as twin:
        yield twin


@pytest.fixture
def boss(ledger_engine: Engine) -> Caller:
    """The admin of the tenant."""
    return Caller(ledger_engine, TENANT, "user:boss@example.org", Role.ADMIN)


def queue(engine: Engine) -> dict[str, int]:
    """The orders that wait, with how often each was counted."""
    with tenant_session(engine, TENANT) as session:
        rows = session.execute(text("SELECT source_id, count FROM unisync.problems WHERE state = 'open'"))
        return dict(tuple(row) for row in rows)


def let_wait(engine: Engine, *numbers: str) -> None:
    """Let orders wait in the queue, as if they had failed in an earlier run."""
    keys = [RecordKey(connection=SHOP, kind=Kind.ORDER, id=number) for number in numbers]
    problems = [Problem(code="refused", message="refused", fate=Fate.RETRY, key=key) for key in keys]
    with tenant_session(engine, TENANT) as session:
        save_problems(session, uuid4(), BOOKS, problems)


def test_what_waits_keeps_its_count_while_access_is_lost_and_is_written_once_it_is_back(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine, boss: Caller
) -> None:
    connect_books(ledger_engine, books)
    post(kinds=["order"], ids=["128"])
    let_wait(ledger_engine, "130", "132")
    books.world.disconnect()

    with pytest.raises(AccessDenied, match="connect it anew"):
        post(mode="full", kinds=["order"])
    shop.log.reset()
    for mode in ("full", "incremental"):
        with pytest.raises(AccessDenied, match="connect it anew"):
            post(mode=mode, kinds=["order"])

    assert shop.log.lines() == [], "nothing is read for books that let nobody in"
    assert queue(ledger_engine) == {"130": 1, "132": 1}
    found = health(boss, BOOKS)
    assert (found.condition, found.queue_size) == (Condition.RECONNECT, 2)

    rotate(boss, BOOKS, Credentials.model_validate({"refresh_token": books.tokens()["refresh_token"]}))
    tally = post(mode="full", kinds=["order"]).tallies[Kind.ORDER]
    assert tally == Tally(read=321, created=101, unchanged=1, skipped=218, failed=1)
    assert not queue(ledger_engine).keys() & {"130", "132"}
    assert health(boss, BOOKS).condition is Condition.WELL


def test_a_connection_that_is_switched_off_keeps_runs_out_until_it_is_on_again(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine, boss: Caller
) -> None:
    connect_books(ledger_engine, books)
    let_wait(ledger_engine, "128")
    disable(boss, BOOKS)
    shop.log.reset()
    with pytest.raises(Misconfigured, match="switched off; switch it on with: unisync connections enable books"):
        post(kinds=["order"], ids=["128"])
    assert (shop.log.lines(), queue(ledger_engine)) == ([], {"128": 1})

    enable(boss, BOOKS)
    post(kinds=["order"], ids=["128"])
    assert queue(ledger_engine) == {}
