"""One page through the house: map, write, settle; and many pages, spread over as many flow runs as Prefect can bear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil

from prefect import flow

from config.open_run import OpenRun
from db.ledger import is_unwanted
from domain.errors import Cancelled, FatalError
from domain.keys import Kind, RecordKey
from domain.records import Page
from domain.writes import Plan
from flows.progress import announce
from flows.route import Route
from mapping.plan import unique_records
from mapping.tally import tally_plan
from tasks.fetch import fetch_page
from tasks.planning import bind_plan, keep_plan
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
    if run.request.filters:
        page = page.model_copy(update={"records": tuple(filter(run.request.filters.admits, page.records))})
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
        Cancelled: somebody asked the run to end.
    """
    run.pages += 1
    parcel = Sealed(plan)
    if run.request.dry_run:
        tally = tally_plan(frozenset(keys), plan)
        keep_plan(run, kind, parcel, tally)
    else:
        if run.bound_to is not None and plan.writes:
            parcel = bind_plan(run, kind, Sealed(keys), parcel)
        written = write_plan(run, kind, parcel) if parcel.content.writes else None
        tally = settle_page(run, kind, Sealed(keys), parcel, written)
    require_wanted(run)
    if not tally.is_balanced:
        raise FatalError(f"{kind}: {tally.read} records were read, but their outcomes do not add up: {tally}")
    run.count(kind, tally)
    announce(run, kind)


def require_wanted(run: OpenRun) -> None:
    """Make sure that nobody asked the run to end.

    Raises:
        Cancelled: somebody did.
    """
    with run.ledger() as session:
        unwanted = is_unwanted(session, run.id)
    if unwanted:
        raise Cancelled("it was cancelled; what it had carried by then stays")
