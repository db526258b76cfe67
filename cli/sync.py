"""unisync sync: a run right now, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, NoReturn, TypeVar
from uuid import UUID

import typer

from cli.asking import Answer, ask, figures
from cli.caller import local_caller
from cli.output import err, print_json, print_table
from cli.prefect_server import any_server, use_server
from config.requests import build_request, flow_parameters
from config.routes import ROUTES
from config.settings import CHECKOUT
from domain.errors import Misconfigured
from domain.sync import Mode, SyncReport, SyncRequest, Tally
from operations.caller import Caller
from operations.local_runs import note_planned_run, note_run
from operations.plans import Plan, may_cover, show_plan

Word = TypeVar("Word", bound=str)

COLUMNS = ("kind", *Tally.model_fields)
BESIDE_A_PLAN = {"plan", "tenant", "yes", "as_json"}


def sync(
    context: typer.Context,
    route: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(ROUTES)}.")] = None,
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
    plan: Annotated[UUID | None, typer.Option(help="Carry out the plan of this dry run, and nothing else.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="You say yes beforehand: for scripts.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Run a sync now and wait for it. Exit code 0: every record written; 1: some were not; 2: the run failed.

    What is written is found out first; more than ten records, much money, and removals are asked about, and so is the
    first complete run, because schedules and webhooks may follow it. With --yes nothing is asked, and only what takes a
    plan is found out first: the first complete run, and removals.

    Example: unisync sync woocommerce-to-supabase --mode full
    Example: unisync sync --plan 7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77
    """
    if plan is not None:
        require_alone(context)
        in_server(tenant, lambda caller: carry_out(caller, show_plan(caller, plan), yes=yes), as_json)
    if route not in ROUTES:
        lack = f"there is no route {route}" if route else "name a route, or a plan with --plan"
        raise Misconfigured(f"{lack}; there is: {', '.join(ROUTES)}")
    spec = ROUTES[route]
    kinds = [choice(spec.kinds, "kind", name) for name in kind] if kind else None
    parameters: dict[str, object] = {
        "tenant": tenant, "source": source, "target": target or spec.target, "kinds": kinds,
        "mode": choice(tuple(Mode), "mode", mode), "since": moment(since), "ids": record, "statuses": status,
        "created_from": moment(created_from), "created_until": moment(created_until),
        "changed_from": moment(changed_from), "changed_until": moment(changed_until), "allow_removals": allow_removals,
    }  # fmt: skip
    request = build_request(route, {**parameters, "dry_run": dry_run or allow_removals or not yes})
    in_server(tenant, lambda caller: plan_and_write(caller, request, dry_run=dry_run, yes=yes), as_json)


def require_alone(context: typer.Context) -> None:
    """Make sure that nothing is said beside a plan, which says it all.

    Raises:
        Misconfigured: something is.
    """
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if name not in BESIDE_A_PLAN and source is not None and source.name != "DEFAULT":
            raise Misconfigured(f"a plan says what is carried; leave {parameter.opts[0]} out beside --plan")


def in_server(tenant: str, carry: Callable[[Caller], SyncReport | None], as_json: bool) -> NoReturn:
    """Have something carried beside a Prefect server, print what it did, and end with the exit code that tells."""
    with local_caller(tenant) as caller, any_server() as url:
        use_server(url)
        report = carry(caller)
        # Now, so that it is not lost should the server not stop.
        if report is not None:
            show(report, as_json)
    failed = report is None or any(tally.failed for tally in report.tallies.values())
    raise typer.Exit(1 if failed else 0)


def plan_and_write(caller: Caller, request: SyncRequest, *, dry_run: bool, yes: bool) -> SyncReport | None:
    """Make a dry run and, unless that is all, carry out its plan once it is agreed to; None when it is not.

    A run that was agreed to beforehand has no plan, unless schedules and webhooks may follow it.

    Raises:
        ConnectorError: a run failed; the message is one sentence.
        ConfirmationNeeded: nobody is there to agree.
    """
    if not request.dry_run and not may_cover(caller, request):
        return run_route(note_run(caller, request))
    noted = note_run(caller, request.model_copy(update={"dry_run": True}))
    report = run_route(noted)
    assert noted.request_id is not None  # noqa: S101 - it was given just now
    plan = show_plan(caller, noted.request_id)
    if dry_run:
        err.print(f"{figures(plan)} Carry it out: unisync sync --plan {plan.id}", markup=False)
        return report
    return carry_out(caller, plan, yes=yes)


def carry_out(caller: Caller, plan: Plan, *, yes: bool) -> SyncReport | None:
    """Carry a plan out once it is agreed to; None when it is not; raises as ``plan_and_write``, and Clash."""
    answer = ask(plan, yes=yes)
    if answer is Answer.NO:
        err.print("Nothing was written.")
        return None
    return run_route(note_planned_run(caller, plan.id, confirmed=answer is Answer.YES))


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
