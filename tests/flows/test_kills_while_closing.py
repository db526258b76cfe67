"""A process killed at any step of a run: its end is told once, by itself or by the hook that its worker runs for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Crashed
from sqlalchemy import Engine

from config.settings import CHECKOUT
from domain.keys import Kind, System
from flows.hooks import close_crashed
from flows.woocommerce_to_supabase import woocommerce_to_supabase
from operations.connecting import Candidate, connect
from operations.outbox import flush_outbox
from simulators.woocommerce.server import Twin
from tests.flows.conftest import SHOP
from tests.flows.dying import ENDED, KILLED
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import make_tenants
from tests.operations.telling import Story, posted
from tests.unmeasured import unmeasured

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

CLOSING = "UPDATE unisync.runs SET state"
FAILED, CRASHED, AWAY = [("sync_failed", "opened")], [("sync_crashed", "opened")], [("connection_failed", "opened")]
RESOLVED = ("recovered", "resolved")


def people(engine: Engine, receiver: HttpReceiver, name: str, count: int) -> list[Story]:
    """Tenants of a name that no other test uses, each with somebody who wants to know everything."""
    tenants = [f"{name}-{number:02}" for number in range(count)]
    make_tenants(engine, *tenants)
    stories = [Story(engine, tenant) for tenant in tenants]
    for story in stories:
        story.subscribe(receiver)
    return stories


def die(stories: Sequence[Story], since: str, **parameters: Any) -> list[str]:
    """Run a flow for the first tenant killed at the first step, for the second at the second one, and so on.

    Every killed process is tidied up after as a worker does it, from another process; it may do so twice.
    """
    runs = json.dumps([{"tenant": story.tenant, **parameters} for story in stories])
    command = [sys.executable, "-m", "tests.flows.dying", runs, since]
    done = subprocess.run(command, cwd=CHECKOUT, env=unmeasured(), stdout=subprocess.PIPE, timeout=200, check=True)
    ended = list(json.loads(done.stdout))
    with get_client(sync_client=True) as client:
        known = {run.parameters["tenant"]: run for run in client.read_flow_runs() if "tenant" in run.parameters}
    for story in stories[: ended.count(KILLED)]:
        for _ in range(2):
            close_crashed(woocommerce_to_supabase, known[story.tenant], Crashed(message="exited with status -9"))
            flush_outbox(story.engine)
    flush_outbox(stories[0].engine)
    return ended


def told_by_tenant(receiver: HttpReceiver, stories: Sequence[Story]) -> list[list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {story.tenant: [] for story in stories}
    for notice in posted(receiver):
        found[notice["tenant"]].append((notice["event"], notice["stage"]))
    return list(found.values())


def test_a_run_that_fails_is_told_once_wherever_its_process_is_killed(
    installation: None, ledger_engine: Engine, receiver: HttpReceiver
) -> None:
    stories = people(ledger_engine, receiver, "fails", 16)

    # From its beginning, because a run may die before it has a row. Nothing is connected, so it fails.
    ended = die(stories, since="", mode="full")

    killed = len(stories) - 1
    assert ended == [KILLED] * killed + [ENDED]
    found = told_by_tenant(receiver, stories)
    closed = found.index(FAILED)
    assert found == [CRASHED] * closed + [FAILED] * (len(found) - closed)
    assert killed - closed == 3, "right after the commit, before the hook and after it"


def test_a_run_that_goes_through_ends_what_was_wrong_once_wherever_its_process_is_killed(
    installation: None, shop: Twin, ledger_engine: Engine, receiver: HttpReceiver
) -> None:
    stories = people(ledger_engine, receiver, "goes-through", 7)
    same: dict[str, Any] = {"kinds": (Kind.TAX_RATE,), "schedule": None}
    secrets = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    for story in stories:
        connect(story.caller, Candidate(SHOP, System.WOOCOMMERCE, {"url": shop.url}, secrets))
        story.runs(**same)

    ended = die(stories, since=CLOSING, mode="full", kinds=["tax_rate"])
    for story in stories:
        story.succeeds(**same)
    flush_outbox(ledger_engine)

    assert ended == [KILLED] * len(stories)
    died, went_through = [*AWAY, *CRASHED, RESOLVED, RESOLVED], [*AWAY, RESOLVED]
    found = told_by_tenant(receiver, stories)
    closed = found.index(went_through)
    assert found == [died] * closed + [went_through] * (len(found) - closed)
    assert closed >= 4, "before each statement that closes and tells, and before the commit"
    stages = [(notice["thread"], notice["stage"]) for notice in posted(receiver)]
    assert len(set(stages)) == len(stages)
