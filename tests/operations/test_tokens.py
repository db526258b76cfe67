"""API tokens: shown once, kept as hashes, never more than their maker may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden, Refusal, Unauthenticated, Unknown, Unusable
from operations.access import caller_of_token
from operations.caller import Caller
from operations.tokens import find_token, list_tokens, make_token, revoke_token, token_of_name
from tests.operations.people import admin, audited, in_database, make_tenants, operator, tables_holding


def test_a_token_lets_its_bearer_in_with_its_role_and_no_more(ledger_engine: Engine) -> None:
    made = make_token(admin(ledger_engine), "nightly export", Role.VIEWER)
    caller = caller_of_token(ledger_engine, made.secret, address="192.0.2.7", request_id="r1")

    assert (caller.tenant, caller.actor, caller.role) == ("default", "token:nightly export", Role.VIEWER)
    assert (caller.runs_installation, caller.address, caller.request_id) == (False, "192.0.2.7", "r1")


def test_a_token_is_made_of_256_random_bits_shown_once_and_kept_nowhere(ledger_engine: Engine) -> None:
    made, other = (make_token(admin(ledger_engine), name, Role.VIEWER) for name in ("one", "other"))

    assert made.secret.startswith("unisync_")
    assert len(made.secret) == len("unisync_") + 43
    assert made.secret != other.secret
    assert made.secret not in repr(made)
    assert [tables_holding(ledger_engine, text) for text in (made.secret, made.secret.removeprefix("unisync_"))] == [
        [],
        [],
    ]
    shown = [*list_tokens(admin(ledger_engine), PageRequest()).items, find_token(admin(ledger_engine), made.id)]
    assert not any(made.secret in each.model_dump_json() for each in shown)


@pytest.mark.parametrize("change", ["revoked_at = now()", "expires_at = now()"])
def test_a_token_that_counts_no_more_lets_nobody_in_and_the_tenant_learns_of_it(
    ledger_engine: Engine, change: str
) -> None:
    made = make_token(admin(ledger_engine), "old", Role.ADMIN)
    in_database(ledger_engine, f"UPDATE unisync.tokens SET {change}")

    with pytest.raises(Unauthenticated, match="was revoked" if "revoked" in change else "has expired"):
        caller_of_token(ledger_engine, made.secret, address="192.0.2.7")
    assert audited(ledger_engine)[-1] == ("token:old", "token.use", "old", "refused")


@pytest.mark.parametrize("secret", ["", "unisync_", "unisync_" + "x" * 43, "\ud800", "a\0b"])
def test_a_secret_that_was_never_given_lets_nobody_in(ledger_engine: Engine, secret: str) -> None:
    make_token(admin(ledger_engine), "some", Role.ADMIN)
    with pytest.raises(Unauthenticated, match="nobody has this token"):
        caller_of_token(ledger_engine, secret)


def test_a_revoked_token_ends_at_once_and_its_name_is_free_again(ledger_engine: Engine) -> None:
    first = make_token(admin(ledger_engine), "export", Role.VIEWER)
    with pytest.raises(Clash, match="'export'"):
        make_token(admin(ledger_engine), "export", Role.VIEWER)

    revoked = revoke_token(admin(ledger_engine), first.id)
    assert revoked.revoked_at is not None
    assert revoke_token(admin(ledger_engine), first.id).revoked_at == revoked.revoked_at
    second = make_token(admin(ledger_engine), "export", Role.VIEWER)
    assert token_of_name(admin(ledger_engine), "export").id == second.id
    with pytest.raises(Unauthenticated):
        caller_of_token(ledger_engine, first.secret)


def test_it_is_remembered_when_a_token_was_last_used_but_not_with_every_call(ledger_engine: Engine) -> None:
    made = make_token(admin(ledger_engine), "busy", Role.VIEWER)
    assert find_token(admin(ledger_engine), made.id).last_used_at is None
    caller_of_token(ledger_engine, made.secret)
    first = find_token(admin(ledger_engine), made.id).last_used_at
    caller_of_token(ledger_engine, made.secret)

    assert first is not None
    assert find_token(admin(ledger_engine), made.id).last_used_at == first
    in_database(ledger_engine, "UPDATE unisync.tokens SET last_used_at = last_used_at - interval '2 minutes'")
    caller_of_token(ledger_engine, made.secret)
    used = find_token(admin(ledger_engine), made.id).last_used_at
    assert used is not None
    assert used > first


def test_a_token_may_expire(ledger_engine: Engine) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    made = make_token(admin(ledger_engine), "until tomorrow", Role.VIEWER, expires_at=tomorrow)

    assert find_token(admin(ledger_engine), made.id).expires_at == tomorrow
    assert caller_of_token(ledger_engine, made.secret).role is Role.VIEWER


@pytest.mark.parametrize(
    "expires_at",
    [
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2099, 1, 1),  # noqa: DTZ001
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-23))),
    ],
)
def test_a_time_that_has_passed_or_is_no_moment_of_ours_is_refused(ledger_engine: Engine, expires_at: datetime) -> None:
    with pytest.raises(Unusable) as refused:
        make_token(admin(ledger_engine), "late", Role.VIEWER, expires_at=expires_at)
    assert refused.value.field == "expires_at"


@pytest.mark.parametrize("name", ["", "x" * 201, "two\nlines", "nul\0", "\ud800"])
def test_a_name_that_is_no_line_is_refused(ledger_engine: Engine, name: str) -> None:
    with pytest.raises(Unusable) as refused:
        make_token(admin(ledger_engine), name, Role.VIEWER)
    assert refused.value.field == "name"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.BOOKKEEPER, Role.VIEWER])
def test_only_who_manages_access_makes_sees_or_revokes_tokens(ledger_engine: Engine, role: Role) -> None:
    made = make_token(admin(ledger_engine), "some", Role.VIEWER)
    caller = Caller(ledger_engine, "default", "user:eve@example.org", role)

    for act in (
        lambda: make_token(caller, "mine", Role.VIEWER),
        lambda: list_tokens(caller, PageRequest()),
        lambda: find_token(caller, made.id),
        lambda: token_of_name(caller, "some"),
        lambda: revoke_token(caller, made.id),
    ):
        with pytest.raises(Forbidden):
            act()
    assert audited(ledger_engine)[1:] == [("user:eve@example.org", "refused", "manage_access", "refused")] * 5
    assert find_token(admin(ledger_engine), made.id).revoked_at is None


def test_only_who_runs_the_installation_makes_tokens_that_do(ledger_engine: Engine) -> None:
    with pytest.raises(Forbidden):
        make_token(admin(ledger_engine), "too much", Role.VIEWER, runs_installation=True)
    assert list_tokens(admin(ledger_engine), PageRequest()).items == ()

    made = make_token(operator(ledger_engine), "metrics", Role.VIEWER, runs_installation=True)
    assert caller_of_token(ledger_engine, made.secret).runs_installation


def test_another_tenants_tokens_are_as_unknown_as_none(ledger_engine: Engine) -> None:
    make_tenants(ledger_engine, "berlin")
    theirs = make_token(admin(ledger_engine, "berlin"), "export", Role.ADMIN)

    assert list_tokens(admin(ledger_engine), PageRequest()).items == ()
    for token_id in (theirs.id, uuid4()):
        for act in (find_token, revoke_token):
            with pytest.raises(Unknown, match="tenant default has no token with this id"):
                act(admin(ledger_engine), token_id)
    assert caller_of_token(ledger_engine, theirs.secret).tenant == "berlin"


def test_tokens_are_listed_by_name_page_after_page(ledger_engine: Engine) -> None:
    for name in ("b", "c", "a", "Zoë"):
        make_token(admin(ledger_engine), name, Role.VIEWER)
    whole = [each.name for each in list_tokens(admin(ledger_engine), PageRequest()).items]
    names: list[str] = []
    cursor = None
    while True:
        page = list_tokens(admin(ledger_engine), PageRequest(limit=1, cursor=cursor))
        names += [each.name for each in page.items]
        if (cursor := page.next_cursor) is None:
            break

    assert names == whole
    assert sorted(names) == ["Zoë", "a", "b", "c"]


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhIl0", "WyJhIiwgMV0"])
def test_a_cursor_of_another_list_is_refused(ledger_engine: Engine, cursor: str) -> None:
    with pytest.raises(Refusal, match="cursor"):
        list_tokens(admin(ledger_engine), PageRequest(cursor=cursor))
