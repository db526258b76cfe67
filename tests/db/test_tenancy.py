"""The wall in the statements, with the other wall, row-level security, pulled down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, delete, exists, func, select, text, union_all, update

from db import embedded, ledger
from db.ledger import create_tenant
from db.models.runs import problems, runs
from db.models.tenants import tenants
from db.session import owner_session, tenant_session
from db.tenancy import bound
from domain.keys import System
from domain.problems import Fate, Problem
from tests.records import WAREHOUSE, key_of

RUN = UUID(int=1)


@pytest.fixture
def open_field(ledger_engine: Engine, ledger_url: str) -> Engine:
    """Two tenants with one queued problem each, and no row-level security at all."""
    with psycopg.connect(ledger_url.replace(f"{embedded.OWNER}@", "postgres@"), autocommit=True) as admin:
        for (table,) in admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'unisync'").fetchall():
            admin.execute(f"ALTER TABLE unisync.{table} DISABLE ROW LEVEL SECURITY".encode())
        admin.execute("GRANT DELETE ON unisync.problems TO unisync_app")
    with owner_session(ledger_engine) as session:
        create_tenant(session, "other")
    for tenant in ("default", "other"):
        with tenant_session(ledger_engine, tenant) as session:
            problem = Problem(code="x", message=f"of {tenant}", fate=Fate.RETRY, key=key_of(1))
            ledger.save_problems(session, RUN, WAREHOUSE, [problem])
    return ledger_engine


READS: dict[str, Any] = {
    "a table": select(problems.c.message),
    "an alias": select(problems.alias().c.message),
    "a subquery": select(select(problems.c.message).subquery().c.message),
    "a union": union_all(select(problems.c.message), select(problems.c.message)),
    "a join": select(problems.c.message).join(tenants, tenants.c.name == problems.c.tenant),
    "an existence": select(tenants.c.name).where(exists().where(problems.c.message == "of " + tenants.c.name)),
    "a scalar": select(select(func.min(problems.c.message)).scalar_subquery()),
}


@pytest.mark.parametrize("shape", READS)
def test_no_shape_of_query_reads_another_tenants_rows(open_field: Engine, shape: str) -> None:
    with tenant_session(open_field, "other") as session:
        found = {value for (value,) in session.execute(READS[shape])}
    assert found == ({"other"} if shape == "an existence" else {"of other"})


CHANGES: dict[str, Callable[[], Any]] = {
    "update": lambda: update(problems).values(message="changed"),
    "delete": lambda: delete(problems),
    "update by a subquery": lambda: (
        update(problems).values(message="changed").where(problems.c.code.in_(select(problems.c.code)))
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_reaches_another_tenants_rows(open_field: Engine, change: str) -> None:
    with tenant_session(open_field, "other") as session:
        session.execute(CHANGES[change]())
    with tenant_session(open_field, "default") as session:
        assert [problem.message for problem in ledger.open_problems(session, 10)] == ["of default"]


def test_without_both_walls_the_rows_of_all_are_seen(open_field: Engine) -> None:
    with tenant_session(open_field, "other") as session:
        assert session.scalar(text("SELECT count(*) FROM unisync.problems")) == 2


def test_an_outer_join_keeps_its_empty_rows() -> None:
    statement = select(runs.c.id).outerjoin(problems, problems.c.run_id == runs.c.id)
    condition = str(bound(statement, "a")).partition("WHERE")[2]
    assert "runs.tenant" in condition
    assert "problems.tenant" not in condition


def test_the_owner_removes_what_is_one_tenants_alone(open_field: Engine) -> None:
    for tenant in ("default", "other"):
        with tenant_session(open_field, tenant) as session:
            ledger.save_connection(session, "shop", System.WOOCOMMERCE, {"url": tenant}, b"sealed", "key")
            ledger.save_snapshot(session, "shop", "place", "{}")

    with owner_session(open_field, "other") as session:
        ledger.forget_place(session, "shop")
        ledger.remove_connection(session, "shop")

    for tenant, left in (("default", 1), ("other", 0)):
        with tenant_session(open_field, tenant) as session:
            assert len(ledger.list_connections(session)) == left
            assert bool(ledger.load_snapshot(session, "shop", "place")) is bool(left)
