"""The people of a tenant: added, changed, removed, by who may."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden, Unknown, Unusable
from operations.caller import Caller
from operations.sessions import log_in
from operations.users import (
    User,
    add_user,
    change_role,
    disable_user,
    enable_user,
    find_user,
    list_users,
    remove_user,
    set_password,
    user_of_email,
)
from tests.operations.people import EMAIL, PASSWORD, admin, audited, in_database, make_tenants, operator


@pytest.fixture
def engine(ledger_engine: Engine) -> Engine:
    make_tenants(ledger_engine, "berlin")
    return ledger_engine


def add(caller: Caller, email: str = EMAIL, role: Role = Role.ADMIN, password: str | None = PASSWORD) -> User:
    return add_user(caller, email, role, password=password)


def test_who_is_added_can_log_in_and_is_listed(engine: Engine) -> None:
    added = add_user(admin(engine), " Ann@Example.ORG ", Role.BOOKKEEPER, name="Ann", password=PASSWORD)

    assert (added.email, added.name, added.role) == (EMAIL, "Ann", Role.BOOKKEEPER)
    assert (added.runs_installation, added.disabled_at) == (False, None)
    assert list_users(admin(engine), PageRequest()).items == (added,)
    assert find_user(admin(engine), added.id) == user_of_email(admin(engine), "ANN@example.org") == added
    assert log_in(engine, EMAIL, PASSWORD).signed_in.role is Role.BOOKKEEPER
    assert audited(engine)[0] == ("user:boss@example.org", "user.add", EMAIL, "done")


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("no address", PASSWORD, "email"),
        ("a@b@c", PASSWORD, "email"),
        ("nul\0@example.org", PASSWORD, "email"),
        ("jürgen@example.org", PASSWORD, "email"),
        (f"{'x' * 65}@example.org", PASSWORD, "email"),
        ("", PASSWORD, "email"),
        (EMAIL, "too short", "password"),
        (EMAIL, None, "password"),
    ],
)
def test_what_cannot_be_used_is_named_and_nobody_is_added(
    engine: Engine, email: str, password: str | None, field: str
) -> None:
    with pytest.raises(Unusable) as refused:
        add(admin(engine), email, password=password)
    assert refused.value.field == field
    assert in_database(engine, "SELECT count(*) FROM unisync.users") == [(0,)]


def test_nobody_is_added_twice(engine: Engine) -> None:
    add(admin(engine))
    with pytest.raises(Clash, match="works for tenant default already"):
        add(admin(engine), EMAIL.upper(), Role.VIEWER)
    assert list_users(admin(engine), PageRequest()).items[0].role is Role.ADMIN


def test_somebody_added_twice_at_once_has_one_account(engine: Engine) -> None:
    def attempt(number: int) -> str:
        try:
            add(admin(engine), EMAIL, Role.VIEWER, f"{PASSWORD} {number}")
        except Clash:
            return "clash"
        return "added"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["added", "clash", "clash", "clash"]


CHANGES: tuple[Callable[[Caller, UUID], object], ...] = (
    lambda caller, user_id: find_user(caller, user_id),
    lambda caller, user_id: change_role(caller, user_id, Role.VIEWER),
    lambda caller, user_id: remove_user(caller, user_id),
    lambda caller, user_id: set_password(caller, user_id, "another password"),
    lambda caller, user_id: disable_user(caller, user_id),
    lambda caller, user_id: enable_user(caller, user_id),
)


def test_somebody_of_another_tenant_is_as_unknown_as_nobody(engine: Engine) -> None:
    theirs = add(admin(engine, "berlin"))
    for user_id in (theirs.id, uuid4()):
        for change in CHANGES:
            with pytest.raises(Unknown, match="nobody of tenant default has this id"):
                change(operator(engine), user_id)

    with pytest.raises(Unknown, match="nobody of tenant default has the address"):
        user_of_email(operator(engine), EMAIL)
    assert list_users(operator(engine), PageRequest()).items == ()
    assert find_user(admin(engine, "berlin"), theirs.id) == theirs


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.BOOKKEEPER, Role.VIEWER])
def test_only_who_manages_access_sees_or_changes_people(engine: Engine, role: Role) -> None:
    ann = add(admin(engine))
    caller = Caller(engine, "default", "user:eve@example.org", role)
    asked: tuple[Callable[[], object], ...] = (
        lambda: add(caller, "more@example.org"),
        lambda: list_users(caller, PageRequest()),
        lambda: user_of_email(caller, EMAIL),
        *(partial(change, caller, ann.id) for change in CHANGES),
    )
    for ask in asked:
        with pytest.raises(Forbidden, match="manage_access"):
            ask()

    assert audited(engine)[1:] == [("user:eve@example.org", "refused", "manage_access", "refused")] * 9
    assert list_users(admin(engine), PageRequest()).items == (ann,)


def test_every_change_is_in_the_audit_log(engine: Engine) -> None:
    add(admin(engine), "zoe@example.org")
    ann = add(admin(engine)).id
    change_role(admin(engine), ann, Role.VIEWER)
    set_password(admin(engine), ann, "another password")
    disable_user(admin(engine), ann)
    enable_user(admin(engine), ann)
    remove_user(admin(engine), ann)

    actions = ["user.add", "user.role", "user.password", "user.disable", "user.enable", "user.remove"]
    assert audited(engine)[1:] == [("user:boss@example.org", action, EMAIL, "done") for action in actions]
    assert in_database(engine, "SELECT details FROM unisync.audit_log WHERE action = 'user.role'") == [
        ({"before": "admin", "role": "viewer"},)
    ]


def test_people_are_listed_by_address_page_after_page(engine: Engine) -> None:
    emails = [f"{name}@example.org" for name in ("dee", "ann", "cem", "bob")]
    for email in emails:
        add(admin(engine), email, Role.VIEWER)
    seen: list[str] = []
    cursor = None
    for _ in range(2):
        page = list_users(admin(engine), PageRequest(limit=2, cursor=cursor))
        seen += [each.email for each in page.items]
        cursor = page.next_cursor

    assert (seen, cursor) == (sorted(emails), None)
