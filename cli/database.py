"""unisync db: the databases of the installation."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import out, print_json
from config.databases import ledger_url
from config.settings import settings
from config.wiring import open_ledger
from db import embedded
from db.ledger import create_tenant
from db.migrations import is_current, upgrade
from db.session import owner_session

DEFAULT_TENANT = "default"

app = typer.Typer(no_args_is_help=True, help="Create, upgrade and stop the databases.")


@app.command("upgrade")
def upgrade_databases() -> None:
    """Create or upgrade the ledger and make sure that the tenant "default" exists; safe to repeat.

    Example: unisync db upgrade
    """
    prepare_ledger()
    out.print("The ledger is up to date; the warehouse's own tables are made by the first run.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False) -> None:
    """Tell where the ledger is and whether it is up to date.

    Example: unisync db status --json
    """
    kind = "embedded" if settings().database_url is None else "given by UNISYNC_DATABASE_URL"
    running = settings().database_url is not None or embedded.is_running(settings().home)
    current = is_current(ledger_url()) if running else None
    if as_json:
        print_json({"server": kind, "running": running, "up_to_date": current})
        return
    out.print(f"Postgres: {kind}, {'running' if running else 'not running'}")
    if current is None:
        out.print("Ledger: unknown while Postgres is stopped; the next command that needs it starts it")
    else:
        out.print("Ledger: up to date" if current else "Ledger: run unisync db upgrade")


@app.command()
def stop() -> None:
    """Stop the embedded Postgres; the next command that needs it starts it again.

    Example: unisync db stop
    """
    embedded.stop(settings().home)
    out.print("The embedded Postgres is stopped.")


def prepare_ledger() -> None:
    """Bring the ledger to the present form and make the tenant that a single shop needs."""
    upgrade(ledger_url())
    with open_ledger() as engine, owner_session(engine) as session:
        create_tenant(session, DEFAULT_TENANT)
