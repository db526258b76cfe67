"""unisync connect, connections and tenant: whose data comes from where and goes where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from cli.output import out, print_json, print_table
from config.wiring import Endpoint, bound_to, open_ledger, open_vault, require_tenant, try_endpoint
from db import ledger
from db.session import owner_session, tenant_session
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System, TenantName

app = typer.Typer(no_args_is_help=True, help="Connect a shop or a database; credentials are sealed and never shown.")
tenants = typer.Typer(no_args_is_help=True, help="Tenants: separate sets of shops and books in one installation.")

Name = Annotated[str, typer.Argument(help="What this connection is called: lower case letters, digits, dashes.")]
Tenant = Annotated[str, typer.Option(help="Whose connection it is.")]


@app.command()
def woocommerce(
    name: Name, url: Annotated[str, typer.Option(help="Address of the shop, https://...")], tenant: Tenant = "default"
) -> None:
    """Connect a WooCommerce shop; the keys come from the environment or are asked for, never from the command line.

    WooCommerce makes keys under Settings, Advanced, REST API; "Read" is enough. Set UNISYNC_WOOCOMMERCE_KEY and
    UNISYNC_WOOCOMMERCE_SECRET to answer without being asked.

    Example: unisync connect woocommerce shop --url https://shop.example
    """
    credentials = {
        "consumer_key": secret("UNISYNC_WOOCOMMERCE_KEY", "Consumer key"),
        "consumer_secret": secret("UNISYNC_WOOCOMMERCE_SECRET", "Consumer secret"),
    }
    store(tenant, name, System.WOOCOMMERCE, {"url": url}, credentials)


@app.command()
def supabase(name: Name, tenant: Tenant = "default") -> None:
    """Connect a Supabase or any other Postgres as a warehouse; its URL is asked for or in UNISYNC_CONNECT_URL.

    Supabase shows the URL under Connect: direct, session pooler and transaction pooler all work.

    Example: unisync connect supabase warehouse
    """
    store(tenant, name, System.SUPABASE, {}, {"url": secret("UNISYNC_CONNECT_URL", "Postgres URL")})


def store(
    tenant: str, name: str, system: System, settings: Mapping[str, object], credentials: Mapping[str, str]
) -> None:
    """Try the connection with one real call, then seal and store it.

    Raises:
        ConnectorError: it does not work; nothing was stored.
    """
    require_name(ConnectionName, "connection", name)
    vault = open_vault()
    with open_ledger() as engine, tenant_session(engine, tenant) as session:
        require_tenant(session, tenant)
        try_endpoint(tenant, Endpoint(name, system, settings, credentials))
        sealed = vault.seal(credentials, bound_to=bound_to(tenant, name))
        ledger.save_connection(session, name, system, settings, sealed, vault.key_id)
    out.print(f"{name} answers and is connected to tenant {tenant}.", markup=False)


def secret(variable: str, question: str) -> str:
    """Take a secret from the environment, or ask for it without showing it."""
    return os.environ.get(variable) or str(typer.prompt(question, hide_input=True))


def require_name(pattern: Any, what: str, name: str) -> None:
    """Make sure that a name can be used.

    Raises:
        Misconfigured: it cannot.
    """
    try:
        TypeAdapter(pattern).validate_python(name)
    except ValidationError:
        raise Misconfigured(
            f"{name!r} cannot be the name of a {what}: use lower case letters, digits and dashes, at most 63"
        ) from None


def list_connections(
    tenant: Tenant = "default",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
) -> None:
    """List the connections of a tenant; credentials are never shown.

    Example: unisync connections --tenant default
    """
    with open_ledger() as engine, tenant_session(engine, tenant) as session:
        require_tenant(session, tenant)
        stored = ledger.list_connections(session)
    if as_json:
        print_json([{"name": each.name, "system": each.system, "settings": each.settings} for each in stored])
    else:
        print_table(
            ("name", "system", "address"), [(each.name, each.system, each.settings.get("url", "")) for each in stored]
        )


@tenants.command()
def add(name: str) -> None:
    """Create a tenant; its data is invisible to every other tenant.

    Example: unisync tenant add berlin-agency
    """
    require_name(TenantName, "tenant", name)
    with open_ledger() as engine, owner_session(engine) as session:
        ledger.create_tenant(session, name)
    out.print(f"There is a tenant {name}.", markup=False)
