"""One page through the house: map, write, settle; and many pages, spread over as many flow runs as Prefect can bear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil

from prefect import flow

from config.open_run import OpenRun
from domain.errors import FatalError
from domain.keys import Kind, RecordKey
from domain.records import Page
from domain.writes import Plan
from flows.progress import announce
from flows.route import Route
from mapping.plan import unique_records
from mapping.tally import tally_plan
from tasks.fetch import fetch_page
from tasks.sealed import Sealed
from tasks.settle import settle_page
from tasks.write import write_plan

# Four task runs for each part of a page that is planned and written at once. Prefect records task runs from a bounded
# queue that drops what comes in too long a burst; below about 300 per flow run nothing was ever lost.
PAGES_PER_FLOW_RUN = 60

Seen = dict[str, str | None]
"""Version of every record read so far, by id."""

UNREADABLE = "unreadable"
"""What stands for the version of a record that could not be read; reading it again at once would not help."""


def carry_pages(run: OpenRun, route: Route, kind: Kind, since: datetime | None) -> Seen:
    """Carry everything of a kind, or what changed since; long walks go on in child flow runs."""
    seen: Seen = {}
    at = carry_some_pages(run, route, kind, since, None, seen, most=max(1, PAGES_PER_FLOW_RUN - run.pages))
    while at is not None:
        at = walk_on(Sealed(run), Sealed(route), kind, since, at, Sealed(seen))
    return seen


@flow(name="walk-on", flow_run_name="{kind} from {at}", validate_parameters=False, persist_result=False)
def walk_on(
    run: Sealed[OpenRun], route: Sealed[Route], kind: Kind, since: datetime | None, at: str, seen: Sealed[Seen]
) -> str | None:
    """Carry on with a walk that has filled its flow run; gives the cursor where this part stopped."""
    return carry_some_pages(run.content, route.content, kind, since, at, seen.content, most=PAGES_PER_FLOW_RUN)


def carry_some_pages(
    run: OpenRun, route: Route, kind: Kind, since: datetime | None, at: str | None, seen: Seen, most: int
) -> str | None:
    """Carry up to ``most`` parts of pages from the cursor on, reading each page while the one before is written."""
    coming = fetch_page.submit(run, kind, since, at)
    while True:
        page = coming.result().take()
        most -= max(1, ceil(len(page.records) / route.records_at_once))
        more = page.next is not None and most > 0
        if more:
            coming = fetch_page.submit(run, kind, since, page.next)
        seen.update((record.key.id, record.version) for record in page.records)
        seen.update((problem.key.id, UNREADABLE) for problem in page.problems)
        carry_page(run, route, kind, page)
        if not more:
            return page.next


def carry_page(run: OpenRun, route: Route, kind: Kind, page: Page) -> None:
    """Take one page to the target and into the ledger; in a dry run, only find out what would happen."""
    run.expect(kind, page.expected)
    for part in parts_of(page, route.records_at_once):
        keys = tuple(record.key for record in part.records)
        carry_plan(run, kind, keys, route.map_page(run, kind, Sealed(part)).take())


def parts_of(page: Page, records: int) -> Iterator[Page]:
    """Cut a page into parts of so many records, each record once; what could not be read goes with the first."""
    unique = tuple(unique_records(page))
    yield Page(records=unique[:records], problems=page.problems)
    for start in range(records, len(unique), records):
        yield Page(records=unique[start : start + records])


def carry_gone(run: OpenRun, route: Route, kind: Kind, gone: Sequence[RecordKey]) -> None:
    """Do with records that the source no longer has what the route does with them."""
    carry_plan(run, kind, tuple(gone), route.plan_gone(gone, target=run.request.target))


def carry_plan(run: OpenRun, kind: Kind, keys: tuple[RecordKey, ...], plan: Plan) -> None:
    """Write and settle what was planned for these records, and count them.

    Raises:
        FatalError: a record was read and is nowhere accounted for.
    """
    run.pages += 1
    if run.request.dry_run:
        tally = tally_plan(frozenset(keys), plan)
    else:
        parcel = Sealed(plan)
        written = write_plan(run, kind, parcel) if plan.writes else None
        tally = settle_page(run, kind, Sealed(keys), parcel, written)
    if not tally.is_balanced:
        raise FatalError(f"{kind}: {tally.read} records were read, but their outcomes do not add up: {tally}")
    run.count(kind, tally)
    announce(run, kind)
