"""unisync connect and disconnect: whose data comes from where and goes where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import TypeAdapter, ValidationError

from cli.caller import local_caller
from cli.output import out
from connectors.quickbooks.settings import twin_at
from connectors.supabase.settings import SCHEMA, settings_of
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System
from operations.connecting import Candidate
from operations.credentials import disconnect as remove_connection
from operations.integrations import change_policy, make_connection

app = typer.Typer(
    no_args_is_help=True,
    help="Connect a shop, a set of books or a database; credentials are sealed and never shown.",
)

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
def supabase(
    name: Name,
    project_url: Annotated[
        str, typer.Option(help="Address of a Supabase project: its REST API is used, and no Postgres URL.")
    ] = "",
    schema: Annotated[str, typer.Option(help="Schema of the tables.")] = SCHEMA,
    read_only: Annotated[bool, typer.Option("--read-only", help="Never write: for looking and for dry runs.")] = False,
    tenant: Tenant = "default",
) -> None:
    """Connect a Supabase or any other Postgres as a warehouse; its URL is asked for or in UNISYNC_CONNECT_URL.

    Supabase shows the URL under Connect: direct, session pooler and transaction pooler all work. With --project-url,
    the project's service key is asked for or in UNISYNC_SUPABASE_SERVICE_KEY, and the tables are made first with:
    unisync warehouse sql

    Example: unisync connect supabase warehouse
    """
    chosen = {"schema": schema, "read_only": read_only}
    if project_url:
        key = secret("UNISYNC_SUPABASE_SERVICE_KEY", "Service key")
        connect(tenant, name, System.SUPABASE, {"project_url": project_url, **chosen}, {"service_key": key})
        return
    url = secret("UNISYNC_CONNECT_URL", "Postgres URL")
    connect(tenant, name, System.SUPABASE, {**settings_of(url).model_dump(), **chosen}, {"url": url})


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
        settings |= twin_at(twin)
    connect(tenant, name, System.QUICKBOOKS, settings, credentials)


@app.command()
def posting(name: Name, file: PolicyFile, tenant: Tenant = "default") -> None:
    """Give connected books their posting policy; credentials stay as they are and nothing is called.

    Example: unisync connect posting books --file posting.yaml
    """
    with local_caller(tenant) as caller:
        change_policy(caller, name, read_policy(file))
    out.print(f"{name} of tenant {tenant} has a new posting policy.", markup=False)


def disconnect(
    name: Annotated[str, typer.Argument(help="The connection.")],
    tenant: Tenant = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    keep_access: Annotated[
        bool, typer.Option("--keep-access", help="Do not tell Intuit; for when it cannot be reached.")
    ] = False,
) -> None:
    """Remove a connection and its credentials; what was carried stays, and so do the links between the records.

    What was confirmed for it is forgotten: once it is connected anew, schedules and webhooks wait for a complete run
    whose plan somebody confirms. Once something was carried, no other shop or company gets the name.

    The access to a QuickBooks company is given back at Intuit first.

    Example: unisync disconnect old-shop
    """
    if not yes:
        typer.confirm(f"Remove the connection {name} of tenant {tenant} and its credentials?", abort=True)
    with local_caller(tenant) as caller:
        remove_connection(caller, name, revoke=not keep_access)
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
    """Make the connection and say so; raises as ``operations.integrations.make_connection`` does."""
    require_name(ConnectionName, "connection", name)
    with local_caller(tenant) as caller:
        # Who sits at the machine may let it call whatever it reaches.
        make_connection(caller, Candidate(name, system, settings, credentials, public_only=False))
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
