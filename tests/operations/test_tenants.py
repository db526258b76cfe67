"""Tenants are made and listed by whoever runs the installation, and by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db import embedded
from db.session import open_engine
from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden, Unusable
from operations.tenants import list_tenants, make_tenant
from operations.tokens import make_token
from tests.operations.people import admin, audited, operator


def test_a_tenant_is_made_once_and_its_own_log_says_by_whom(ledger_engine: Engine) -> None:
    made = make_tenant(operator(ledger_engine), "berlin")

    assert made.name == "berlin"
    with pytest.raises(Clash, match="there is a tenant berlin already"):
        make_tenant(operator(ledger_engine), "berlin")
    assert audited(ledger_engine, "berlin") == [("operator:test", "tenant.add", "berlin", "done")]
    assert audited(ledger_engine) == []


def test_the_one_that_was_made_is_shown_also_where_the_ledger_is_a_superusers(ledger_url: str) -> None:
    engine = open_engine(ledger_url.replace(f"{embedded.OWNER}@", "postgres@"))
    assert make_tenant(operator(engine), "zurich").name == "zurich"
    engine.dispose()


@pytest.mark.parametrize("name", ["", "Berlin", "a b", "x" * 64, "nul\0", "\ud800"])
def test_a_name_that_cannot_be_used_is_refused(ledger_engine: Engine, name: str) -> None:
    with pytest.raises(Unusable) as refused:
        make_tenant(operator(ledger_engine), name)
    assert refused.value.field == "name"


def test_tenants_are_listed_by_name_page_after_page(ledger_engine: Engine) -> None:
    for name in ("zurich", "berlin"):
        make_tenant(operator(ledger_engine), name)
    first = list_tenants(operator(ledger_engine), PageRequest(limit=2))
    second = list_tenants(operator(ledger_engine), PageRequest(limit=2, cursor=first.next_cursor))

    assert [[each.name for each in page.items] for page in (first, second)] == [["berlin", "default"], ["zurich"]]
    assert second.next_cursor is None


def test_an_admin_of_one_tenant_neither_makes_nor_sees_tenants(ledger_engine: Engine) -> None:
    with pytest.raises(Forbidden, match="manage_installation"):
        make_tenant(admin(ledger_engine), "berlin")
    with pytest.raises(Forbidden, match="manage_installation"):
        list_tenants(admin(ledger_engine), PageRequest())
    assert audited(ledger_engine) == [("user:boss@example.org", "refused", "manage_installation", "refused")] * 2


def test_the_first_token_of_a_new_tenant_is_made_inside_of_it(ledger_engine: Engine) -> None:
    make_tenant(operator(ledger_engine), "berlin")
    make_token(operator(ledger_engine, "berlin"), "first", Role.ADMIN)

    assert [row[1] for row in audited(ledger_engine, "berlin")] == ["tenant.add", "token.create"]
