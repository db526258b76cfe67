"""unisync demo: a recorded shop lands in Postgres, changes, and lands again; nothing twice, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import httpx
import typer

from cli.database import DEFAULT_TENANT, prepare_ledger
from cli.demo_checks import Shop, Warehouse, violations
from cli.output import err, out, print_json, print_table
from cli.prefect_server import running_server, use_server
from cli.sync import run_route
from config.databases import warehouse_url
from config.routes import WOOCOMMERCE_TO_SUPABASE
from config.settings import CHECKOUT, settings
from config.wiring import bound_to, open_ledger, open_vault
from db import embedded, ledger
from db.session import tenant_session
from db.vault import new_key
from domain.errors import Unavailable
from domain.keys import System
from domain.sync import Mode, SyncReport

SHOP = "shop"

Step = dict[str, object]
"""One line of the table: step, route, kind, the tally, seconds."""


def demo(
    orders: Annotated[int | None, typer.Option(min=1, help="A generated shop with so many orders instead.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep shop, database and Prefect running until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Carry a recorded WooCommerce shop into Postgres, change it, and carry it again; needs no account and no server.

    Everything runs on loopback in a folder of its own and is removed at the end. Exit code 0 only if every record is
    accounted for, the warehouse equals the shop, and the last run changed nothing.

    Example: unisync demo --orders 5000
    """
    began = time.monotonic()
    with ExitStack() as stack:
        steps, wrong = stage(stack, orders)
        seconds = round(time.monotonic() - began, 1)
        if as_json:
            print_json({"ok": not wrong, "runs": steps, "seconds": seconds})
        else:
            tell(steps, seconds)
        for sentence in wrong:
            err.print(f"wrong: {sentence}", style="red", markup=False)
        if keep:
            linger()
    raise typer.Exit(1 if wrong else 0)


def stage(stack: ExitStack, orders: int | None) -> tuple[list[Step], list[str]]:
    """Set everything up and run the three steps; gives the lines of the table and what turned out wrong."""
    err.print("Starting a Postgres, a WooCommerce twin and a Prefect server of our own ...")
    home = stack.enter_context(demo_home())
    shop = stack.enter_context(running_twin(orders))
    prepare_ledger()
    connect(shop)
    use_server(stack.enter_context(running_server(home / "prefect-server.log")))
    warehouse = stack.enter_context(Warehouse.opened(warehouse_url(), DEFAULT_TENANT, SHOP))

    full = run_step("full")
    wrong = violations(full, shop, warehouse)
    shop.edit()
    incremental = run_step("incremental")
    wrong += violations(incremental, shop, warehouse)
    before = warehouse.row_versions()
    again = run_step("again")
    wrong += violations(again, shop, warehouse)
    if warehouse.row_versions() != before or any(tally.created or tally.updated for tally in again.tallies.values()):
        wrong.append("the last run changed the warehouse although nothing changed in the shop")
    reports = {"full": full, "incremental": incremental, "again": again}
    return [line for step, report in reports.items() for line in lines(step, report)], wrong


def run_step(step: str) -> SyncReport:
    """Run the route once, in mode full or incremental."""
    err.print(f"{step} run ...")
    mode = Mode.FULL if step == "full" else Mode.INCREMENTAL
    return run_route(WOOCOMMERCE_TO_SUPABASE, {"tenant": DEFAULT_TENANT, "source": SHOP, "mode": mode})


def lines(step: str, report: SyncReport) -> list[Step]:
    """Give one line of the table per kind of the run."""
    return [
        {
            "step": step,
            "route": report.request.route,
            "kind": kind.value,
            **tally.model_dump(),
            "seconds": round(report.durations[kind], 2),
        }
        for kind, tally in report.tallies.items()
    ]


def tell(steps: list[Step], seconds: float) -> None:
    """Print the table and what to try next."""
    print_table(list(steps[0]), [list(line.values()) for line in steps])
    out.print(f"The whole demo took {seconds} s. What to try next:")
    out.print("  unisync demo --keep          the same, then look around: database, shop and Prefect UI stay up")
    out.print("  unisync demo --orders 5000   a larger shop")
    out.print("  unisync db upgrade           begin with a shop of your own; README.md has the next steps")


def linger() -> None:
    """Keep everything running until Ctrl-C and say where it is."""
    err.print(f"Prefect UI  {os.environ['PREFECT_API_URL'].removesuffix('/api')}", markup=False)
    err.print(f"Warehouse   psql '{warehouse_url()}'  (tables in schema commerce)", markup=False)
    err.print("Ctrl-C stops and removes everything.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        signal.pause()


@contextmanager
def demo_home() -> Iterator[Path]:
    """Give the demo an installation of its own in a new folder, whatever the environment names; removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="unisync-demo-"))
    home.chmod(0o711)  # the embedded Postgres of root runs as a user of its own and must get through
    for name in [name for name in os.environ if name.startswith(("UNISYNC_", "PREFECT_"))]:
        del os.environ[name]
    os.environ.update(UNISYNC_HOME=str(home), UNISYNC_SECRET_KEY=new_key())
    settings.cache_clear()
    try:
        yield home
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_twin(orders: int | None) -> Iterator[Shop]:
    """Run the WooCommerce twin as a process of its own, as a real shop would be."""
    command = [sys.executable, "-m", "simulators.woocommerce", "--port", "0", "--json"]
    if orders is not None:
        command += ["--orders", str(orders)]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - fixed arguments
    try:
        first = process.stdout.readline() if process.stdout else ""
        if not first:
            raise Unavailable("the WooCommerce twin did not start")
        with httpx.Client(timeout=60) as http:
            yield Shop(http=http, **json.loads(first))
    finally:
        process.terminate()
        process.wait(30)


def connect(shop: Shop) -> None:
    """Store the twin as the connection of the default tenant, sealed as any other."""
    vault = open_vault()
    credentials = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    sealed = vault.seal(credentials, bound_to=bound_to(DEFAULT_TENANT, SHOP))
    with open_ledger() as engine, tenant_session(engine, DEFAULT_TENANT) as session:
        ledger.save_connection(session, SHOP, System.WOOCOMMERCE, {"url": shop.url}, sealed, vault.key_id)
