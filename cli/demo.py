"""unisync demo: a recorded shop lands in Postgres and in QuickBooks, changes, and lands again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Annotated

import typer

from cli.database import DEFAULT_TENANT, prepare_ledger
from cli.demo_checks import BOOKS, SHOP, Books, Shop, Warehouse, books_differences, unexplained, warehouse_differences
from cli.demo_stage import connect_books, connect_shop, demo_home, running_books, running_shop
from cli.output import err, out, print_json, print_table
from cli.prefect_server import running_server, use_server
from cli.sync import run_route
from config.databases import warehouse_url
from config.requests import build_request
from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from config.sandbox import OWN_WAREHOUSE
from domain.sync import Mode, SyncReport

# QuickBooks takes 40 batches a minute; a large shop would be an hour at it.
MOST_ORDERS_FOR_BOOKS = 500

Step = dict[str, object]
"""One line of the table: step, route, kind, the tally, seconds."""


def demo(
    orders: Annotated[int | None, typer.Option(min=50, help="A generated shop with so many orders instead.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep shop, database and Prefect running until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Carry a recorded WooCommerce shop into Postgres and into QuickBooks, change it, and carry it again.

    Needs no account and no server: everything runs on loopback in a folder of its own and is removed at the end. Exit
    code 0 only if every record is accounted for, the warehouse equals the shop, the books come to the shop's total to
    the cent, and the last run changed nothing.

    Example: unisync demo --orders 5000
    """
    began = time.monotonic()
    with ExitStack() as stack:
        steps, wrong = play(stack, orders)
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


def play(stack: ExitStack, orders: int | None) -> tuple[list[Step], list[str]]:
    """Set everything up and run all steps; gives the lines of the table and what turned out wrong."""
    err.print("Starting a Postgres, twins of WooCommerce and QuickBooks, and a Prefect server of our own ...")
    home = stack.enter_context(demo_home())
    shop = stack.enter_context(running_shop(orders))
    books = stack.enter_context(running_books())
    prepare_ledger()
    connect_shop(shop)
    connect_books(books)
    use_server(stack.enter_context(running_server(home / "prefect-server.log")))
    warehouse = stack.enter_context(Warehouse.opened(warehouse_url(), DEFAULT_TENANT, SHOP))
    return run_steps(shop, books, warehouse, chosen_routes(orders))


def run_steps(
    shop: Shop, books: Books, warehouse: Warehouse, routes: Mapping[str, str]
) -> tuple[list[Step], list[str]]:
    """Run every route in full, after a day of edits, and once more; look after each step whether all is right."""
    steps: list[Step] = []
    wrong: list[str] = []
    for step in ("full", "incremental", "again"):
        if step == "incremental":
            shop.edit()
        before = (warehouse.row_versions(), books.writes()) if step == "again" else None
        for route, target in routes.items():
            report = run_step(step, route, target)
            steps += lines(step, report)
            wrong += unexplained(report)
        wrong += warehouse_differences(shop, warehouse)
        if BOOKS in routes.values():
            wrong += books_differences(warehouse, books)
        if before and before != (warehouse.row_versions(), books.writes()):
            wrong.append("the last run wrote something although nothing changed in the shop")
    return steps, wrong


def chosen_routes(orders: int | None) -> dict[str, str]:
    """Give the routes of the demo and their targets; says so when the books are left out."""
    routes: dict[str, str] = {WOOCOMMERCE_TO_SUPABASE: OWN_WAREHOUSE}
    if orders is None or orders <= MOST_ORDERS_FOR_BOOKS:
        routes[WOOCOMMERCE_TO_QUICKBOOKS] = BOOKS
    else:
        err.print(f"The books are left out: QuickBooks takes too long for more than {MOST_ORDERS_FOR_BOOKS} orders.")
    return routes


def run_step(step: str, route: str, target: str) -> SyncReport:
    """Run a route once, in mode full or incremental."""
    err.print(f"{step}: {route} ...")
    mode = Mode.FULL if step == "full" else Mode.INCREMENTAL
    return run_route(build_request(route, {"tenant": DEFAULT_TENANT, "source": SHOP, "target": target, "mode": mode}))


def lines(step: str, report: SyncReport) -> list[Step]:
    """Give one line of the table per kind of the run."""
    return [
        {
            "step": step,
            "route": report.request.route,
            "kind": kind.value,
            **tally.model_dump(exclude={"waiting"}),
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
    with suppress(KeyboardInterrupt):
        signal.pause()
