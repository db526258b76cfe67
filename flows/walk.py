"""The walk every route shares: one kind after the other, then what moved or vanished while it was read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from config.open_run import OpenRun
from db.ledger import (
    forget_skips,
    has_open_intents,
    live_ids,
    move_watermark,
    note_tried,
    open_problem_ids,
    outdated_skips,
    resolve_problems,
    told_problem_ids,
    watermark,
)
from domain.errors import FatalError, Misconfigured
from domain.keys import UNNAMED, Kind, RecordKey
from domain.problems import Fate, Problem
from domain.records import Page
from domain.sync import Mode
from flows.losses import note_losses
from flows.pages import UNREADABLE, Seen, carry_gone, carry_page, carry_pages
from flows.route import Route
from tasks.fetch import fetch_ids, sweep_ids
from tasks.sealed import Sealed
from tasks.settle import settle_found
from tasks.write import finish_open_intents

# Subtracted from the watermark: a shop's clock, its database and its caches may disagree by minutes.
OVERLAP = timedelta(minutes=5)
IDS_PER_PAGE = 1000
QUEUED_PER_RUN = 500

# More records gone than this, in number and in share, is more likely a sick source than a tidy shop owner.
PLAUSIBLY_GONE = 20
PLAUSIBLY_GONE_SHARE = 0.1

NOT_SEEN = "not seen"


def walk(run: OpenRun, route: Route) -> None:
    """Carry every kind of the request from its source to its target.

    Raises:
        ConnectorError: the run cannot go on; what was carried so far stays, and the next run repairs the rest.
    """
    beginnings = {kind: beginning(run, kind) for kind in run.request.kinds}
    if not run.request.ids:
        # Whoever names records hears from the first of them whether the source lets us in.
        run.source.clock()
    if not run.request.dry_run:
        run.target.prepare()
        finish_what_is_in_doubt(run)
    for kind, since in beginnings.items():
        began = time.monotonic()
        if run.request.ids:
            walk_ids(run, route, kind)
        else:
            walk_kind(run, route, kind, since)
        run.durations[kind] = time.monotonic() - began


def finish_what_is_in_doubt(run: OpenRun) -> None:
    """Find out what became of writes that were sent and never answered; mostly there are none, and nothing is done."""
    with run.ledger() as session:
        in_doubt = has_open_intents(session, run.request.target)
    if in_doubt:
        settle_found(run, finish_open_intents(run))


def beginning(run: OpenRun, kind: Kind) -> datetime | None:
    """Tell since when changes are wanted; None asks for everything.

    Raises:
        Misconfigured: an incremental run without a complete one before it; the beginning is never guessed.
    """
    request = run.request
    if request.ids or not run.source.lists_changes(kind):
        return None
    if request.mode is Mode.FULL:
        # What did not change since cannot fulfil the filter, so it need not be read.
        changed_from = request.filters.changed_from
        return changed_from - OVERLAP if changed_from else None
    if request.since:
        return request.since
    with run.ledger() as session:
        since = watermark(session, request.source, request.target, kind)
    if since is None:
        raise Misconfigured(
            f"no complete run of {kind} from {request.source} to {request.target} is known, so there is nothing to "
            "begin at: run it once with mode full"
        )
    return since


def walk_kind(run: OpenRun, route: Route, kind: Kind, since: datetime | None) -> None:
    """Walk one kind to its end and, when nothing was left out, move its watermark."""
    began = run.source.clock()
    seen = carry_pages(run, route, kind, since)
    if run.request.filters:
        # What was left out is neither gone nor due.
        return
    if run.request.mode is Mode.FULL:
        repair_drift(run, route, kind, seen)
    retry_queued(run, route, kind, seen)
    if run.request.moves_watermark:
        with run.ledger() as session:
            note_losses(session, run.request, kind, seen, until=began - OVERLAP)
            move_watermark(session, run.request.source, run.request.target, kind, began - OVERLAP)


def repair_drift(run: OpenRun, route: Route, kind: Kind, seen: Seen) -> None:
    """Read again what changed, came or went while the pages were read; rows shift under whoever turns pages."""
    present = sweep_ids(run, kind).take()
    moved = [key for key, version in present.items() if seen.get(key, NOT_SEEN) not in (version, UNREADABLE)]
    carry_ids(run, route, kind, moved)
    with run.ledger() as session:
        known = live_ids(session, run.request.source, kind, run.request.target)
    missing = known - present.keys()
    # The sweep turns pages too, so each record it missed is asked for by its id before it counts as gone.
    gone = missing - carry_ids(run, route, kind, missing)
    if gone:
        carry_vanished(run, route, kind, gone, known=len(known))


def carry_vanished(run: OpenRun, route: Route, kind: Kind, gone: set[str], known: int) -> None:
    """Do with vanished records what the route does with them.

    Raises:
        FatalError: implausibly many are gone and the run was not told that this is right.
    """
    with run.ledger() as session:
        told = told_problem_ids(session, run.request.source, kind, run.request.target)
    implausible = len(gone - told) > max(PLAUSIBLY_GONE, known * PLAUSIBLY_GONE_SHARE)
    if implausible and not run.request.allow_removals:
        raise FatalError(
            f"{len(gone)} of {known} {kind} records are gone from {run.request.source}; nothing was deleted. "
            "If that is right, make a dry run in mode full with allow_removals and confirm its plan"
        )
    for ids in in_pages(sorted(gone)):
        carry_gone(run, route, kind, keys_of(run, kind, ids))


def retry_queued(run: OpenRun, route: Route, kind: Kind, seen: Seen) -> None:
    """Read again the records that failed in earlier runs; the watermark has passed them, the queue has not."""
    request, rules = run.request, route.rules(run)
    with run.ledger() as session:
        queued = set(open_problem_ids(session, request.source, kind, request.target, QUEUED_PER_RUN))
        queued |= set(outdated_skips(session, request.source, kind, request.target, rules, QUEUED_PER_RUN))
    queued -= seen.keys()
    gone = queued - carry_ids(run, route, kind, queued)
    if gone and not request.dry_run:
        forget(run, kind, gone)
        with run.ledger() as session:
            # What stays queued though it is gone would otherwise be asked for first in every run, and others never.
            note_tried(session, request.target, keys_of(run, kind, gone))


def forget(run: OpenRun, kind: Kind, gone: set[str]) -> None:
    """Take out of the queue what the source no longer has, unless it stands in the target or was never nameable."""
    request = run.request
    with run.ledger() as session:
        standing = live_ids(session, request.source, kind, request.target)
        # A record whose id cannot be read cannot be asked for either; only a full walk that no longer meets it tells.
        unnamed = {key for key in gone if key.startswith(UNNAMED) and request.mode is not Mode.FULL}
        keys = keys_of(run, kind, gone - standing - unnamed)
        resolve_problems(session, request.target, keys, run.id)
        forget_skips(session, request.target, keys)


def carry_ids(run: OpenRun, route: Route, kind: Kind, ids: Iterable[str]) -> set[str]:
    """Carry just the named records; gives the ids that the source has."""
    found: set[str] = set()
    for some in in_pages(ids):
        page = fetch_ids(run, kind, Sealed(some)).take()
        found.update(record.key.id for record in page.records)
        found.update(problem.key.id for problem in page.problems)
        carry_page(run, route, kind, page)
    return found


def walk_ids(run: OpenRun, route: Route, kind: Kind) -> None:
    """Carry the records that were asked for by id; one that the source no longer has is deleted in the target."""
    absent = set(run.request.ids) - carry_ids(run, route, kind, run.request.ids)
    with run.ledger() as session:
        gone = absent & live_ids(session, run.request.source, kind, run.request.target)
    if gone:
        carry_gone(run, route, kind, keys_of(run, kind, sorted(gone)))
    if unknown := keys_of(run, kind, sorted(absent - gone)):
        carry_page(run, route, kind, Page(records=(), problems=tuple(map(not_there, unknown))))


def not_there(key: RecordKey) -> Problem:
    """Say that a record which was asked for by its id is not in the source."""
    message = f"{key.connection} has no {key.kind} with the id {key.id}; look the id up in the shop"
    return Problem(code="source.missing", message=message, fate=Fate.SKIP, key=key)


def keys_of(run: OpenRun, kind: Kind, ids: Iterable[str]) -> list[RecordKey]:
    """Name the source records with these ids."""
    return [RecordKey(connection=run.request.source, kind=kind, id=key) for key in ids]


def in_pages(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Cut a list of ids into pages."""
    rest = iter(ids)
    while page := tuple(islice(rest, IDS_PER_PAGE)):
        yield page
