"""unisync purge: deletes what is over."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.caller import login_name
from cli.output import out, print_json, print_table
from cli.prefect_server import is_healthy
from config.prefect_address import api_url
from config.retention import retention
from config.settings import settings
from config.wiring import open_ledger
from db.server_log import trim_log
from operations.housekeeping import note_start
from operations.purging import purge_ledger, purge_prefect


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be deleted and delete nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Delete what is over, of all tenants: old entries of the record log, old runs, ended sessions and so on.

    How long what is kept, variables that begin with UNISYNC_RETENTION_ say. Links, watermarks and whatever is open or
    owed stay for good; webhooks go even if nothing ever carried them. The flow "purge" does the same every night.
    Prefect is left alone while its server is away.

    Example: unisync purge --dry-run
    """
    kept = retention()
    with open_ledger() as engine:
        note_start(engine, "purge", f"operator:{login_name()}", None, {"dry_run": dry_run})
        deleted = purge_ledger(engine, kept, dry_run=dry_run).deleted
    if is_healthy(api_url()):
        deleted |= purge_prefect(kept, dry_run=dry_run).deleted
    if not dry_run:
        trim_log(settings().home)
    if as_json:
        print_json({"dry_run": dry_run, "deleted": deleted})
        return
    rows = [(what, count) for what, count in deleted.items() if count]
    if rows:
        print_table(("would be deleted" if dry_run else "deleted", "how many"), rows)
    else:
        out.print("Nothing is over.")
