"""unisync status, cancel, plan, confirm and limits: runs from the moment of asking."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from cli.asking import figures
from cli.caller import local_caller
from cli.guidance import print_guidance
from cli.output import out, print_json, print_table
from cli.pages import every
from domain.errors import Misconfigured
from domain.plans import PlannedWrite
from domain.requests import Progress
from operations import confirmations, plans, runs
from operations.confirmations import Asked
from operations.runs import Run, RunFilter

MOST = 1_000_000

Tenant = Annotated[str, typer.Option(help="Whose.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


def status(
    run: Annotated[UUID | None, typer.Argument(help="One run, by its id.")] = None,
    tenant: Tenant = "default",
    state: Annotated[Progress | None, typer.Option(help="Only runs that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Tell how runs stand, from the moment they were asked for: by a person, a program, a schedule or a webhook.

    Example: unisync status --state failed
    """
    with local_caller(tenant) as caller:
        if run is not None:
            show(runs.show_run(caller, run), as_json)
            return
        listed = every(lambda page: runs.list_runs(caller, RunFilter(**dict(page), state=state)))
        found = list(islice(listed, limit))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        rows = [
            (f"{each.asked_at.astimezone():%Y-%m-%d %H:%M}", each.id, way(each), each.state, each.actor, each.error)
            for each in found
        ]
        print_table(("asked", "id", "what", "state", "by", "error"), rows)
    else:
        out.print("Nothing of the kind was asked for.")


def cancel(
    run: Annotated[UUID, typer.Argument(help="The run, by its id.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Have a run end at the next opportunity, or never begin; what it carried by then stays.

    Example: unisync cancel 7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77
    """
    with local_caller(tenant) as caller:
        show(runs.cancel(caller, run), as_json)


def plan(
    plan: Annotated[UUID, typer.Argument(help="The dry run that left it, by its id.")],
    tenant: Tenant = "default",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many writes at most.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Show what a dry run would write.

    Example: unisync plan 7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77
    """
    with local_caller(tenant) as caller:
        summary = plans.show_plan(caller, plan)
        writes = list(islice(every(lambda page: plans.list_plan_writes(caller, plan, page)), limit))
    if as_json:
        listed = [write.model_dump(mode="json") for write in writes]
        print_json(summary.model_dump(mode="json") | {"writes": listed})
        return
    print_table(("record", "role", "action", "amount"), [cells(write) for write in writes])
    out.print(figures(summary), markup=False)


def confirm(
    token: Annotated[str, typer.Argument(help="The token that asking for the run gave.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Confirm a run that was asked for through the service.

    Example: unisync confirm k3yB...
    """
    with local_caller(tenant) as caller:
        tell(confirmations.confirm(caller, token), as_json)


def limits(
    amount: Annotated[str | None, typer.Argument(help="The amount, in any one currency.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show, or choose, how much may be written at once without a confirmation.

    Example: unisync limits 2500
    """
    with local_caller(tenant) as caller:
        chosen = plans.show_limits(caller) if amount is None else plans.change_limits(caller, money(amount))
    if as_json:
        print_json(chosen.model_dump(mode="json"))
    else:
        out.print(f"Without a confirmation: {chosen.records} records, {chosen.amount:,f} in any one currency.")


def money(text: str) -> Decimal:
    """Read an amount of money.

    Raises:
        Misconfigured: it is none.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < Decimal(10) ** 13 or amount != round(amount, 2):
        raise Misconfigured(f"{text!r} is no amount; write it like 2500 or 2500.00")
    return amount


def tell(asked: Asked, as_json: bool) -> None:
    """Print what became of asking for a run."""
    if as_json:
        print_json(asked.model_dump(mode="json"))
        return
    show(asked.run, as_json=False)
    if further := asked.confirmation:
        out.print(f"{figures(further.plan)} Confirm it within five minutes:", markup=False)
        out.print(f"  unisync confirm {further.token}", markup=False)


def show(run: Run, as_json: bool) -> None:
    """Print how one run stands."""
    if as_json:
        print_json(run.model_dump(mode="json"))
        return
    out.print(f"{run.id}: {way(run)}, {run.state}, asked for by {run.actor}", markup=False)
    if run.error:
        out.print(run.error, markup=False)
    if run.guidance:
        print_guidance(run.guidance)
    rows = [(kind.value, *tally.model_dump().values()) for kind, tally in run.tallies.items()]
    if rows:
        print_table(("kind", *next(iter(run.tallies.values())).model_dump()), rows)
    if run.flow_run_page:
        out.print(f"Prefect: {run.flow_run_page}", markup=False)


def way(run: Run) -> str:
    """Say in short what a run does."""
    used = run.used or run.request
    extras = [word for word, is_so in (("dry run", used.dry_run), ("sandbox", used.sandbox)) if is_so]
    return ", ".join((f"{used.source} to {used.target}", used.mode.value, *extras))


def cells(write: PlannedWrite) -> tuple[str, ...]:
    """Give a planned write as a row for people."""
    amount = "" if write.amount is None else f"{write.amount:,f} {write.currency or ''}".strip()
    return str(write.key), write.role, write.action, amount
