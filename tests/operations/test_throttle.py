"""Whoever guesses passwords waits longer and longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from db.ledger.login_attempts import Failures
from domain.access import Role
from domain.refusals import TooMany, Unauthenticated
from operations.sessions import log_in
from operations.throttle import FROM_ADDRESS, OF_ACCOUNT, pause_after
from operations.users import add_user
from tests.operations.people import EMAIL, PASSWORD, audited, in_database, operator, tables_holding

HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


def fail(engine: Engine, email: str = EMAIL, address: str = HOME) -> None:
    with pytest.raises(Unauthenticated):
        log_in(engine, email, "wrong" * 3, address=address)


def test_after_five_wrong_passwords_even_the_right_one_must_wait(ledger_engine: Engine) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    for _ in range(OF_ACCOUNT):
        fail(ledger_engine)

    with pytest.raises(TooMany) as refused:
        log_in(ledger_engine, EMAIL, PASSWORD, address=ELSEWHERE)
    assert 20 < refused.value.retry_after <= 30


def test_an_account_that_does_not_exist_is_throttled_alike(ledger_engine: Engine) -> None:
    for _ in range(OF_ACCOUNT):
        fail(ledger_engine, "nobody@example.org")

    with pytest.raises(TooMany, match="too many wrong passwords"):
        log_in(ledger_engine, "Nobody@Example.org ", PASSWORD, address=ELSEWHERE)


def test_who_waited_may_try_again_and_waits_longer_after_the_next_failure(ledger_engine: Engine) -> None:
    for _ in range(OF_ACCOUNT):
        fail(ledger_engine)
    in_database(ledger_engine, "UPDATE unisync.login_attempts SET at = at - interval '31 seconds'")
    fail(ledger_engine)

    with pytest.raises(TooMany) as refused:
        log_in(ledger_engine, EMAIL, PASSWORD)
    assert 50 < refused.value.retry_after <= 60


def test_failures_are_forgiven_after_a_quarter_of_an_hour(ledger_engine: Engine) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    for _ in range(OF_ACCOUNT):
        fail(ledger_engine)
    in_database(ledger_engine, "UPDATE unisync.login_attempts SET at = at - interval '16 minutes'")

    assert log_in(ledger_engine, EMAIL, PASSWORD).signed_in.email == EMAIL
    assert in_database(ledger_engine, "SELECT count(*) FROM unisync.login_attempts") == [(1,)]


def test_the_right_password_makes_up_for_the_wrong_ones_before(ledger_engine: Engine) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    for _ in range(3):
        for _ in range(OF_ACCOUNT - 1):
            fail(ledger_engine)
        log_in(ledger_engine, EMAIL, PASSWORD, address=HOME)


def test_an_address_that_tries_many_accounts_must_wait_and_one_right_password_changes_nothing(
    ledger_engine: Engine,
) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    for number in range(FROM_ADDRESS):
        fail(ledger_engine, f"user{number}@example.org", "2001:db8:1:2::1")
        if number == FROM_ADDRESS // 2:
            log_in(ledger_engine, EMAIL, PASSWORD, address="2001:db8:1:2::1")

    with pytest.raises(TooMany):
        log_in(ledger_engine, EMAIL, PASSWORD, address="2001:db8:1:2:ffff::9")
    assert log_in(ledger_engine, EMAIL, PASSWORD, address="2001:db8:1:3::1").signed_in.email == EMAIL


def throttled(engine: Engine, email: str = EMAIL, address: str = HOME) -> None:
    with pytest.raises(TooMany):
        log_in(engine, email, PASSWORD, address=address)


def told(engine: Engine) -> list[str]:
    return [subject for _, action, subject, outcome in audited(engine) if (action, outcome) == (
        "session.throttle", "refused"
    )]  # fmt: skip


def test_who_has_to_wait_is_in_the_audit_log_once_until_an_attempt_is_let_through(ledger_engine: Engine) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    for _ in range(OF_ACCOUNT):
        fail(ledger_engine)
    assert told(ledger_engine) == []
    for address in (HOME, ELSEWHERE, HOME):
        throttled(ledger_engine, address=address)
    assert told(ledger_engine) == [EMAIL]

    in_database(ledger_engine, "UPDATE unisync.login_attempts SET at = at - interval '31 seconds'")
    fail(ledger_engine)
    for _ in range(3):
        throttled(ledger_engine)
    assert told(ledger_engine) == [EMAIL, EMAIL]


def test_an_address_that_has_to_wait_is_in_the_audit_log_once_whichever_account_it_tries(
    ledger_engine: Engine,
) -> None:
    for email in (EMAIL, "bob@example.org"):
        add_user(operator(ledger_engine), email, Role.ADMIN, password=PASSWORD)
    for number in range(FROM_ADDRESS):
        fail(ledger_engine, f"user{number}@example.org")
    for email in (EMAIL, "bob@example.org", EMAIL):
        throttled(ledger_engine, email)
    assert told(ledger_engine) == [EMAIL]

    for _ in range(OF_ACCOUNT):
        fail(ledger_engine, address=ELSEWHERE)
    throttled(ledger_engine)
    assert told(ledger_engine) == [EMAIL, EMAIL], "an account has to wait for itself"


def test_guesses_made_at_once_are_counted_one_by_one(ledger_engine: Engine) -> None:
    def guess(number: int) -> str:
        try:
            log_in(ledger_engine, EMAIL, f"wrong-password-{number}", address=f"192.0.2.{number}")
        except (Unauthenticated, TooMany) as refused:
            return type(refused).__name__
        return "came in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(guess, range(16)))

    assert outcomes == ["TooMany"] * (16 - OF_ACCOUNT) + ["Unauthenticated"] * OF_ACCOUNT


@pytest.mark.parametrize(
    ("number", "seconds_since", "pause"),
    [
        (4, 0.0, 0.0),
        (5, 0.0, 30.0),
        (6, 0.0, 60.0),
        (9, 0.0, 480.0),
        (10, 0.0, 900.0),
        (99, 0.0, 900.0),
        (6, 61.0, 0.0),
    ],
)
def test_the_pause_doubles_up_to_a_quarter_of_an_hour(number: int, seconds_since: float, pause: float) -> None:
    assert pause_after(Failures(number, seconds_since), OF_ACCOUNT) == pause


def test_what_was_typed_is_kept_nowhere(ledger_engine: Engine) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    fail(ledger_engine, "my-own-password-in-the-wrong-field")
    fail(ledger_engine)

    assert tables_holding(ledger_engine, "my-own-password-in-the-wrong-field") == []
    assert tables_holding(ledger_engine, "wrongwrongwrong") == []


def test_a_failed_log_in_is_in_the_audit_log_of_every_tenant_of_the_person(ledger_engine: Engine) -> None:
    add_user(operator(ledger_engine), EMAIL, Role.ADMIN, password=PASSWORD)
    fail(ledger_engine)
    fail(ledger_engine, "nobody@example.org")

    assert audited(ledger_engine)[1:] == [("unknown", "session.log_in", EMAIL, "refused")]
