"""The unisync command: every room of the product from the terminal."""

from __future__ import annotations

import sys

import typer

from cli import connections, database, prefect, simulate
from cli.demo import demo
from cli.history import problems, runs
from cli.output import err
from cli.posting import posting
from cli.processes import terminable
from cli.sync import sync
from db.server_account import EmbeddedPostgresError
from db.vault import new_key
from domain.errors import ConnectorError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=(
        "Universal Data Sync: WooCommerce to QuickBooks Online and to Postgres or Supabase; "
        "nothing twice, nothing lost, right to the cent."
    ),
)
app.add_typer(connections.app, name="connect")
app.add_typer(connections.tenants, name="tenant")
app.add_typer(database.app, name="db")
app.add_typer(prefect.app, name="prefect")
app.add_typer(simulate.app, name="simulate")
app.command("connections")(connections.list_connections)
app.command()(connections.disconnect)
app.command()(sync)
app.command()(posting)
app.command()(runs)
app.command()(problems)
app.command()(demo)


@app.command()
def key() -> None:
    """Print a new key for UNISYNC_SECRET_KEY, which seals the credentials of all connections.

    Example: export UNISYNC_SECRET_KEY=$(unisync key)
    """
    sys.stdout.write(new_key() + "\n")


def run() -> None:
    """Run the command line; what the user can mend ends with one sentence and exit code 2."""
    try:
        with terminable():
            app()
    except (ConnectorError, EmbeddedPostgresError) as error:
        err.print(f"unisync: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
