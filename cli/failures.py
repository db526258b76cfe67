"""unisync failures: records that could not be written, tried again or left be."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError

from cli.caller import local_caller
from cli.guidance import print_guidance
from cli.output import err, out, print_json, print_table
from cli.pages import every
from cli.steering import tell
from domain.errors import Misconfigured, first_fault
from domain.keys import Kind
from domain.problems import ProblemState
from operations import failures, retries
from operations.failures import Failure, FailureFilter, IgnoreWish
from operations.retries import RetryWish

MOST = 1_000_000

Wish = TypeVar("Wish", FailureFilter, RetryWish, IgnoreWish)

app = typer.Typer(no_args_is_help=True, help="Records that could not be written, and what to do about them.")

Tenant = Annotated[str, typer.Option(help="Whose records.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]
Ids = Annotated[list[UUID] | None, typer.Argument(help="The failures, by their ids; all that fit when left out.")]
OfKind = Annotated[Kind | None, typer.Option("--kind", help="Only of this kind.")]
Code = Annotated[str | None, typer.Option(help="Only with this code.")]
Connection = Annotated[str | None, typer.Option(help="Only from or to this connection.")]
Words = Annotated[str | None, typer.Option("--text", help="Only with this in id, message or reason.")]


@app.command("list")
def list_failures(
    tenant: Tenant = "default",
    kind: OfKind = None,
    code: Code = None,
    connection: Connection = None,
    text: Words = None,
    state: Annotated[ProblemState, typer.Option(help="open, ignored or resolved.")] = ProblemState.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = 200,
    as_json: AsJson = False,
) -> None:
    """List the records that could not be written, those tried last first, each with what to do about it.

    Example: unisync failures list --code negative_total
    """
    given = {"kind": kind, "code": code, "connection": connection, "text": text, "state": state}
    with local_caller(tenant) as caller:
        listed = every(lambda page: failures.search_failures(caller, read(FailureFilter, **dict(page), **given)))
        found = list(islice(listed, limit))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        err.print("unisync failures show ID tells more of one, and every step that helps.")
        print_table(("id", "record", "target", "code", "why", "what to do"), [cells(each) for each in found])
    else:
        out.print("There is nothing of the kind.")


@app.command()
def show(
    failure: Annotated[UUID, typer.Argument(help="The failure, by its id.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show one failure: what was met, how often, and what to do about it.

    Example: unisync failures show 0b6cb4a6-7a0e-4f6e-9c0b-0d3c6a3f3f11
    """
    with local_caller(tenant) as caller:
        found = failures.find_failure(caller, failure)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    amount = "" if found.amount is None else f", {found.amount:,f} {found.currency or ''}".rstrip()
    times = f"tried {found.count} times, first {found.first_seen.astimezone():%Y-%m-%d %H:%M}, last"
    out.print(f"{record_of(found)} to {found.target_connection}{amount}: {found.message}", markup=False)
    out.print(f"{found.code}, {found.state}, {times} {found.last_seen.astimezone():%Y-%m-%d %H:%M}", markup=False)
    if found.reason is not None:
        out.print(f"Left be by {found.decided_by}: {found.reason}", markup=False)
    if found.advice is not None:
        out.print(found.advice, markup=False)
    print_guidance(found.guidance)


@app.command()
def retry(
    ids: Ids = None,
    tenant: Tenant = "default",
    kind: OfKind = None,
    code: Code = None,
    connection: Connection = None,
    text: Words = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only find out what would be written.")] = False,
    plan: Annotated[UUID | None, typer.Option(help="Carry out the plan of such a dry run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have a worker try failed records again: up to ten now, more by way of a dry run and its plan.

    Example: unisync failures retry --code quickbooks.6240
    """
    wish = read(
        RetryWish, ids=ids or (), kind=kind, code=code, connection=connection, text=text, dry_run=dry_run, plan=plan
    )
    with local_caller(tenant) as caller:
        retried = retries.retry_many(caller, wish)
    if as_json:
        print_json(retried.model_dump(mode="json"))
        return
    for asked in retried.runs:
        tell(asked, as_json=False)


@app.command()
def ignore(
    reason: Annotated[str, typer.Option(help="Why they are left be.")],
    ids: Ids = None,
    tenant: Tenant = "default",
    kind: OfKind = None,
    code: Code = None,
    connection: Connection = None,
    text: Words = None,
    as_json: AsJson = False,
) -> None:
    """Leave failures be, with a reason: they are not tried again until they fail for another cause.

    Example: unisync failures ignore --code negative_total --reason "test orders of the old shop"
    """
    wish = read(IgnoreWish, ids=ids or (), kind=kind, code=code, connection=connection, text=text, reason=reason)
    with local_caller(tenant) as caller:
        decided = failures.ignore_many(caller, wish)
    if as_json:
        print_json(decided.model_dump())
    else:
        out.print(f"{decided.count} are left be; unisync failures list --state ignored shows them.")


@app.command()
def reopen(
    failure: Annotated[UUID, typer.Argument(help="The failure, by its id.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Queue a failure again that somebody left be.

    Example: unisync failures reopen 0b6cb4a6-7a0e-4f6e-9c0b-0d3c6a3f3f11
    """
    with local_caller(tenant) as caller:
        opened = failures.reopen(caller, failure)
    if as_json:
        print_json(opened.model_dump(mode="json"))
    else:
        out.print(f"{opened.kind} {opened.source_id} is queued again.", markup=False)


def cells(failure: Failure) -> tuple[object, ...]:
    """Give a failure as a row for people."""
    why = failure.message if failure.reason is None else f"{failure.message} Left be: {failure.reason}"
    what_to_do = failure.advice or failure.guidance.steps[0]
    return failure.id, record_of(failure), failure.target_connection, failure.code, why, what_to_do


def record_of(failure: Failure) -> str:
    """Name the record that failed."""
    return f"{failure.source_connection}:{failure.kind}:{failure.source_id}"


def read(shape: type[Wish], **given: object) -> Wish:
    """Read what is wanted.

    Raises:
        Misconfigured: one sentence naming the option that cannot be used.
    """
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"--{name} cannot be used: {why}") from None
