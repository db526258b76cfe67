"""``python -m benchmarks``: how fast and how lean orders land, and in how few calls they are posted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.books import post_twice
from benchmarks.checks import count_lines, differences
from benchmarks.installation import Installation, Shop, open_installation, running_shop
from benchmarks.machine import describe_machine, describe_occasion
from benchmarks.processes import PATIENCE_SECONDS, Run, measure_run
from benchmarks.report import CONTENDERS, announce, for_programs, medians, show
from cli.output import err, print_json
from db.server_account import EmbeddedPostgresError
from domain.errors import ConnectorError, FatalError

ORDERS, QUICK_ORDERS = 20_000, 1_000
RUNS, QUICK_RUNS = 3, 1
POSTED, QUICK_POSTED = 300, 60


def main(arguments: Sequence[str]) -> int:
    """Measure and tell; 0 whatever the figures say, 1 when a contender failed or did not write what the shop holds."""
    options = parse(arguments)
    err.print("Starting a Postgres and a Prefect server of our own ...")
    try:
        with open_installation(0 if options.quick else PATIENCE_SECONDS) as installation:
            machine = describe_machine(installation.version())
            runs, memory = measure(installation, options.orders, options.runs)
            posting = post_twice(installation, options.posted).for_programs()
    except (ConnectorError, EmbeddedPostgresError) as error:
        err.print(f"wrong: {error}", style="red", markup=False, soft_wrap=True)
        if options.json:
            print_json({"ok": False, "error": str(error)})
        return 1
    figures = for_programs(options.orders, runs, memory, posting)
    result = {"ok": True, **describe_occasion(), "machine": machine, **figures}
    if options.json:
        print_json(result)
    else:
        show(result)
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong option ends the program with exit code 2 and one sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--orders", type=int, help=f"size of the generated shop ({ORDERS:,})")
    parser.add_argument("--runs", type=int, help=f"runs of each contender, of which the medians count ({RUNS})")
    parser.add_argument("--posted", type=int, help=f"size of the shop that is posted to QuickBooks ({POSTED:,})")
    quick = f"to try it out: {QUICK_ORDERS:,} orders, {QUICK_RUNS} run, a shop of {QUICK_POSTED} posted"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(orders=QUICK_ORDERS if "--quick" in arguments else ORDERS)
    parser.set_defaults(runs=QUICK_RUNS if "--quick" in arguments else RUNS)
    parser.set_defaults(posted=QUICK_POSTED if "--quick" in arguments else POSTED)
    options = parser.parse_args(arguments)
    if options.orders < 4 or options.runs < 1 or options.posted < 4:
        parser.error("--orders and --posted must be 4 or more and --runs 1 or more")
    return options


def measure(installation: Installation, orders: int, rounds: int) -> tuple[dict[str, list[Run]], dict[int, float]]:
    """Run all contenders by turns, then ours at a quarter and at twice the size; gives the runs and the peaks in MB.

    Raises:
        FatalError: a contender failed, or did not write what the shop holds.
    """
    runs: dict[str, list[Run]] = {name: [] for name in CONTENDERS}
    lines: dict[str, int] = {}
    with running_shop(orders) as shop:
        for number in range(1, rounds + 1):
            for name in CONTENDERS:
                run, lines[name] = run_once(installation, shop, name, f"run {number} of {rounds}")
                runs[name].append(run)
                if len(set(lines.values())) > 1:
                    raise FatalError(f"the contenders wrote different numbers of order lines: {lines}")
    memory = {orders: float(medians(runs["ours"])["peak_rss_mb"])}
    for size in (orders // 4, orders * 2):
        with running_shop(size) as shop:
            run, _ = run_once(installation, shop, "ours", f"memory at {size:,} orders")
            memory[size] = round(run.peak_rss_mb, 2)
    return runs, memory


def run_once(installation: Installation, shop: Shop, name: str, occasion: str) -> tuple[Run, int]:
    """Run one contender into fresh databases and look at what it wrote; gives its cost and the order lines written.

    Raises:
        FatalError: it failed, or did not write what the shop holds.
    """
    expected = shop.checksum()
    bystanders = installation.bystanders(twin=shop.pid)
    with installation.job(shop, prepared=name != "ours") as job:
        run = measure_run(name, job, installation.environment(job), bystanders)
        wrong = differences(expected, job, has_ledger=name != "naive")
        if wrong:
            raise FatalError(f"{name} did not write what the shop holds: {'; '.join(wrong)}")
        lines = count_lines(job)
    announce(name, occasion, run)
    return run, lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
