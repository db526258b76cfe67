"""A session ends: when idle, when old, and with whatever it rested on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from domain.access import Permission, Role
from domain.refusals import Unauthenticated
from operations.access import caller_of_session
from operations.sessions import (
    change_password,
    log_in,
    log_out,
    log_out_everywhere,
    switch_tenant,
)
from operations.users import add_user, change_role, disable_user, enable_user, remove_user, set_password, user_of_email
from tests.operations.people import (
    EMAIL,
    PASSWORD,
    in_database,
    is_open,
    operator,
)

WRONG = "the e-mail address or the password is wrong"


@pytest.mark.parametrize(
    ("passes", "survives"),
    [
        ("last_seen_at = last_seen_at - interval '11 hours 59 minutes'", True),
        ("last_seen_at = last_seen_at - interval '12 hours 1 minute'", False),
        ("expires_at = expires_at - interval '6 days 23 hours'", True),
        ("expires_at = expires_at - interval '7 days 1 minute'", False),
    ],
)
def test_a_session_ends_when_idle_for_12_hours_or_after_7_days(agency: Engine, passes: str, survives: bool) -> None:
    session = log_in(agency, EMAIL, PASSWORD)
    in_database(agency, f"UPDATE unisync.sessions SET {passes}")

    assert is_open(agency, session) is survives


def test_a_session_in_use_does_not_grow_idle(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD)
    for _ in range(2):
        in_database(agency, "UPDATE unisync.sessions SET last_seen_at = last_seen_at - interval '11 hours'")
        assert is_open(agency, session)


def test_sessions_that_are_over_are_removed_when_somebody_logs_in(agency: Engine) -> None:
    log_in(agency, EMAIL, PASSWORD)
    in_database(agency, "UPDATE unisync.sessions SET expires_at = now()")
    log_in(agency, EMAIL, PASSWORD)

    assert in_database(agency, "SELECT count(*) FROM unisync.sessions") == [(1,)]


def test_who_is_disabled_is_out_at_once_and_stays_out_until_enabled(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD)
    ann = user_of_email(operator(agency), EMAIL).id
    disable_user(operator(agency), ann)
    assert not is_open(agency, session)
    with pytest.raises(Unauthenticated, match=WRONG):
        log_in(agency, EMAIL, PASSWORD)

    enable_user(operator(agency), ann)
    assert not is_open(agency, session)
    assert is_open(agency, log_in(agency, EMAIL, PASSWORD))


def test_who_is_removed_from_a_tenant_is_out_of_it_for_good_and_still_in_the_others(agency: Engine) -> None:
    here, there = (log_in(agency, EMAIL, PASSWORD, tenant=tenant) for tenant in ("default", "berlin"))
    remove_user(operator(agency), user_of_email(operator(agency), EMAIL).id)
    assert (is_open(agency, here), is_open(agency, there)) == (False, True)

    add_user(operator(agency), EMAIL, Role.VIEWER)
    assert not is_open(agency, here)


def test_a_new_role_counts_from_the_next_call_on(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD, tenant="default")
    change_role(operator(agency), user_of_email(operator(agency), EMAIL).id, Role.VIEWER)

    assert not caller_of_session(agency, session.secret).may(Permission.RUN_SYNC)


def test_a_password_that_somebody_else_set_ends_all_sessions(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD)
    set_password(operator(agency), user_of_email(operator(agency), EMAIL).id, "given by the operator")

    assert not is_open(agency, session)
    assert is_open(agency, log_in(agency, EMAIL, "given by the operator"))


def test_a_session_that_ended_meanwhile_can_do_nothing_more(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD)
    caller = replace(caller_of_session(agency, session.secret))
    log_out(caller, session.secret)

    for act in (
        lambda: switch_tenant(caller, session.secret, "default"),
        lambda: log_out_everywhere(caller, session.secret),
        lambda: change_password(caller, session.secret, PASSWORD, "a better one by far"),
    ):
        with pytest.raises(Unauthenticated):
            act()
