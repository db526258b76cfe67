"""People log in, work in one of their tenants, and are logged out again."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from domain.access import PERMISSIONS, Role
from domain.refusals import Forbidden, Unauthenticated, Unknown, Unusable
from operations import passwords
from operations.access import caller_of_session, csrf_of, require_csrf
from operations.sessions import (
    Membership,
    change_password,
    describe_session,
    log_in,
    log_out,
    log_out_everywhere,
    switch_tenant,
)
from tests.operations.people import (
    EMAIL,
    PASSWORD,
    audited,
    in_database,
    is_open,
    tables_holding,
)

WRONG = "the e-mail address or the password is wrong"


def test_who_logs_in_is_told_who_they_are_and_recognised_from_then_on(agency: Engine) -> None:
    session = log_in(agency, " Ann@Example.org", PASSWORD, tenant="default", address="192.0.2.7", request_id="r1")

    told = session.signed_in
    assert (told.email, told.name, told.tenant, told.role) == (EMAIL, "Ann", "default", Role.OPERATOR)
    assert set(told.permissions) == PERMISSIONS[Role.OPERATOR]
    assert told.tenants == (
        Membership(tenant="berlin", role=Role.VIEWER),
        Membership(tenant="default", role=Role.OPERATOR),
    )
    assert describe_session(agency, session.secret) == told
    caller = caller_of_session(agency, session.secret, address="192.0.2.7", request_id="r2")
    assert (caller.tenant, caller.actor, caller.role) == ("default", f"user:{EMAIL}", Role.OPERATOR)
    assert (caller.runs_installation, caller.address, caller.request_id) == (False, "192.0.2.7", "r2")


def test_without_a_tenant_named_the_first_of_theirs_is_taken(agency: Engine) -> None:
    assert log_in(agency, EMAIL, PASSWORD).signed_in.tenant == "berlin"


@pytest.mark.parametrize(
    ("email", "password", "tenant"),
    [
        (EMAIL, "not the password", None),
        ("nobody@example.org", PASSWORD, None),
        (EMAIL, PASSWORD, "mars"),
        (EMAIL, PASSWORD, "no such\0tenant"),
        ("", "", None),
        ("ann\0@example.org", PASSWORD, None),
        ("\ud800", "\ud800", None),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    agency: Engine, email: str, password: str, tenant: str | None
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        log_in(agency, email, password, tenant=tenant)
    assert str(refused.value) == WRONG


def test_neither_password_nor_session_lies_in_the_database_nor_in_what_is_printed(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD)

    assert [tables_holding(agency, secret) for secret in (PASSWORD, session.secret, session.signed_in.csrf)] == [
        [],
        [],
        [],
    ]
    assert session.secret not in repr(session)


def test_the_csrf_token_belongs_to_one_session(agency: Engine) -> None:
    mine, yours = (log_in(agency, EMAIL, PASSWORD, tenant="default") for _ in range(2))
    caller = caller_of_session(agency, mine.secret)

    require_csrf(caller, mine.secret, csrf_of(mine.secret))
    for given in (yours.signed_in.csrf, "", mine.secret, "\ud800é"):
        with pytest.raises(Forbidden, match="CSRF"):
            require_csrf(caller, mine.secret, given)
    assert audited(agency)[-1][0::3] == (f"user:{EMAIL}", "refused")


def test_who_logs_out_is_out_in_this_session_only(agency: Engine) -> None:
    one, other = (log_in(agency, EMAIL, PASSWORD) for _ in range(2))
    log_out(caller_of_session(agency, one.secret), one.secret)

    assert (is_open(agency, one), is_open(agency, other)) == (False, True)


def test_who_logs_out_everywhere_is_out_everywhere_and_nobody_else_is(agency: Engine) -> None:
    mine = [log_in(agency, EMAIL, PASSWORD, tenant=tenant) for tenant in ("default", "berlin")]
    bobs = log_in(agency, "bob@example.org", "another good password")

    assert log_out_everywhere(caller_of_session(agency, mine[0].secret), mine[0].secret) == 2
    assert [is_open(agency, session) for session in (*mine, bobs)] == [False, False, True]


def test_switching_tenants_gives_the_session_a_new_secret_and_no_longer_life(agency: Engine) -> None:
    before = log_in(agency, EMAIL, PASSWORD, tenant="default")
    in_database(agency, "UPDATE unisync.sessions SET expires_at = expires_at - interval '1 day'")
    expires_at = describe_session(agency, before.secret).expires_at
    after = switch_tenant(caller_of_session(agency, before.secret), before.secret, "berlin")

    assert (is_open(agency, before), is_open(agency, after)) == (False, True)
    assert after.signed_in.csrf != before.signed_in.csrf
    assert (after.signed_in.tenant, after.signed_in.role) == ("berlin", Role.VIEWER)
    assert after.signed_in.expires_at == expires_at
    assert audited(agency, "berlin")[-1] == (f"user:{EMAIL}", "session.switch", "berlin", "done")


@pytest.mark.parametrize("tenant", ["mars", "nowhere", "a\0b"])
def test_nobody_switches_to_a_tenant_they_do_not_work_for(agency: Engine, tenant: str) -> None:
    session = log_in(agency, EMAIL, PASSWORD)

    with pytest.raises(Unknown):
        switch_tenant(caller_of_session(agency, session.secret), session.secret, tenant)
    assert is_open(agency, session)


def test_who_changes_their_password_goes_on_in_a_new_session_and_all_others_end(agency: Engine) -> None:
    old, elsewhere = (log_in(agency, EMAIL, PASSWORD, tenant=tenant) for tenant in ("default", "berlin"))
    new = change_password(caller_of_session(agency, old.secret), old.secret, PASSWORD, "a better one by far")

    assert [is_open(agency, session) for session in (old, elsewhere, new)] == [False, False, True]
    assert is_open(agency, log_in(agency, EMAIL, "a better one by far"))
    with pytest.raises(Unauthenticated):
        log_in(agency, EMAIL, PASSWORD)
    for tenant in ("default", "berlin"):
        assert (f"user:{EMAIL}", "user.password", EMAIL, "done") in audited(agency, tenant)


@pytest.mark.parametrize(("current", "new", "field"), [("wrong" * 3, "x" * 12, "current"), (PASSWORD, "short", "new")])
def test_a_password_that_cannot_be_changed_stays(agency: Engine, current: str, new: str, field: str) -> None:
    session = log_in(agency, EMAIL, PASSWORD)

    with pytest.raises(Unusable) as refused:
        change_password(caller_of_session(agency, session.secret), session.secret, current, new)
    assert refused.value.field == field
    assert is_open(agency, session)
    assert is_open(agency, log_in(agency, EMAIL, PASSWORD))


def test_a_hash_of_another_cost_is_renewed_at_the_next_log_in(agency: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    session = log_in(agency, EMAIL, PASSWORD)

    ((kept,),) = in_database(agency, f"SELECT password_hash FROM unisync.users WHERE email = '{EMAIL}'")
    assert "m=16,t=2,p=1" in kept
    assert is_open(agency, session)
    assert is_open(agency, log_in(agency, EMAIL, PASSWORD))


def test_nobody_is_recognised_by_a_secret_that_was_never_given(agency: Engine) -> None:
    session = log_in(agency, EMAIL, PASSWORD)
    for secret in ("", "x", session.secret + "x", session.signed_in.csrf, "\ud800"):
        with pytest.raises(Unauthenticated):
            caller_of_session(agency, secret)
