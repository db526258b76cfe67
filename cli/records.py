"""unisync history: what was done with records, or the story of one."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from cli.pages import every
from cli.sync import moment
from domain.errors import Misconfigured, first_fault
from domain.keys import RecordKey
from operations.history import HistoryEntry, HistoryFilter, export_csv, search
from operations.timeline import Timeline, timeline

COLUMNS = ("at", "level", "record", "to", "did", "result", "ms", "message")


def history(
    tenant: Annotated[str, typer.Option(help="Whose records.")] = "default",
    record: Annotated[str | None, typer.Option(help="The whole story of one: shop:order:794.")] = None,
    since: Annotated[str | None, typer.Option(help="From this ISO time with its zone on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this ISO time with its zone.")] = None,
    run: Annotated[str | None, typer.Option(help="Only of the run with this id.")] = None,
    connection: Annotated[str | None, typer.Option(help="Only from or to this connection.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: order.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this: read, plan, create, update, remove.")] = None,
    result: Annotated[str | None, typer.Option(help="Only what ended so: created, failed, skipped.")] = None,
    level: Annotated[str | None, typer.Option(help="Only info, warning or error.")] = None,
    code: Annotated[str | None, typer.Option(help="Only with this code: quickbooks.name.")] = None,
    text: Annotated[str | None, typer.Option(help="Only with this in the message.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="All of them, as a file for spreadsheets.")] = False,
) -> None:
    """List what was done with records, newest first; or tell all that is known of one, earliest first.

    Records that a run found in place are not listed: they are nearly all, in every run.

    Example: unisync history --level error --since 2026-07-01T00:00:00+02:00
    Example: unisync history --record shop:order:794
    """
    if record is not None:
        tell(tenant, key_of(record), as_json)
        return
    wanted = wish(
        since=moment(since), until=moment(until), run=run, connection=connection, kind=kind,
        operation=operation, result=result, level=level, code=code, text=text,
    )  # fmt: skip
    with local_caller(tenant) as caller:
        if as_csv:
            sys.stdout.writelines(export_csv(caller, wanted))
            return
        found = list(islice(every(lambda page: search(caller, wanted, page)), limit))
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
    elif found:
        print_table(COLUMNS, [cells(entry) for entry in found])
    else:
        out.print("Nothing of the kind was done.")


def tell(tenant: str, key: RecordKey, as_json: bool) -> None:
    """Print the story of a record."""
    with local_caller(tenant) as caller:
        story = timeline(caller, key)
    if as_json:
        print_json(story.model_dump(mode="json"))
    else:
        show(story)


def show(story: Timeline) -> None:
    """Print a story for people."""
    rows = [(f"{each.at.astimezone():%Y-%m-%d %H:%M:%S}", each.record, each.text) for each in story.events]
    print_table(("at", "record", "what happened"), rows)
    if not story.is_complete:
        out.print("There is more than the newest entries shown here; list the rest with --kind, --since and --until.")


def wish(**given: object) -> HistoryFilter:
    """Read which entries are wanted.

    Raises:
        Misconfigured: one sentence naming the option that cannot be used.
    """
    try:
        return HistoryFilter.model_validate(given)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"--{name} cannot be used: {why}") from None


def key_of(text: str) -> RecordKey:
    """Read the name of a record.

    Raises:
        Misconfigured: it is none.
    """
    connection, _, rest = text.partition(":")
    kind, _, id_ = rest.partition(":")
    try:
        if id_.strip():
            return RecordKey.model_validate({"connection": connection, "kind": kind, "id": id_})
    except ValidationError:
        pass
    raise Misconfigured(f"{text!r} names no record; write connection, kind and id like shop:order:794")


def cells(entry: HistoryEntry) -> tuple[object, ...]:
    """Give an entry as a row for people."""
    took = None if entry.milliseconds is None else f"{entry.milliseconds:.1f}"
    what = f"{entry.operation} {entry.role}".strip()
    at = f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}"
    return at, entry.level, str(entry.key), entry.target, what, entry.result, took, entry.message
