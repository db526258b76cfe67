"""unisync notify history: who was told of what, and who was not and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from cli.caller import local_caller
from cli.notify_views import AsJson, Tenant, named
from cli.output import out, print_json, print_table
from cli.pages import every
from cli.sync import moment
from domain.errors import Misconfigured, first_fault
from domain.listing import Listing, PageRequest
from operations.caller import Caller
from operations.notification_history import HistoricNotice, HistoryWish, NoticeChoice, export_csv, list_history

COLUMNS = ("at", "name", "who", "what", "state", "why or answer")


def history(
    name: Annotated[str | None, typer.Option("--name", help="Only what this configuration was told.")] = None,
    incident: Annotated[UUID | None, typer.Option(help="Only of this incident, by its id.")] = None,
    event: Annotated[str | None, typer.Option(help="Only this: sync_failed, connection_failed, recovered.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only this: opened, escalated, repeated, resolved.")] = None,
    state: Annotated[str | None, typer.Option(help="Only this: delivered, failed, given_up, suppressed.")] = None,
    since: Annotated[str | None, typer.Option(help="From this ISO time with its zone on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this ISO time with its zone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="All of them, as a file for spreadsheets.")] = False,
) -> None:
    """List who was told of what, and who was not and why; newest first.

    Example: unisync notify history --state given_up --since 2026-07-01T00:00:00+02:00
    """
    with local_caller(tenant) as caller:
        wanted = choice(
            config=named(caller, name).id if name else None, incident=incident, event=event, stage=stage, state=state,
            since=moment(since), until=moment(until),
        )  # fmt: skip
        if as_csv:
            sys.stdout.writelines(export_csv(caller, wanted))
            return
        found = list(islice(notices(caller, wanted), limit))
        untold = list_history(caller, HistoryWish(**dict(wanted), limit=1)).suppressed
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        print_table(COLUMNS, [cells(each) for each in found])
        if untold:
            out.print(f"Not told one by one, for the reasons that stand there: {untold:,}", markup=False)
    else:
        out.print("Nothing of the kind was told.")


def notices(caller: Caller, wanted: NoticeChoice) -> Iterator[HistoricNotice]:
    """Give the notices that fit, newest first, page by page."""

    def turn(page: PageRequest) -> Listing[HistoricNotice]:
        found = list_history(caller, HistoryWish(**dict(wanted), **dict(page)))
        return Listing(items=found.items, next_cursor=found.next_cursor)

    return every(turn)


def choice(**given: Any) -> NoticeChoice:
    """Read which notices are wanted.

    Raises:
        Misconfigured: one sentence naming the option that cannot be used.
    """
    try:
        return NoticeChoice.model_validate(given)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"--{name} cannot be used: {why}") from None


def cells(entry: HistoricNotice) -> tuple[object, ...]:
    """Give a notice as a row for people."""
    at = f"{entry.created_at.astimezone():%Y-%m-%d %H:%M:%S}"
    what = f"{entry.event_type}, {entry.stage}: {entry.notice.title}"
    state = entry.state.replace("_", " ")
    if entry.count > 1:
        state += f", {entry.count:,} times"
    if entry.attempts > 1:
        state += f", {entry.attempts} attempts"
    return at, entry.config_name, entry.target, what, state, entry.why or entry.answer
