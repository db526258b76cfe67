"""``python -m benchmarks.latency``: how long a sale takes from the webhook's arrival until it stands in the books."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from benchmarks.contest import BOOKS, SHOP, TENANT
from benchmarks.installation import Shop as Connected
from benchmarks.installation import open_installation, pid_of
from benchmarks.machine import describe_machine
from cli.caller import local_caller
from cli.demo_checks import Shop
from cli.demo_stage import connect_books, running_books, running_shop
from cli.output import err, print_json
from cli.prefect_server import free_port
from cli.processes import running
from config.requests import build_request
from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from config.sandbox import OWN_WAREHOUSE
from config.settings import CHECKOUT, settings
from db.ledger.confirmations import cover_pair
from domain.errors import FatalError
from operations.registration import register

# A sale takes two or three batches, and QuickBooks takes forty in a minute.
SALES, GAP_SECONDS = 40, 6.0
START_SECONDS, CARRY_SECONDS = 60.0, 180.0

FULL = """
from flows.woocommerce_to_quickbooks import woocommerce_to_quickbooks
from flows.woocommerce_to_supabase import woocommerce_to_supabase
def walk():
    woocommerce_to_supabase(mode="full")
    woocommerce_to_quickbooks(mode="full")
"""
ONCE, FOR_EVER = f"{FULL}walk()", f"{FULL}while True: walk()"
SERVE = "import sys; from cli.main import run; sys.argv = ['unisync', 'serve', '--port', '{}']; run()"

# By the ledger's clock, from an order's first delivery until QuickBooks had answered that its document stands.
DELAYS = text("""
SELECT extract(epoch FROM written.at - arrived.at)::float
FROM (SELECT record_id, min(first_seen) AS at FROM unisync.arrivals WHERE kind = 'order' GROUP BY 1) arrived
JOIN (SELECT source_id, min(settled_at) AS at FROM unisync.intents
      WHERE kind = 'order' AND role = 'document' AND state = 'settled' GROUP BY 1) written
  ON written.source_id = arrived.record_id
ORDER BY arrived.at
""")


# An order like this one has a customer and articles that the books know.
STANDING = text("""
SELECT source_id FROM unisync.links WHERE kind = 'order' AND role = 'document' AND target_connection = 'books'
ORDER BY length(source_id), source_id LIMIT 1
""")


def main(arguments: Sequence[str]) -> int:
    """Measure beside a quiet installation, or beside full walks of both routes that never end, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--sales", type=int, default=SALES, help=f"so many sales ({SALES})")
    parser.add_argument("--gap", type=float, default=GAP_SECONDS, help=f"seconds between two ({GAP_SECONDS:g})")
    parser.add_argument("--sweep", action="store_true", help="walk through the whole shop meanwhile, again and again")
    options = parser.parse_args(arguments)
    with open_installation(0) as installation, running_shop(None) as shop, running_books() as books:
        connected = Connected(pid_of("simulators.woocommerce"), shop.url, shop.key, shop.secret)
        with installation.job(connected, prepared=False) as job, installation.entered(job):
            connect_books(books)
            subprocess.run([sys.executable, "-c", ONCE], cwd=CHECKOUT, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - our own interpreter
            confirm()
            with listening_service(), started(FOR_EVER) if options.sweep else nullcontext():
                delays = sell(shop, options.sales, options.gap)
        machine = describe_machine(installation.version())
    print_json({"sweep": options.sweep, **figures(delays), "load": os.getloadavg()[1], "machine": machine})
    return 0


def confirm() -> None:
    """Let webhooks follow the first walks, as if somebody had confirmed them."""
    with local_caller(TENANT) as caller, caller.ledger() as session:
        for route, target in ((WOOCOMMERCE_TO_SUPABASE, OWN_WAREHOUSE), (WOOCOMMERCE_TO_QUICKBOOKS, BOOKS)):
            asked = {"tenant": TENANT, "source": SHOP, "target": target, "mode": "full"}
            cover_pair(session, build_request(route, asked), uuid4())


@contextmanager
def listening_service() -> Iterator[None]:
    """Run the service and the listener, each in a process of its own, with the webhooks of the shop registered."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    os.environ["UNISYNC_PUBLIC_URL"] = address
    settings.cache_clear()
    with started(SERVE.format(port)), started("from flows.arrivals import main; main()"):
        deadline = time.monotonic() + START_SECONDS
        while not is_up(address):
            if time.monotonic() > deadline:
                raise FatalError("the service did not start")
            time.sleep(0.2)
        with local_caller(TENANT) as caller:
            register(caller, SHOP)
        # Until the listener has loaded Prefect.
        time.sleep(10)
        yield
    del os.environ["UNISYNC_PUBLIC_URL"]


def is_up(address: str) -> bool:
    """Whether the service answers."""
    try:
        return httpx.get(f"{address}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


@contextmanager
def started(code: str) -> Iterator[None]:
    """Run Python code in a process of its own for as long as the block lasts."""
    quiet = subprocess.DEVNULL
    with running([sys.executable, "-c", code], cwd=CHECKOUT, stdout=quiet, stderr=quiet):
        yield


def sell(shop: Shop, sales: int, gap: float) -> list[float]:
    """Let orders come in like one that is in the books, one after the other, and give their delays in seconds.

    Raises:
        FatalError: not every one of them came into the books in time.
    """
    with local_caller(TENANT) as caller, caller.ledger() as session:
        like = int(session.scalars(STANDING).one())
    for number in range(1, sales + 1):
        action = {"action": "insert", "kind": "orders", "like": like, "fields": {"status": "processing"}}
        shop.http.post(f"{shop.url}/_control/world", json=action).raise_for_status()
        err.print(f"sale {number} of {sales}", end="\r")
        time.sleep(gap)
    deadline = time.monotonic() + CARRY_SECONDS
    while time.monotonic() < deadline:
        with local_caller(TENANT) as caller, caller.ledger() as session:
            delays = list(session.scalars(DELAYS))
        if len(delays) >= sales:
            return delays
        time.sleep(1)
    raise FatalError(f"only {len(delays)} of {sales} sales came into the books")


def figures(delays: Sequence[float]) -> dict[str, Any]:
    """Give what people want to know of so many delays."""
    ordered = sorted(delays)
    return {
        "sales": len(ordered),
        "median_s": round(statistics.median(ordered), 2),
        "p95_s": round(ordered[int(len(ordered) * 0.95)], 2),
        "slowest_s": round(ordered[-1], 2),
        "delays_s": [round(each, 2) for each in delays],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
