"""unisync connect, connections and tenant: whose data comes from where and goes where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import TypeAdapter, ValidationError

from cli.output import out, print_json, print_table
from config.wiring import POSTING, endpoint, open_ledger, open_vault, require_tenant, try_endpoint
from connectors.supabase.settings import settings_of
from db import ledger
from db.session import owner_session, tenant_session
from db.vault import bound_to
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
    url = secret("UNISYNC_CONNECT_URL", "Postgres URL")
    store(tenant, name, System.SUPABASE, settings_of(url).model_dump(), {"url": url})


@app.command()
def quickbooks(
    name: Name,
    realm: Annotated[str, typer.Option(help="Id of the company, as Intuit shows it when an app is connected.")],
    client_id: Annotated[str, typer.Option(help="Client id of the Intuit app.")],
    sandbox: Annotated[bool, typer.Option("--sandbox", help="A sandbox company.")] = False,
    posting: Annotated[
        Path | None, typer.Option(help="YAML file with the posting policy; docs/posting.md tells what can be chosen.")
    ] = None,
    tenant: Tenant = "default",
) -> None:
    """Connect a QuickBooks Online company; secrets come from the environment or are asked for.

    Set UNISYNC_QUICKBOOKS_CLIENT_SECRET and UNISYNC_QUICKBOOKS_REFRESH_TOKEN to answer without being asked. Intuit's
    OAuth playground makes a refresh token for an app.

    Example: unisync connect quickbooks books --realm 9341453 --client-id ABc1 --posting posting.yaml
    """
    credentials = {
        "client_secret": secret("UNISYNC_QUICKBOOKS_CLIENT_SECRET", "Client secret"),
        "refresh_token": secret("UNISYNC_QUICKBOOKS_REFRESH_TOKEN", "Refresh token"),
        "access_token": "",
    }
    settings = {"realm_id": realm, "client_id": client_id, "sandbox": sandbox, POSTING: read_policy(posting)}
    store(tenant, name, System.QUICKBOOKS, settings, credentials)


def read_policy(file: Path | None) -> object:
    """Read a posting policy as a bookkeeper writes it; nothing chosen when there is no file.

    Raises:
        Misconfigured: the file cannot be read.
    """
    if file is None:
        return {}
    try:
        return yaml.safe_load(file.read_text()) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"the posting policy {file} cannot be read: {error}".partition("\n")[0]) from None


def store(
    tenant: str, name: str, system: System, settings: Mapping[str, object], credentials: Mapping[str, str]
) -> None:
    """Seal and store the connection, switched off until one real call has proved that it works.

    Raises:
        ConnectorError: it does not work.
    """
    require_name(ConnectionName, "connection", name)
    vault = open_vault()
    with open_ledger() as engine:
        with tenant_session(engine, tenant) as session:
            require_tenant(session, tenant)
        tried = endpoint(engine, tenant, name, system, settings, credentials)
        sealed = vault.seal(credentials, bound_to=bound_to(tenant, name))
        stored = (name, system, settings, sealed, vault.key_id)
        if system is System.QUICKBOOKS:
            # Its tokens change with the first call, and must be kept before they are used.
            with tenant_session(engine, tenant) as session:
                ledger.save_connection(session, *stored, enabled=False)
        try_endpoint(tried)
        with tenant_session(engine, tenant) as session:
            if system is System.QUICKBOOKS:
                ledger.enable_connection(session, name)
            else:
                ledger.save_connection(session, *stored)
    out.print(f"{name} answers and is connected to tenant {tenant}.", markup=False)


def secret(variable: str, question: str) -> str:
    """Take a secret from the environment, or ask for it without showing it."""
    return os.environ.get(variable) or str(typer.prompt(question, hide_input=True))


def address(settings: Mapping[str, object]) -> str:
    """Say where a connection leads, as far as its settings tell."""
    return str(settings.get("url") or settings.get("realm_id") or settings.get("host") or "")


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
            ("name", "system", "address"), [(each.name, each.system, address(each.settings)) for each in stored]
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
