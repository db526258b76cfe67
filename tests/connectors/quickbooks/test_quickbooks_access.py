"""Tokens: renewed once for all processes, remembered before use, and what happens when access is lost."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from connectors.quickbooks.connector import open_quickbooks
from db.ledger import load_connection
from db.models.tenants import ConnectionState
from db.session import tenant_session
from domain.errors import AccessDenied, Misconfigured, RateLimited, Unavailable
from domain.writes import Result
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.dying import RENEWED, WRITES
from tests.connectors.quickbooks.samples import BOOKS, customer, invoice, item, plan

TOKEN_PAGE = "/tokens/bearer"


def renewals(office: Office) -> int:
    return len(office.twin.log.lines(action="refresh_token"))


def state(office: Office) -> ConnectionState:
    with tenant_session(office.engine, office.tenant) as session:
        stored = load_connection(session, BOOKS)
    assert stored is not None
    return stored.state


def test_two_processes_that_find_the_token_expired_renew_it_once(office: Office) -> None:
    office.twin.world.expire_access()
    # So slow that the second one asks while the first one still waits for the answer.
    office.twin.faults.add(path=TOKEN_PAGE, delay=0.5, count=0)
    processes = [office.spawn("check") for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    names = [process.communicate(timeout=30)[0] for process in processes]

    assert names == ["Twin eu\n"] * 2
    assert renewals(office) == 1


def test_an_expired_token_is_renewed_and_the_call_made_again(office: Office) -> None:
    office.twin.world.expire_access()

    assert office.open().check().place == "Twin eu"
    assert office.calls() == ["CompanyInfo read", "oauth refresh_token", "CompanyInfo read"]


def test_a_token_is_renewed_before_it_runs_out(office: Office) -> None:
    office.connect(access_expires_at=(datetime.now(UTC) + timedelta(minutes=1)).isoformat())

    office.open().check()

    assert office.calls() == ["oauth refresh_token", "CompanyInfo read"]


def test_a_refresh_token_alone_is_enough_to_begin(office: Office) -> None:
    office.connect(access_token="", access_expires_at="")

    assert office.open().check().place == "Twin eu"
    assert office.calls() == ["oauth refresh_token", "CompanyInfo read"]


def test_the_new_pair_is_there_for_those_who_come_later(office: Office) -> None:
    former = office.memory.credentials()
    office.twin.world.expire_access()
    office.open().check()

    stored = office.memory.credentials()
    office.open().check()

    assert renewals(office) == 1
    assert stored["refresh_token"] != former["refresh_token"]
    assert datetime.fromisoformat(stored["access_expires_at"]) > datetime.now(UTC) + timedelta(minutes=50)


def test_a_connector_that_opened_before_finds_the_pair_that_another_one_renewed(office: Office) -> None:
    early, other = office.open(), office.open()
    early.check()
    office.twin.world.expire_access()
    other.check()

    early.check()

    assert renewals(office) == 1


def test_a_batch_refused_for_its_token_is_sent_again_and_done_once(office: Office) -> None:
    books = office.open()
    books.company()
    office.twin.world.expire_access()

    outcomes = books.write(plan(customer(), item(), invoice(1)))

    assert [outcome.result for outcome in outcomes] == [Result.CREATED] * 3
    assert (office.counted("Customer"), office.counted("Invoice"), renewals(office)) == (1, 1, 1)


def test_a_process_killed_between_the_new_pair_and_its_keeping_costs_a_reconnect_and_nothing_else(
    office: Office,
) -> None:
    office.twin.world.expire_access()
    process = office.spawn(RENEWED)
    process.communicate("go\n", timeout=30)
    assert process.returncode == -signal.SIGKILL

    with pytest.raises(AccessDenied, match="connect it anew"):
        office.open().write(plan(*WRITES))

    assert state(office) is ConnectionState.RECONNECT
    assert office.writes() == 0
    assert office.memory.open_batches() == []
    asked = len(office.calls())
    with pytest.raises(AccessDenied, match="connect it anew"):
        office.open().write(plan(*WRITES))
    assert len(office.calls()) == asked

    office.connect()
    outcomes = office.open().write(plan(*WRITES))

    assert state(office) is ConnectionState.READY
    assert {outcome.problem for outcome in outcomes} == {None}
    assert (office.counted("Invoice"), office.counted("Payment")) == (2, 1)


def test_an_answer_of_the_token_page_that_was_cut_off_costs_a_reconnect(office: Office) -> None:
    office.twin.world.expire_access()
    office.twin.faults.add(path=TOKEN_PAGE, cut="after")

    with pytest.raises(AccessDenied, match="connect it anew"):
        office.open().check()

    assert state(office) is ConnectionState.RECONNECT


def test_access_withdrawn_during_a_run_keeps_what_was_in_doubt_for_after_the_reconnect(office: Office) -> None:
    office.open().write(plan(customer(), item()))
    office.twin.faults.add(path="/batch", cut="after")
    with pytest.raises(Unavailable):
        office.open().write(plan(invoice(1)))
    office.twin.world.disconnect()
    with pytest.raises(AccessDenied):
        office.open().write(plan(invoice(1)))
    assert len(office.memory.open_batches()) == 1

    office.connect()
    (outcome,) = office.open().write(plan(invoice(1)))

    assert outcome.result is Result.CREATED
    assert office.counted("Invoice") == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, "busy", Unavailable),
        (200, "<html></html>", Unavailable),
        (429, "slow down", RateLimited),
        (401, '{"error":"invalid_client"}', Misconfigured),
    ],
)
def test_a_token_page_out_of_order_does_not_cost_the_connection(
    office: Office, status: int, body: str, error: type[Exception]
) -> None:
    office.twin.world.expire_access()
    office.twin.faults.add(path=TOKEN_PAGE, count=0, status=status, body=body)

    with pytest.raises(error, match="renewing access"):
        office.open().check()

    assert state(office) is ConnectionState.READY
    office.twin.faults.clear()
    assert office.open().check().place == "Twin eu"


@pytest.mark.parametrize("answer", ["3100", "100"])
def test_a_token_of_another_company_is_refused_by_name(office: Office, answer: str) -> None:
    office.twin.switches.wrong_realm = answer  # type: ignore[assignment]
    settings = {**office.settings, "realm_id": "123"}
    books = open_quickbooks(office.tenant, BOOKS, settings, office.memory.credentials(), memory=office.memory)

    with books, pytest.raises(AccessDenied, match=r"company|token"):
        books.check()


def test_a_refused_call_says_by_which_id_support_finds_it(office: Office) -> None:
    office.twin.world.disconnect()
    office.connect()
    settings = {**office.settings, "realm_id": "123"}
    books = open_quickbooks(office.tenant, BOOKS, settings, office.memory.credentials(), memory=office.memory)

    with books, pytest.raises(AccessDenied) as refused:
        books.check()

    assert refused.value.request_id is not None
    assert refused.value.request_id.startswith("1-")
