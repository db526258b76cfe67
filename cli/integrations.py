"""unisync connections: how they are, switched on and off, with other secrets, sealed with another key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from cli.caller import local_caller
from cli.connections import Name, Tenant, secret
from cli.output import out, print_json, print_table
from cli.pages import every
from db.models.tenants import ConnectionState
from operations import credentials, health, integrations
from operations.health_views import Condition, ConnectionHealth
from operations.installation import inside
from operations.integrations import Connection
from operations.tenants import list_tenants
from operations.wishes import Credentials

app = typer.Typer(invoke_without_command=True, help="The connections of a tenant and how they are.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]

QUESTIONS = {
    "consumer_key": ("UNISYNC_WOOCOMMERCE_KEY", "Consumer key"),
    "consumer_secret": ("UNISYNC_WOOCOMMERCE_SECRET", "Consumer secret"),
    "client_secret": ("UNISYNC_QUICKBOOKS_CLIENT_SECRET", "Client secret"),
    "refresh_token": ("UNISYNC_QUICKBOOKS_REFRESH_TOKEN", "Refresh token"),
    "url": ("UNISYNC_CONNECT_URL", "Postgres URL"),
    "service_key": ("UNISYNC_SUPABASE_SERVICE_KEY", "Service key"),
}
"""Where each secret comes from: a variable of the environment, or a person."""


@app.callback()
def list_connections(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="Whose connections; default when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the connections of a tenant and whether they can be used; credentials are never shown.

    State "reconnect": the other side withdrew our access; connect it anew. "switched off": somebody did, or it was
    never proved to work; unisync connections enable tries it.

    Example: unisync connections --tenant default
    """
    if context.invoked_subcommand is not None:
        if tenant is not None:
            raise typer.BadParameter(f"write --tenant after {context.invoked_subcommand}")
        return
    with local_caller(tenant or "default") as caller:
        found = list(every(lambda page: integrations.list_connections(caller, page)))
    if as_json:
        print_json([{**each.model_dump(mode="json"), "state": state(each)} for each in found])
    else:
        rows = [(each.name, each.system, each.address, state(each)) for each in found]
        print_table(("name", "system", "address", "state"), rows)


@app.command("test")
def try_connection(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Ask the other side right now, and say in one sentence what is wrong and what to do; exit code 1 if anything is.

    Example: unisync connections test shop
    """
    with local_caller(tenant) as caller:
        found = health.try_connection(caller, name)
    show([found], as_json)
    if not found.works or found.condition is Condition.RECONNECT:
        raise typer.Exit(1)


@app.command("health")
def list_health(
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show how all connections of a tenant are, by their last check and runs; nothing is called.

    Example: unisync connections health
    """
    with local_caller(tenant) as caller:
        found = list(every(lambda page: health.list_health(caller, page)))
    show(found, as_json)


@app.command()
def enable(name: Name, tenant: Tenant = "default") -> None:
    """Let a connection be used that was switched off, once a real call has proved that it works.

    Example: unisync connections enable shop
    """
    with local_caller(tenant) as caller:
        integrations.enable(caller, name)
    out.print(f"{name} of tenant {tenant} answers and is switched on.", markup=False)


@app.command()
def disable(name: Name, tenant: Tenant = "default") -> None:
    """Switch a connection off: runs are refused before anything is read, and what is queued waits.

    Example: unisync connections disable shop
    """
    with local_caller(tenant) as caller:
        integrations.disable(caller, name)
    out.print(f"{name} of tenant {tenant} is switched off.", markup=False)


@app.command()
def rotate(name: Name, tenant: Tenant = "default") -> None:
    """Put new secrets in place of those of a connection, once a real call has proved that they work.

    They come from the same variables as when it was connected, or are asked for. Of a QuickBooks company, leave empty
    what stays.

    Example: unisync connections rotate shop
    """
    with local_caller(tenant) as caller:
        given = {sort: answer for sort in credentials.secrets_of(caller, name) if (answer := secret(*QUESTIONS[sort]))}
        credentials.rotate(caller, name, Credentials.model_validate(given))
    out.print(f"{name} of tenant {tenant} works with its new secrets; the former ones can go.", markup=False)


@app.command()
def reencrypt(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's connections, not those of all.")] = None,
) -> None:
    """Seal all credentials with UNISYNC_SECRET_KEY that a key of UNISYNC_FORMER_SECRET_KEYS sealed.

    To change the key: put the old one into UNISYNC_FORMER_SECRET_KEYS, a new one (unisync key) into
    UNISYNC_SECRET_KEY, restart, run this, and take the old one out again. Exit code 1 if some could not be opened.

    Example: unisync connections reencrypt
    """
    lost: list[str] = []
    with local_caller(tenant or "default") as caller:
        whose = [tenant] if tenant else [each.name for each in every(lambda page: list_tenants(caller, page))]
        for each in whose:
            done = credentials.reencrypt(inside(caller, each))
            lost += [f"{name} of tenant {each}" for name in done.unreadable]
            lost += [f"the secrets of webhooks of tenant {each}"] if done.webhooks_lost else []
            lost += [f"the secrets of notifications of tenant {each}"] if done.channels_lost else []
            out.print(f"{each}: {done.resealed} sealed anew with the key {done.key_id}", markup=False)
    for one in lost:
        out.print(f"No key opens {one}; connect, register or enter it anew.", markup=False)
    if lost:
        raise typer.Exit(1)


def show(found: Sequence[ConnectionHealth], as_json: bool) -> None:
    """Print how connections are."""
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    columns = ("name", "system", "condition", "checked", "seconds", "version", "queue", "sentence")
    print_table(columns, [row(each) for each in found])


def row(each: ConnectionHealth) -> tuple[object, ...]:
    """Give what the table says of a connection."""
    sentence = "; ".join(filter(None, (each.sentence, *each.warnings)))
    return (
        each.name,
        each.system,
        each.condition,
        minute(each.checked_at),
        each.latency,
        each.api_version,
        each.queue_size,
        sentence,
    )


def minute(at: datetime | None) -> str:
    """Write a moment as the clock on the wall shows it; nothing for never."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""


def state(each: Connection) -> str:
    """Say whether a connection can be used."""
    if each.state == ConnectionState.RECONNECT or each.enabled:
        return each.state
    return "switched off"
