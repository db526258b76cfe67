"""unisync sync: a run right now, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from cli.asking import ask, figures
from cli.caller import local_caller
from cli.output import err, print_json, print_table
from cli.prefect_server import any_server, use_server
from config.requests import build_request, flow_parameters
from config.routes import ROUTES
from config.settings import CHECKOUT
from domain.errors import Misconfigured
from domain.sync import Mode, SyncReport, SyncRequest, Tally
from operations.caller import Caller
from operations.local_runs import note_confirmed_run, note_run
from operations.plans import show_plan

Word = TypeVar("Word", bound=str)

COLUMNS = ("kind", *Tally.model_fields)


def sync(
    route: Annotated[str, typer.Argument(help=f"One of: {', '.join(ROUTES)}.")],
    tenant: Annotated[str, typer.Option(help="Whose data.")] = "default",
    source: Annotated[str, typer.Option(help="Connection to read.")] = "shop",
    target: Annotated[str | None, typer.Option(help="Connection to write; warehouse or books when left out.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    mode: Annotated[str, typer.Option(help="full or incremental.")] = Mode.INCREMENTAL.value,
    since: Annotated[str | None, typer.Option(help="Changes after this ISO time with its zone.")] = None,
    record: Annotated[list[str] | None, typer.Option("--id", help="Only this record; may be repeated.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only records in this status; may be repeated.")] = None,
    created_from: Annotated[str | None, typer.Option(help="Only records created then or later.")] = None,
    created_until: Annotated[str | None, typer.Option(help="Only records created before.")] = None,
    changed_from: Annotated[str | None, typer.Option(help="Only records changed then or later.")] = None,
    changed_until: Annotated[str | None, typer.Option(help="Only records changed before.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find out what would change and write nothing.")] = False,
    allow_removals: Annotated[bool, typer.Option("--allow-removals", help="Many records are really gone.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: for scripts.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Run a sync now and wait for it. Exit code 0: every record written; 1: some were not; 2: the run failed.

    What is written is found out first; more than ten records, much money, and removals are asked about.

    Example: unisync sync woocommerce-to-supabase --mode full
    """
    if route not in ROUTES:
        raise Misconfigured(f"there is no route {route}; there is: {', '.join(ROUTES)}")
    spec = ROUTES[route]
    kinds = [choice(spec.kinds, "kind", name) for name in kind] if kind else None
    parameters: dict[str, object] = {
        "tenant": tenant, "source": source, "target": target or spec.target, "kinds": kinds,
        "mode": choice(tuple(Mode), "mode", mode), "since": moment(since), "ids": record, "statuses": status,
        "created_from": moment(created_from), "created_until": moment(created_until),
        "changed_from": moment(changed_from), "changed_until": moment(changed_until), "allow_removals": allow_removals,
    }  # fmt: skip
    is_planned = dry_run or allow_removals or not yes
    request = build_request(route, {**parameters, "dry_run": is_planned})
    with local_caller(tenant) as caller, any_server() as url:
        use_server(url)
        report = plan_and_write(caller, request, dry_run=dry_run, yes=yes) if is_planned else run(caller, request)
        # Now, so that it is not lost should the server not stop.
        if report is not None:
            show(report, as_json)
    failed = report is None or any(tally.failed for tally in report.tallies.values())
    raise typer.Exit(1 if failed else 0)


def plan_and_write(caller: Caller, request: SyncRequest, *, dry_run: bool, yes: bool) -> SyncReport | None:
    """Make a dry run and, unless that is all, carry out its plan once it is agreed to; None when it is not.

    Raises:
        ConnectorError: a run failed; the message is one sentence.
        Refusal: nobody is there to agree.
    """
    noted = note_run(caller, request)
    report = run_route(noted)
    assert noted.request_id is not None  # noqa: S101 - it was given just now
    plan = show_plan(caller, noted.request_id)
    if dry_run:
        err.print(figures(plan), markup=False)
        return report
    if not ask(plan, yes=yes):
        err.print("Nothing was written.")
        return None
    return run_route(note_confirmed_run(caller, plan.id))


def run(caller: Caller, request: SyncRequest) -> SyncReport:
    """Run what was asked for without asking back; raises as ``run_route`` does."""
    return run_route(note_run(caller, request))


def run_route(request: SyncRequest) -> SyncReport:
    """Run the flow of a request in this process and give its report.

    Raises:
        ConnectorError: the run failed; the message is one sentence.
    """
    # Prefect takes seconds to import and reads the environment while it does, so not before the server is known.
    from prefect.flows import load_flow_from_entrypoint

    from cli.progress import with_progress

    name = request.route.replace("-", "_")
    return with_progress(load_flow_from_entrypoint(f"{CHECKOUT}/flows/{name}.py:{name}"), flow_parameters(request))


def show(report: SyncReport, as_json: bool) -> None:
    """Print what a run did."""
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    rows = [
        (kind.value, *(getattr(tally, name) for name in Tally.model_fields)) for kind, tally in report.tallies.items()
    ]
    request = report.request
    title = f"{request.source} to {request.target}{', sandbox' if request.sandbox else ''}, {report.seconds:.1f} s"
    print_table(COLUMNS, rows, title=title)
    if any(tally.failed for tally in report.tallies.values()):
        err.print("Some records were not written; unisync problems says which and why.")


def choice(words: Sequence[Word], what: str, word: str) -> Word:
    """Read one of a fixed set of words.

    Raises:
        Misconfigured: it is none of them.
    """
    for known in words:
        if known == word:
            return known
    raise Misconfigured(f"{word!r} is no {what}; choose one of: {', '.join(words)}")


def moment(text: str | None) -> datetime | None:
    """Read an ISO 8601 time with its zone.

    Raises:
        Misconfigured: it is none.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Misconfigured(f"{text!r} is no time with a zone; write it like 2026-01-31T08:00:00+01:00")
    return at
