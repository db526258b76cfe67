"""unisync webhooks: what shops and books tell of themselves, and how that is looked after."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import SecretStr

from cli.caller import local_caller
from cli.connections import secret
from cli.output import out, print_json, print_table
from cli.pages import every
from domain.listing import PageRequest
from operations import registration, webhooks
from operations.webhook_views import Webhooks

app = typer.Typer(no_args_is_help=True, help="Webhooks: changes in shops and books, carried on at once.")

Name = Annotated[str, typer.Argument(help="The connection.")]
Tenant = Annotated[str, typer.Option(help="Whose connection it is.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]

COLUMNS = ("connection", "state", "last arrival", "pending", "failed", "missed", "median", "what is amiss")


@app.command("list")
def list_webhooks(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show for every shop and set of books whether its webhooks work, what came last and how much was missed.

    "missed" is the share of changes, found by walks through the shop, of which no webhook had told; "median" is the
    time in seconds from arrival until every target had it.

    Example: unisync webhooks list
    """
    with local_caller(tenant) as caller:
        found = list(every(lambda page: webhooks.list_webhooks(caller, page)))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    print_table(COLUMNS, [row(each) for each in found])
    if found and not found[0].is_on:
        out.print(f"Webhooks of tenant {tenant} are switched off; unisync webhooks on lets them count.", markup=False)


@app.command()
def register(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Set up our webhooks in a shop, or mend them; its key needs the permission Read/Write.

    The shop must reach this service: run unisync serve, and set UNISYNC_PUBLIC_URL to its https address.

    Example: unisync webhooks register shop
    """
    with local_caller(tenant) as caller:
        show(registration.register(caller, name), as_json)


@app.command()
def check(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Look after the webhooks of a shop: mend what it disabled or lost, and say what is still amiss.

    Example: unisync webhooks check shop
    """
    with local_caller(tenant) as caller:
        show(registration.check(caller, name), as_json)


@app.command()
def rotate(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Give a shop another webhook secret; the former one counts for 48 hours more.

    Example: unisync webhooks rotate shop
    """
    with local_caller(tenant) as caller:
        show(registration.rotate(caller, name), as_json)


@app.command()
def remove(name: Name, tenant: Tenant = "default") -> None:
    """Take our webhooks away from a shop and forget their secret; of books, forget the verifier token.

    Example: unisync webhooks remove shop
    """
    with local_caller(tenant) as caller:
        registration.unregister(caller, name)
    out.print(f"{name} of tenant {tenant} tells us no more; its schedules go on.", markup=False)


@app.command()
def verifier(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Set the verifier token of books; it comes from UNISYNC_QUICKBOOKS_VERIFIER or is asked for.

    developer.intuit.com shows it under Webhooks of the app, where the address that this prints belongs, too.

    Example: unisync webhooks verifier books
    """
    token = SecretStr(secret("UNISYNC_QUICKBOOKS_VERIFIER", "Verifier token"))
    with local_caller(tenant) as caller:
        show(webhooks.set_verifier(caller, name, token), as_json)


@app.command()
def arrivals(
    name: Name,
    tenant: Tenant = "default",
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what a connection told and what became of it, the last first.

    Example: unisync webhooks arrivals shop
    """
    with local_caller(tenant) as caller:
        found = webhooks.list_arrivals(caller, name, PageRequest(limit=limit)).items
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    columns = ("first seen", "topic", "record", "times", "state", "why")
    print_table(
        columns,
        [(f"{each.first_seen:%F %T}", each.topic, f"{each.kind} {each.record_id}", each.count, each.state, each.message)
         for each in found],
    )  # fmt: skip


@app.command()
def statistics(
    name: Name,
    tenant: Tenant = "default",
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days, today among them.")] = webhooks.DAYS,
    as_json: AsJson = False,
) -> None:
    """Show day by day how much came, and how much of what changed no webhook had told of.

    Example: unisync webhooks statistics shop --days 7
    """
    with local_caller(tenant) as caller:
        found = webhooks.statistics(caller, name, days)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    columns = ("day", "received", "repeated", "ignored", "refused", "stale", "changes", "missed")
    print_table(columns, [tuple(getattr(day, column) for column in columns) for day in found.days])


@app.command()
def on(tenant: Tenant = "default") -> None:
    """Let the webhooks of a tenant count.

    Example: unisync webhooks on
    """
    turn(tenant, is_on=True)


@app.command()
def off(tenant: Tenant = "default") -> None:
    """Let the webhooks of a tenant not count: what comes is answered and noted, and left to the schedules.

    Example: unisync webhooks off
    """
    turn(tenant, is_on=False)


def turn(tenant: str, *, is_on: bool) -> None:
    """Switch, and say so."""
    with local_caller(tenant) as caller:
        webhooks.switch(caller, is_on=is_on)
    out.print(f"The webhooks of tenant {tenant} are {'on' if is_on else 'off'}.", markup=False)


def show(found: Webhooks, as_json: bool) -> None:
    """Say how the webhooks of one connection stand."""
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_table(COLUMNS, [row(found)])
    out.print(f"Address: {found.address}", markup=False)


def row(found: Webhooks) -> tuple[object, ...]:
    """Give the row of one connection."""
    last = f"{found.last_arrival_at:%F %T}" if found.last_arrival_at else "never"
    missed = "" if found.loss_rate is None else f"{found.loss_rate:.1%}"
    amiss = "; ".join(filter(None, (found.problem, found.waits_because)))
    return found.connection, found.state, last, found.pending, found.failed, missed, found.median_seconds, amiss
