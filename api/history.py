"""/api/sync/history and /api/sync/metrics: what happened to each record, and figures."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from api.callers import allowed
from api.description import refusals
from api.streams import CSV, EXPORTS, JSON_LINES, streamed
from domain.access import Permission
from domain.figures import Metrics
from domain.inputs import Line
from domain.keys import ConnectionName, Kind, RecordKey
from domain.listing import Listing, PageRequest
from operations import history
from operations.caller import Caller
from operations.history import HistoryEntry, HistoryFilter
from operations.metrics import Days, metrics
from operations.timeline import Timeline, timeline

router = APIRouter(prefix="/api/sync", tags=["history"])


class HistoryPage(HistoryFilter, PageRequest):
    """Which entries, and which page of them."""


class HistoryExport(HistoryFilter):
    """Which entries, and in which form."""

    format: Literal["csv", "json"] = Field(default="csv", description="A table, or one JSON object per line.")


@router.get("/history", summary="Search what was done")
def search_history(
    caller: Annotated[Caller, allowed(Permission.VIEW)], wanted: Annotated[HistoryPage, Query()]
) -> Listing[HistoryEntry]:
    """List what was done with records, newest first: writes, failures, what waits and what is left out.

    Records that a run found in place are not listed: they are nearly all, in every run; the run counts them. What
    waits, is left out or cannot be read is listed when it first says so, not in every run again.
    """
    return history.search(caller, wanted, wanted)


@router.get("/history/export", summary="Export what was done", response_class=StreamingResponse, responses=EXPORTS)
def export_history(
    caller: Annotated[Caller, allowed(Permission.VIEW)], wanted: Annotated[HistoryExport, Query()]
) -> StreamingResponse:
    """Give the same entries as a file, all of them: a table, or one JSON object per line."""
    if wanted.format == "csv":
        return streamed(history.export_csv(caller, wanted), CSV, "history.csv")
    return streamed(history.export_json_lines(caller, wanted), JSON_LINES, "history.jsonl")


@router.get(
    "/history/records/{connection}/{kind}/{record_id}", summary="Tell the story of a record", responses=refusals(404)
)
def tell_timeline(
    caller: Annotated[Caller, allowed(Permission.VIEW)],
    connection: Annotated[ConnectionName, Path(description="Where the record is from: a shop, or the books.")],
    kind: Annotated[Kind, Path(description="What it is there: order, or invoice.")],
    record_id: Annotated[Line, Path(description="Its id there.")],
) -> Timeline:
    """Tell everything known of a record and of what belongs to it, such as the refunds of an order; earliest first."""
    return timeline(caller, RecordKey(connection=connection, kind=kind, id=record_id))


@router.get("/metrics", summary="Give the figures")
def give_metrics(
    caller: Annotated[Caller, allowed(Permission.VIEW)],
    days: Annotated[Days, Query(description="Of so many days.")] = 30,
) -> Metrics:
    """Give totals and figures by kind: what was done, how long it took, what is owed, calls and their forecast."""
    return metrics(caller, days)
