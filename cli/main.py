"""The unisync command: every room of the product from the terminal."""

from __future__ import annotations

import sys

import typer

from cli import (
    connections,
    consent,
    database,
    failures,
    integrations,
    notify,
    prefect,
    sandbox,
    schedules,
    simulate,
    tenants,
    tokens,
    users,
    warehouse,
    webhooks,
)
from cli.audit import audit
from cli.demo import demo
from cli.figures import show_metrics
from cli.history import problems, runs
from cli.output import err
from cli.posting import posting
from cli.processes import terminable
from cli.purge import purge
from cli.records import history
from cli.service import openapi, serve
from cli.steering import cancel, confirm, limits, plan, status
from cli.sync import sync
from config.logs import mask_logs
from db.server_account import EmbeddedPostgresError
from db.vault import new_key
from domain.errors import ConnectorError
from domain.refusals import Refusal

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=(
        "Universal Data Sync: WooCommerce to QuickBooks Online and to Postgres or Supabase; "
        "nothing twice, nothing lost, right to the cent."
    ),
)
app.add_typer(connections.app, name="connect")
app.add_typer(tenants.app, name="tenant")
app.add_typer(tokens.app, name="token")
app.add_typer(users.app, name="user")
app.add_typer(database.app, name="db")
app.add_typer(prefect.app, name="prefect")
app.add_typer(simulate.app, name="simulate")
app.add_typer(warehouse.app, name="warehouse")
app.add_typer(integrations.app, name="connections")
app.add_typer(failures.app, name="failures")
app.add_typer(schedules.app, name="schedules")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(notify.app, name="notify")
connections.app.command()(consent.quickbooks_oauth)
app.command()(connections.disconnect)
app.command()(sync)
app.command()(status)
app.command()(cancel)
app.command()(plan)
app.command()(confirm)
app.command()(limits)
app.command()(posting)
app.command()(runs)
app.command()(problems)
app.command()(history)
app.command("metrics")(show_metrics)
app.command()(purge)
app.command()(demo)
app.command()(audit)
app.command()(serve)
app.command()(openapi)


@app.command()
def key() -> None:
    """Print a new key for UNISYNC_SECRET_KEY, which seals the credentials of all connections.

    Example: export UNISYNC_SECRET_KEY=$(unisync key)
    """
    sys.stdout.write(new_key() + "\n")


def run() -> None:
    """Run the command line; what the user can mend ends with one sentence and exit code 2."""
    mask_logs()
    try:
        with terminable():
            app()
    except (ConnectorError, EmbeddedPostgresError, Refusal) as error:
        err.print(f"unisync: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
