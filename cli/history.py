"""unisync runs and problems: what ran, and what it could not write."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from cli.guidance import print_guidance
from cli.output import out, print_json, print_table
from config.wiring import open_ledger, require_tenant
from db import ledger
from db.session import tenant_session
from operations.guidance import FAILED, Ending, guidance_on_runs

MOST = 1_000_000
"""No terminal and no program wants more at once."""

KEYS = {"why": "message"}
"""Columns that programs know by another name."""

Row = dict[str, object]


def runs(
    tenant: Annotated[str, typer.Option(help="Whose runs.")] = "default",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
) -> None:
    """List the last runs and how they ended, and what to do about those that did not go through.

    Example: unisync runs --limit 5
    """
    with open_ledger() as engine, tenant_session(engine, tenant) as session:
        require_tenant(session, tenant)
        found = ledger.list_runs(session, limit)
        guidance = guidance_on_runs(
            session, (Ending(run.id, run.request, run.state, run.error or "") for run in found if run.state in FAILED)
        )
    if as_json:
        advised = {id_: each.model_dump(mode="json") for id_, each in guidance.items()}
        print_json([run.model_dump(mode="json") | {"guidance": advised.get(run.id)} for run in found])
        return
    if not found:
        out.print("Nothing has run yet.")
        return
    rows = [
        (
            f"{run.started_at.astimezone():%Y-%m-%d %H:%M}",
            run.request.route,
            f"{run.request.source} to {run.request.target}",
            run.request.mode,
            run.state,
            sum(tally.read for tally in run.tallies.values()),
            sum(tally.failed for tally in run.tallies.values()),
            run.error,
        )
        for run in found
    ]
    print_table(("started", "route", "connections", "mode", "state", "read", "failed", "error"), rows)
    # Each once, however many runs ended so.
    for each in dict.fromkeys(guidance.values()):
        print_guidance(each)


def problems(
    tenant: Annotated[str, typer.Option(help="Whose records.")] = "default",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = 200,
    skipped: Annotated[bool, typer.Option("--skipped", help="What policy keeps out of a target instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
) -> None:
    """List the records that could not be read or written, and why; the next run tries each of them again.

    Example: unisync problems --json
    """
    with open_ledger() as engine, tenant_session(engine, tenant) as session:
        require_tenant(session, tenant)
        rows = skips(session, limit) if skipped else queue(session, limit)
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("record", "target", "code", "reason") if skipped else ("record", "target", "code", "why", "advice")
        print_table(columns, [[row[KEYS.get(column, column)] for column in columns] for row in rows])
    else:
        out.print("Nothing is skipped." if skipped else "Nothing is queued.")


def queue(session: Session, limit: int) -> list[Row]:
    """Give what is queued, as it is shown to programs."""
    return [
        {"record": str(each.key), "target": target, **each.model_dump(mode="json", exclude={"key"})}
        for target, each in ledger.list_problems(session, limit)
    ]


def skips(session: Session, limit: int) -> list[Row]:
    """Give what policy keeps out of a target, as it is shown to programs."""
    return [
        {"record": str(each.key), "target": target, "code": each.code, "reason": each.reason}
        for target, each in ledger.list_skips(session, limit)
    ]
