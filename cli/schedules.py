"""unisync schedules: what runs by itself, and when."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from cli.caller import local_caller
from cli.output import err, out, print_json, print_table
from cli.pages import every
from config.routes import ROUTES
from domain.errors import Misconfigured, first_fault
from domain.keys import Kind
from domain.sync import Mode
from operations import schedules
from operations.timetables import Schedule, ScheduleWish, Timing

Wanted = TypeVar("Wanted", bound=Timing)

app = typer.Typer(no_args_is_help=True, help="What runs by itself, and when.")

Name = Annotated[str, typer.Argument(help="The name of the schedule.")]
Tenant = Annotated[str, typer.Option(help="Whose schedules.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


@app.command("list")
def list_schedules(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the schedules that were made here or through the service, each with its next run.

    Example: unisync schedules list
    """
    with local_caller(tenant) as caller:
        found = list(every(lambda page: schedules.search_schedules(caller, page)))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        rows = [
            (each.name, f"{each.source} to {each.target}", each.mode, each.cron, each.time_zone, standing(each))
            for each in found
        ]
        print_table(("name", "connections", "mode", "cron", "time zone", "next run"), rows)
    else:
        out.print("There are none; those of prefect.yaml are in the Prefect UI.")


@app.command()
def add(
    name: Name,
    route: Annotated[str, typer.Option(help=f"One of: {', '.join(ROUTES)}.")],
    cron: Annotated[str, typer.Option(help="Minute, hour, day, month, day of the week.")],
    zone: Annotated[str, typer.Option(help="IANA name of the time zone.")] = "UTC",
    source: Annotated[str, typer.Option(help="Connection to read.")] = "shop",
    target: Annotated[str | None, typer.Option(help="Connection to write; warehouse or books when left out.")] = None,
    mode: Annotated[Mode, typer.Option(help="full or incremental.")] = Mode.INCREMENTAL,
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Not yet.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make a schedule; somebody must have confirmed a complete run of the same before.

    Example: unisync schedules add books --route woocommerce-to-quickbooks --cron "*/15 * * * *" --zone Europe/Berlin
    """
    wish = read(
        ScheduleWish,
        {
            "name": name, "route": route, "cron": cron, "time_zone": zone, "source": source, "target": target,
            "mode": mode, "kinds": kind or (), "paused": paused,
        }
    )  # fmt: skip
    with local_caller(tenant) as caller:
        tell(schedules.make_schedule(caller, wish), as_json)


@app.command()
def update(
    name: Name,
    route: Annotated[str | None, typer.Option(help=f"One of: {', '.join(ROUTES)}.")] = None,
    cron: Annotated[str | None, typer.Option(help="Minute, hour, day, month, day of the week.")] = None,
    zone: Annotated[str | None, typer.Option(help="IANA name of the time zone.")] = None,
    source: Annotated[str | None, typer.Option(help="Connection to read.")] = None,
    target: Annotated[str | None, typer.Option(help="Connection to write.")] = None,
    mode: Annotated[Mode | None, typer.Option(help="full or incremental.")] = None,
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change what a schedule runs and when; what is not named stays. Along another route all kinds of it are carried.

    Example: unisync schedules update books --cron "*/30 * * * *"
    """
    given: dict[str, object] = {
        "route": route, "cron": cron, "time_zone": zone, "source": source, "target": target, "mode": mode, "kinds": kind
    }  # fmt: skip
    said = {option: value for option, value in given.items() if value is not None}
    if not said:
        raise Misconfigured("name what is to change; unisync schedules update --help lists what can")
    change(name, tenant, as_json, said)


@app.command()
def pause(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Stop a schedule without forgetting it.

    Example: unisync schedules pause books
    """
    change(name, tenant, as_json, {"paused": True})


@app.command()
def resume(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Let a paused schedule go on.

    Example: unisync schedules resume books
    """
    change(name, tenant, as_json, {"paused": False})


@app.command()
def remove(name: Name, tenant: Tenant = "default") -> None:
    """Remove a schedule; from this moment on nothing is run by it.

    Example: unisync schedules remove books
    """
    with local_caller(tenant) as caller:
        schedules.remove_schedule(caller, name)
    out.print(f"{name} is removed.", markup=False)


def change(name: str, tenant: str, as_json: bool, said: dict[str, object]) -> None:
    """Change what was said of a schedule, and nothing else."""
    with local_caller(tenant) as caller:
        before = schedules.find_schedule(caller, name)
        same = before.model_dump(include=set(Timing.model_fields))
        if said.get("route", before.route) != before.route:
            # What another route carries, and where to, is its own.
            same |= {"kinds": (), "target": None}
        tell(schedules.replace_schedule(caller, name, read(Timing, same | said)), as_json)


def tell(schedule: Schedule, as_json: bool) -> None:
    """Print how a schedule stands."""
    if as_json:
        print_json(schedule.model_dump(mode="json"))
    else:
        out.print(f"{schedule.name}: {schedule.cron} ({schedule.time_zone}), {standing(schedule)}", markup=False)
    if schedule.problem:
        err.print(schedule.problem, markup=False)


def standing(schedule: Schedule) -> str:
    """Say when the schedule runs next, or why it does not."""
    if schedule.paused:
        return "paused"
    first = f"{schedule.next_runs[0].astimezone():%Y-%m-%d %H:%M}" if schedule.next_runs else "never"
    return first if schedule.mirrored else f"{first}, once Prefect knows of it"


def read(shape: type[Wanted], given: dict[str, object]) -> Wanted:
    """Read what is wanted.

    Raises:
        Misconfigured: one sentence naming the option that cannot be used.
    """
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"--{name} cannot be used: {why}") from None
