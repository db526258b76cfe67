"""Fifty tenants with the same names and ids for everything, their runs interleaved in a thousand ways."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from config.open_run import OpenRun
from connectors.supabase.connector import open_supabase
from db import embedded, ledger
from db.session import owner_session
from domain.connector import Writes
from domain.keys import Kind
from domain.problems import Fate, Problem
from domain.records import Page, Record, TaxRate
from domain.sync import Mode, RunState, SyncRequest
from mapping.posting_policy import PostingPolicy
from tasks.fetch import fetch_page
from tasks.map import map_page
from tasks.sealed import Sealed
from tasks.settle import settle_page
from tasks.write import write_plan
from tests.records import SHOP, WAREHOUSE, key_of, tax_rate

# Every line that is run here a thousand times is measured where it is run once.
pytestmark = pytest.mark.no_cover

TENANTS = [f"tenant-{number:02}" for number in range(50)]
INTERLEAVINGS = 1_000
AT_ONCE = 2
RECORDS = 3

TABLES = ("links", "problems", "runs")


class Crossed(AssertionError):
    """A tenant saw or changed what is another's."""


class Shop:
    """A source whose every record says whose it is; ids are the same in all shops."""

    connection = SHOP

    def __init__(self, tenant: str, version: int) -> None:
        self.tenant = tenant
        self.version = version

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def lists_changes(self, kind: Kind) -> bool:
        return False

    def record(self, number: int) -> Record:
        plain = tax_rate(number, f"{self.tenant}/{self.version}")
        assert isinstance(plain.body, TaxRate)
        return plain.model_copy(update={"body": plain.body.model_copy(update={"name": self.tenant})})

    def read(self, kind: Kind, *, since: datetime | None, at: str | None) -> Page:
        unreadable = Problem(code=self.tenant, message=self.tenant, fate=Fate.SKIP, key=key_of(RECORDS))
        return Page(records=tuple(map(self.record, range(RECORDS))), problems=(unreadable,))

    def read_ids(self, kind: Kind, ids: Sequence[str]) -> Page:
        return Page(records=tuple(self.record(int(key)) for key in ids))

    def sweep(self, kind: Kind) -> Mapping[str, str | None]:
        return {str(number): None for number in range(RECORDS)}


class World:
    """One ledger and one warehouse for all tenants, with the connections to them kept open between runs."""

    def __init__(
        self, engine: Engine, targets: Mapping[str, Writes], admin: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        self.engine = engine
        self.targets = targets
        self.admin = admin
        self.versions = {tenant: count() for tenant in targets}

    def flow(self, tenant: str) -> Iterator[None]:
        """A run of the tenant in the steps between which others come to work; each looks at what it sees."""
        request = SyncRequest(
            tenant=tenant, route="route", source=SHOP, target=WAREHOUSE, kinds=(Kind.TAX_RATE,), mode=Mode.FULL
        )
        shop = Shop(tenant, next(self.versions[tenant]))
        run = OpenRun(uuid4(), request, self.engine, shop, self.targets[tenant], PostingPolicy())
        with run.ledger() as session:
            ledger.open_run(session, run.id, request, tenant)
        yield
        page = fetch_page.fn(run, Kind.TAX_RATE, None, None)
        yield
        plan = map_page.fn(run, Kind.TAX_RATE, page)
        yield
        written = write_plan.fn(run, Kind.TAX_RATE, plan)
        yield
        keys = tuple(map(key_of, range(RECORDS)))
        settle_page.fn(run, Kind.TAX_RATE, Sealed(keys), plan, written)
        yield
        self.look(run, shop)
        with run.ledger() as session:
            if not ledger.close_run(session, run.id, RunState.COMPLETED):
                raise Crossed(f"another closed the run of {tenant}")

    def look(self, run: OpenRun, shop: Shop) -> None:
        """See with the eyes of the run's tenant what it wrote, and nothing else."""
        tenant = shop.tenant
        ids = [str(number) for number in range(RECORDS)]
        with run.ledger() as session:
            runs = ledger.list_runs(session, 5)
            codes = {problem.code for _, problem in ledger.list_problems(session, 5)}
            links = ledger.links_of(session, SHOP, Kind.TAX_RATE, ids, WAREHOUSE)
        held = self.targets[tenant].held(Kind.TAX_RATE, SHOP, ids)
        newest = dict.fromkeys(ids, f"{tenant}/{shop.version}")
        seen = {each.request.tenant for each in runs}, codes, {key.id: link.fingerprint for key, link in links.items()}
        if (*seen, dict(held)) != ({tenant}, {tenant}, newest, newest):
            raise Crossed(f"{tenant} saw {seen} and {held}")

    def pull_down(self, table: str) -> None:
        """Let everybody see and change every row of a table."""
        self.admin.execute(
            sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(*table.split(".")))
        )


@pytest.fixture
def world(ledger_engine: Engine, ledger_url: str) -> Iterator[World]:
    admin_url = ledger_url.replace(f"{embedded.OWNER}@", "postgres@")
    with ExitStack() as stack:
        with owner_session(ledger_engine) as session:
            for tenant in TENANTS:
                ledger.create_tenant(session, tenant)
        targets = {
            tenant: stack.enter_context(open_supabase(tenant, WAREHOUSE, {}, {"url": ledger_url})) for tenant in TENANTS
        }
        targets[TENANTS[0]].prepare()
        admin = stack.enter_context(psycopg.connect(admin_url, autocommit=True))
        yield World(ledger_engine, targets, admin)


def interleave(world: World, times: int) -> None:
    """Let a few runs of different tenants take their steps in a random order, again and again."""
    chance = random.Random(20261123)  # noqa: S311 - the same interleavings every time
    for _ in range(times):
        flows = [world.flow(tenant) for tenant in chance.sample(TENANTS, AT_ONCE)]
        while flows:
            flow = chance.choice(flows)
            try:
                next(flow)
            except StopIteration:
                flows.remove(flow)


@pytest.mark.timeout(400)
def test_a_thousand_interleavings_of_fifty_tenants_cross_nowhere(world: World) -> None:
    interleave(world, INTERLEAVINGS)

    tables = world.admin.execute(
        "SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = 'tenant'"
        " AND table_schema IN ('unisync', 'commerce')"
    ).fetchall()
    marks = {"links": "fingerprint", "problems": "code", "runs": "flow_run_id", "tax_rates": "name"}
    for schema, table in tables:
        if str(table) in marks:
            query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE split_part({}, '/', 1) = tenant) FROM {}")
            found = query.format(sql.Identifier(marks.pop(str(table))), sql.Identifier(str(schema), str(table)))
            ((rows, own),) = world.admin.execute(found).fetchall()
            assert rows == own
            assert rows
    assert not marks


def test_the_conditions_alone_keep_tenants_apart(world: World) -> None:
    for table in TABLES:
        world.pull_down(f"unisync.{table}")
    world.pull_down("commerce.tax_rates")
    interleave(world, 20)


@pytest.mark.parametrize("table", TABLES)
def test_without_either_wall_runs_cross_and_it_is_noticed(
    world: World, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.tenancy.bound", lambda statement, tenant: statement)
    world.pull_down(f"unisync.{table}")
    with pytest.raises(Crossed):
        interleave(world, 50)
