"""By REST a page is many transactions: wherever it ends, the next run finds what is missing and writes it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from connectors.supabase.connector import SupabaseConnector
from domain.errors import Unavailable
from domain.records import Record
from domain.writes import Action
from simulators.faults import Cut
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.supabase.conftest import carry, look_into, open_project, open_warehouse
from tests.connectors.supabase.samples import STOCK, line, order, product


class Step(NamedTuple):
    """Something that a run does: records that it writes, or removes."""

    records: tuple[Record, ...]
    action: Action = Action.UPDATE

    def take(self, target: SupabaseConnector) -> None:
        carry(target, *self.records, action=self.action)


OLD = Step((order(1), order(2), order(3)))
NEW = Step((order(1, "2", lines=(line(12, name="other"), line(13))), order(2, "2", lines=()), order(4)))
CHANGED = Step(NEW.records[:2])
GONE = Step((order(1), order(3)), Action.REMOVE)
OLD_STOCK = Step((product(7), product(8)))
NEW_STOCK = Step((product(7, "2", stock=STOCK.model_copy(update={"status": "outofstock"})), product(8)))

# What was before, the run that is cut off, and the run after it: the same again, or one that finds all as it was.
STORIES: dict[str, tuple[tuple[Step, ...], Step, Step]] = {
    "first": ((), OLD, OLD),
    "changed": ((OLD,), NEW, NEW),
    "changed and changed back": ((OLD,), CHANGED, OLD),
    "removed": ((OLD,), GONE, GONE),
    "removed and back": ((OLD,), GONE, OLD),
    "back": ((OLD, GONE), OLD, OLD),
    "back and gone again": ((OLD, GONE), OLD, GONE),
    "stock changed and changed back": ((OLD_STOCK,), NEW_STOCK, OLD_STOCK),
}
CUTS: tuple[Cut, ...] = ("before", "after")


@pytest.mark.parametrize("name", STORIES)
def test_wherever_a_run_is_cut_off_the_next_one_leaves_what_an_undisturbed_one_leaves(
    project: PostgrestTwin, warehouse_url: str, name: str
) -> None:
    before, cut_off, after = STORIES[name]
    calls = count_calls(project, before, cut_off)
    assert calls >= 2
    moments = [(cut, nth) for cut in CUTS for nth in range(1, calls + 1)]
    for cut, nth in moments:
        with open_project(project, tenant_of(cut, nth)) as target:
            take(target, *before)
            project.faults.add(cut=cut, nth=nth)
            with pytest.raises(Unavailable):
                cut_off.take(target)
            after.take(target)
            assert project.faults.pending() == 0

    for cut, nth in moments:
        # In one transaction nothing is ever half done: the run that was cut off either was, or was not.
        possible = (before, after), (before, cut_off, after)
        assert rows_of(warehouse_url, tenant_of(cut, nth)) in [
            left_by(warehouse_url, f"undisturbed-{number}", *flat) for number, flat in enumerate(map(flatten, possible))
        ]


def test_a_record_under_way_is_held_under_no_print_so_that_it_is_written_again(project: PostgrestTwin) -> None:
    with open_project(project) as target:
        OLD.take(target)
        project.faults.add(cut="before", method="POST", path="/order_lines")
        with pytest.raises(Unavailable):
            NEW.take(target)

        assert dict(target.held(order(1).key.kind, "shop", ["1", "2", "3", "4"])) == {"1": "", "2": "", "3": "order 1"}


def test_an_order_whose_lines_stay_is_changed_by_one_call(project: PostgrestTwin) -> None:
    with open_project(project) as target:
        OLD.take(target)
        project.log.reset()
        carry(target, order(1, "2"))

        assert [(call.method, call.kind) for call in project.log.lines() if call.method != "GET"] == [
            ("POST", "orders")
        ]


def tenant_of(cut: Cut, nth: int) -> str:
    return f"{cut}-{nth}"


def flatten(steps: tuple[object, ...]) -> tuple[Step, ...]:
    before, *others = steps
    return (*before, *others)  # type: ignore[misc]


def take(target: SupabaseConnector, *steps: Step) -> None:
    for step in steps:
        step.take(target)


def count_calls(project: PostgrestTwin, before: tuple[Step, ...], step: Step) -> int:
    """Tell how many calls the step needs when nothing disturbs it."""
    with open_project(project, "counting") as target:
        take(target, *before)
        project.log.reset()
        step.take(target)
        return len(project.log.lines())


def left_by(url: str, tenant: str, *steps: Step) -> dict[str, list[Any]]:
    """Tell what these runs leave by way of Postgres itself."""
    with open_warehouse(url, tenant) as direct:
        take(direct, *steps)
    return rows_of(url, tenant)


def rows_of(url: str, tenant: str) -> dict[str, list[Any]]:
    """Give everything that a tenant has."""
    with look_into(url, tenant=tenant) as look:
        return look.contents()
