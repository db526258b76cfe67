"""One admin always remains, and nobody gets hold of somebody else by way of another tenant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Engine

from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden
from operations.caller import Caller
from operations.sessions import log_in
from operations.users import (
    User,
    add_user,
    change_role,
    disable_user,
    enable_user,
    has_account,
    list_users,
    remove_user,
    set_password,
    user_of_email,
)
from tests.operations.people import EMAIL, PASSWORD, admin, audited, make_tenants, operator


@pytest.fixture
def engine(ledger_engine: Engine) -> Engine:
    make_tenants(ledger_engine, "berlin")
    return ledger_engine


def add(caller: Caller, email: str = EMAIL, role: Role = Role.ADMIN, password: str | None = PASSWORD) -> User:
    return add_user(caller, email, role, password=password)


def test_the_installations_operator_adds_somebody_to_a_second_tenant_and_their_password_stays(engine: Engine) -> None:
    add(admin(engine))
    assert has_account(operator(engine, "berlin"), EMAIL)
    with pytest.raises(Clash, match="leave the password out"):
        add(operator(engine, "berlin"), EMAIL, Role.VIEWER, "another password")
    added = add(operator(engine, "berlin"), EMAIL, Role.VIEWER, None)

    assert added.id == user_of_email(admin(engine), EMAIL).id
    assert [each.tenant for each in log_in(engine, EMAIL, PASSWORD).signed_in.tenants] == ["berlin", "default"]


def test_another_tenants_admin_gets_no_hold_of_somebodys_account(engine: Engine) -> None:
    ann = add(admin(engine)).id
    add(admin(engine), "zoe@example.org")
    intruder = admin(engine, "berlin")
    for password in (None, "chosen by the intruder"):
        with pytest.raises(Forbidden, match="whoever runs the installation"):
            add(intruder, EMAIL, Role.VIEWER, password)
    assert audited(engine, "berlin") == [("user:boss@example.org", "user.add", EMAIL, "refused")] * 2

    add(operator(engine, "berlin"), EMAIL, Role.VIEWER, None)
    for act in (
        lambda: set_password(intruder, ann, "chosen by the intruder"),
        lambda: disable_user(intruder, ann),
        lambda: enable_user(intruder, ann),
    ):
        with pytest.raises(Forbidden):
            act()
    assert log_in(engine, EMAIL, PASSWORD).signed_in.email == EMAIL


def test_a_tenants_admin_gets_no_hold_of_who_runs_the_installation(engine: Engine) -> None:
    root = add_user(operator(engine), EMAIL, Role.VIEWER, password=PASSWORD, runs_installation=True)
    for act in (
        lambda: set_password(admin(engine), root.id, "chosen by the intruder"),
        lambda: disable_user(admin(engine), root.id),
        lambda: add_user(admin(engine), "eve@example.org", Role.ADMIN, password=PASSWORD, runs_installation=True),
        lambda: has_account(admin(engine), EMAIL),
    ):
        with pytest.raises(Forbidden):
            act()

    assert log_in(engine, EMAIL, PASSWORD).signed_in.runs_installation
    assert not has_account(operator(engine), "eve@example.org")


def test_who_left_their_last_tenant_begins_anew_where_they_are_added(engine: Engine) -> None:
    add(admin(engine), "zoe@example.org")
    old = add_user(operator(engine), EMAIL, Role.ADMIN, name="Ann", password=PASSWORD, runs_installation=True)
    disable_user(operator(engine), old.id)
    remove_user(admin(engine), old.id)
    assert not has_account(operator(engine), EMAIL)
    new = add_user(admin(engine, "berlin"), EMAIL, Role.VIEWER, name="Anna", password="an entirely new one")

    assert (new.id, new.name, new.runs_installation, new.disabled_at) == (old.id, "Anna", False, None)
    assert log_in(engine, EMAIL, "an entirely new one").signed_in.tenant == "berlin"


def test_the_last_admin_can_neither_be_removed_nor_demoted_nor_disabled(engine: Engine) -> None:
    ann, bob = add(admin(engine)).id, add(admin(engine), "bob@example.org").id
    disable_user(admin(engine), bob)
    for act in (
        lambda: remove_user(admin(engine), ann),
        lambda: change_role(admin(engine), ann, Role.OPERATOR),
        lambda: disable_user(admin(engine), ann),
    ):
        with pytest.raises(Clash, match="last admin of tenant default"):
            act()

    assert change_role(admin(engine), ann, Role.ADMIN).role is Role.ADMIN
    enable_user(admin(engine), bob)
    assert change_role(admin(engine), ann, Role.OPERATOR).role is Role.OPERATOR
    remove_user(admin(engine), ann)
    assert [each.email for each in list_users(admin(engine), PageRequest()).items] == ["bob@example.org"]


def test_the_last_admin_of_another_tenant_cannot_be_disabled_either(engine: Engine) -> None:
    ann = add(operator(engine)).id
    add(operator(engine), "bob@example.org")
    add(operator(engine, "berlin"), EMAIL, Role.ADMIN, None)

    with pytest.raises(Clash, match="last admin of tenant berlin"):
        disable_user(operator(engine), ann)


def test_two_admins_who_demote_each_other_at_once_do_not_leave_nobody(engine: Engine) -> None:
    def demoted(user_id: UUID) -> bool:
        try:
            change_role(admin(engine), user_id, Role.VIEWER)
        except Clash:
            return False
        return True

    ids = [add(admin(engine), f"{name}@example.org").id for name in ("ann", "bob")]
    for _ in range(4):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(demoted, ids)) == [False, True]
        for user_id in ids:
            change_role(admin(engine), user_id, Role.ADMIN)
