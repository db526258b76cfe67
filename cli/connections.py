"""unisync connect, disconnect, connections and tenant: whose data comes from where and goes where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import TypeAdapter, ValidationError

from cli.output import out, print_json, print_table
from config import connections
from config.wiring import open_ledger, require_tenant
from connectors.supabase.settings import settings_of
from db import ledger
from db.ledger import StoredConnection
from db.session import owner_session, tenant_session
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System, TenantName

app = typer.Typer(
    no_args_is_help=True,
    help="Connect a shop, a set of books or a database; credentials are sealed and never shown.",
)
tenants = typer.Typer(no_args_is_help=True, help="Tenants: separate sets of shops and books in one installation.")

Name = Annotated[str, typer.Argument(help="What this connection is called: lower case letters, digits, dashes.")]
Tenant = Annotated[str, typer.Option(help="Whose connection it is.")]
PolicyFile = Annotated[
    Path, typer.Option("--file", help="YAML file with the policy; docs/posting.md tells what can be chosen.")
]


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
    connect(tenant, name, System.WOOCOMMERCE, {"url": url}, credentials)


@app.command()
def supabase(name: Name, tenant: Tenant = "default") -> None:
    """Connect a Supabase or any other Postgres as a warehouse; its URL is asked for or in UNISYNC_CONNECT_URL.

    Supabase shows the URL under Connect: direct, session pooler and transaction pooler all work.

    Example: unisync connect supabase warehouse
    """
    url = secret("UNISYNC_CONNECT_URL", "Postgres URL")
    connect(tenant, name, System.SUPABASE, settings_of(url).model_dump(), {"url": url})


@app.command()
def quickbooks(
    name: Name,
    realm: Annotated[str, typer.Option(help="Id of the company, as Intuit shows it when an app is connected.")],
    client_id: Annotated[str, typer.Option(help="Client id of the Intuit app.")],
    sandbox: Annotated[bool, typer.Option("--sandbox", help="A sandbox company.")] = False,
    twin: Annotated[str, typer.Option(help="Address of a twin (unisync simulate quickbooks), not Intuit.")] = "",
    tenant: Tenant = "default",
) -> None:
    """Connect a QuickBooks Online company, or connect it anew; secrets come from the environment or are asked for.

    Set UNISYNC_QUICKBOOKS_CLIENT_SECRET and UNISYNC_QUICKBOOKS_REFRESH_TOKEN to answer without being asked. Intuit's
    OAuth playground makes a refresh token for an app. Its posting policy is set by: unisync connect posting

    Example: unisync connect quickbooks books --realm 9341453 --client-id ABc1
    """
    credentials = {
        "client_secret": secret("UNISYNC_QUICKBOOKS_CLIENT_SECRET", "Client secret"),
        "refresh_token": secret("UNISYNC_QUICKBOOKS_REFRESH_TOKEN", "Refresh token"),
        "access_token": "",
    }
    settings: dict[str, object] = {"realm_id": realm, "client_id": client_id, "sandbox": sandbox}
    if twin:
        settings |= {"url": twin, "token_url": f"{twin.rstrip('/')}/oauth2/v1/tokens/bearer"}
    connect(tenant, name, System.QUICKBOOKS, settings, credentials)


@app.command()
def posting(name: Name, file: PolicyFile, tenant: Tenant = "default") -> None:
    """Give connected books their posting policy; credentials stay as they are and nothing is called.

    Example: unisync connect posting books --file posting.yaml
    """
    connections.change_policy(tenant, name, read_policy(file))
    out.print(f"{name} of tenant {tenant} has a new posting policy.", markup=False)


def disconnect(
    name: Annotated[str, typer.Argument(help="The connection.")],
    tenant: Tenant = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a connection and its credentials; what it wrote, and what is known of it, stays.

    Example: unisync disconnect old-shop
    """
    if not yes:
        typer.confirm(f"Remove the connection {name} of tenant {tenant} and its credentials?", abort=True)
    connections.disconnect(tenant, name)
    out.print(f"{name} of tenant {tenant} is disconnected.", markup=False)


def read_policy(file: Path) -> object:
    """Read a posting policy as a bookkeeper writes it.

    Raises:
        Misconfigured: the file cannot be read.
    """
    try:
        return yaml.safe_load(file.read_text()) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"the posting policy {file} cannot be read: {error}".partition("\n")[0]) from None


def connect(
    tenant: str, name: str, system: System, settings: Mapping[str, object], credentials: Mapping[str, str]
) -> None:
    """Make the connection and say so; raises as ``config.connections.connect`` does."""
    require_name(ConnectionName, "connection", name)
    connections.connect(tenant, name, system, settings, credentials)
    out.print(f"{name} answers and is connected to tenant {tenant}.", markup=False)


def secret(variable: str, question: str) -> str:
    """Take a secret from the environment, or ask for it without showing it."""
    return os.environ.get(variable) or str(typer.prompt(question, hide_input=True))


def address(settings: Mapping[str, object]) -> str:
    """Say where a connection leads, as far as its settings tell."""
    return str(settings.get("realm_id") or settings.get("url") or settings.get("host") or "")


def state(stored: StoredConnection) -> str:
    """Say whether a connection can be used."""
    return str(stored.state) if stored.enabled else "switched off"


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
    """List the connections of a tenant and whether they work; credentials are never shown.

    State "reconnect": the other side withdrew our access. "switched off": it was never proved to work. Either way,
    connect it anew.

    Example: unisync connections --tenant default
    """
    with open_ledger() as engine, tenant_session(engine, tenant) as session:
        require_tenant(session, tenant)
        stored = ledger.list_connections(session)
    if as_json:
        print_json(
            [
                {"name": each.name, "system": each.system, "state": state(each), "settings": each.settings}
                for each in stored
            ]
        )
    else:
        rows = [(each.name, each.system, address(each.settings), state(each)) for each in stored]
        print_table(("name", "system", "address", "state"), rows)


@tenants.command()
def add(name: str) -> None:
    """Create a tenant; its data is invisible to every other tenant.

    Example: unisync tenant add berlin-agency
    """
    require_name(TenantName, "tenant", name)
    with open_ledger() as engine, owner_session(engine) as session:
        ledger.create_tenant(session, name)
    out.print(f"There is a tenant {name}.", markup=False)
