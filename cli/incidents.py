"""unisync notify incidents: what lasts, who takes care of it, and who wants to hear no more of it for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from cli.pages import every
from cli.sync import moment
from db.models.notifications import IncidentState
from domain.errors import Misconfigured, first_fault
from domain.listing import PageRequest
from operations import incidents
from operations.incidents import IncidentFilter, IncidentView

app = typer.Typer(no_args_is_help=True, help="What lasts: one incident for each cause, however often it struck.")

Incident = Annotated[UUID, typer.Argument(help="The incident, by its id.")]
Tenant = Annotated[str, typer.Option(help="Whose incidents.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


@app.command("list")
def list_incidents(
    state: Annotated[IncidentState | None, typer.Option(help="open or resolved; both when left out.")] = None,
    connection: Annotated[str | None, typer.Option(help="Only of this connection.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many at most.")] = 50,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List incidents, those that struck last first.

    Example: unisync notify incidents list --state open
    """
    with local_caller(tenant) as caller:
        listed = every(lambda page: incidents.search_incidents(caller, choice(page, state, connection)))
        found = list(islice(listed, limit))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        rows = [
            (each.id, each.event.title, each.connection, each.count, each.last_at, standing(each)) for each in found
        ]
        columns = ("id", "what", "connection", "times", "last", "state")
        print_table(columns, [(*row[:4], f"{row[4].astimezone():%Y-%m-%d %H:%M}", row[5]) for row in rows])
    else:
        out.print("There is no such incident.")


@app.command()
def show(incident: Incident, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show an incident with its last event and what to do about it.

    Example: unisync notify incidents show 0198a1c2-0000-7000-8000-000000000000
    """
    with local_caller(tenant) as caller:
        tell(incidents.find_incident(caller, incident), as_json)


@app.command()
def acknowledge(incident: Incident, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Let everybody know that somebody takes care: it is not told again and again any more, only when it is over.

    Example: unisync notify incidents acknowledge 0198a1c2-0000-7000-8000-000000000000
    """
    with local_caller(tenant) as caller:
        tell(incidents.acknowledge(caller, incident), as_json)


@app.command()
def silence(
    incident: Incident,
    hours: Annotated[float | None, typer.Option(min=0, max=8784, help="For so long; 0 ends the silence.")] = None,
    until: Annotated[str | None, typer.Option(help="Until this ISO time with its zone.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Tell nobody of an incident for a while, whatever happens; what became due meanwhile is told at its end.

    Example: unisync notify incidents silence 0198a1c2-0000-7000-8000-000000000000 --hours 4
    """
    end = moment(until)
    if (end is None) == (hours is None):
        raise Misconfigured("say how long: either --hours 4 or --until 2026-07-17T08:00:00+02:00")
    with local_caller(tenant) as caller:
        tell(incidents.silence(caller, incident, end or datetime.now(UTC) + timedelta(hours=hours or 0)), as_json)


def choice(page: PageRequest, state: IncidentState | None, connection: str | None) -> IncidentFilter:
    """Read which incidents are wanted.

    Raises:
        Misconfigured: the connection cannot be one.
    """
    try:
        return IncidentFilter(**dict(page), state=state, connection=connection)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"--{name} cannot be used: {why}") from None


def tell(found: IncidentView, as_json: bool) -> None:
    """Print an incident."""
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out.print(f"{found.event.title}: {standing(found)}", markup=False)
    out.print(
        f"Since {found.opened_at.astimezone():%Y-%m-%d %H:%M}, {found.count:,} times. {found.event.message}",
        markup=False,
    )
    for number, step in enumerate(found.event.advice.steps if found.event.advice else (), start=1):
        out.print(f"  {number}. {step}", markup=False)


def standing(found: IncidentView) -> str:
    """Say how an incident stands."""
    parts = [found.state.value]
    if found.acknowledged_at:
        parts.append(f"acknowledged by {found.acknowledged_by}")
    if found.silenced_until and found.silenced_until > datetime.now(UTC):
        parts.append(f"silent until {found.silenced_until.astimezone():%Y-%m-%d %H:%M} ({found.silenced_by})")
    return ", ".join(parts)
