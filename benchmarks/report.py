"""What the figures mean: medians, ratios, goals; as one object for programs and as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.processes import Run
from cli.output import err, out, print_table

CONTENDERS = {
    "ours": "the flow with Prefect and everything on",
    "naive": "a script: page by page, one upsert per row",
    "floor": "the same bookkeeping and no product",
}

FLOOR_FACTOR = 3.0
MOST_MEMORY_MB = 400.0
MEMORY_RATIO = 1.15


@dataclass(frozen=True)
class Goal:
    """What we want of a figure, and whether it is so: at most ``limit``."""

    goal: str
    value: float
    limit: float

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.limit


def announce(name: str, occasion: str, run: Run) -> None:
    """Tell how a run went as soon as it is over."""
    err.print(
        f"{name:>6}, {occasion}: {run.wall:.2f} s, cpu {run.cpu:.2f} s, {run.peak_rss_mb:.0f} MB",
        markup=False,
        soft_wrap=True,
    )


def medians(runs: Sequence[Run]) -> dict[str, Any]:
    """Give the median of each figure by itself."""
    names = ("wall", "done", "cpu", "peak_rss_mb", "import_seconds")
    own = {name: round(median(getattr(run, name) for run in runs), 2) for name in names}
    return own | {"beside": {name: round(median(run.beside[name] for run in runs), 2) for name in runs[0].beside}}


def judge(middle: Mapping[str, Mapping[str, Any]], memory: Mapping[int, float]) -> list[Goal]:
    """Hold the figures against the goals; ``memory`` is the peak in MB by number of orders."""
    ours, naive, floor = (middle[name]["wall"] for name in CONTENDERS)
    sizes = sorted(memory)
    return [
        Goal("wall time, times the floor", round(ours / floor, 2), FLOOR_FACTOR),
        Goal("wall time, times the naive script", round(ours / naive, 2), 1.0),
        Goal("peak memory in MB, at any size", max(memory.values()), MOST_MEMORY_MB),
        Goal(
            f"peak memory at {sizes[-1]:,} orders, times that at {sizes[0]:,}",
            round(memory[sizes[-1]] / memory[sizes[0]], 3),
            MEMORY_RATIO,
        ),
    ]


def judge_posting(posting: Mapping[str, Any]) -> list[Goal]:
    """Hold what a second run asks of QuickBooks, where all is posted already, against the goals."""
    again = posting["runs"]["second"]["requests"]
    return [
        Goal("writes of a second run into the books", again["writes"], 0),
        Goal("reads of a second run into the books", again["reads"], 1),
        Goal("calls refused for haste by QuickBooks", posting["runs"]["first"]["requests"]["throttled"], 0),
    ]


def for_programs(
    orders: int, runs: Mapping[str, list[Run]], memory: Mapping[int, float], posting: Mapping[str, Any]
) -> dict[str, Any]:
    """Give all figures as plain values."""
    middle = {name: medians(of_one) for name, of_one in runs.items()}
    goals = judge(middle, memory) + judge_posting(posting)
    return {
        "orders": orders,
        "contenders": {
            name: {"about": about, "median": middle[name], "runs": [asdict(run) for run in runs[name]]}
            for name, about in CONTENDERS.items()
        },
        "memory": [{"orders": size, "peak_rss_mb": peak} for size, peak in sorted(memory.items())],
        "posting": posting,
        "goals": [{**asdict(goal), "met": goal.is_met} for goal in goals],
    }


def show(result: Mapping[str, Any]) -> None:
    """Print the result for people."""
    machine = result["machine"]
    out.print(f"{result['orders']:,} orders, {result['date']}, commit {result['commit']}, {result['command']}")
    out.print(", ".join(f"{name} {value}" for name, value in machine.items()), markup=False)
    beside = list(result["contenders"]["ours"]["median"]["beside"])
    seconds = ("wall s", "done s", "cpu s", "peak MB", "import s", *(f"{name} cpu" for name in beside))
    print_table(
        ["contender", *seconds, "walls"],
        [contender_row(name, figures) for name, figures in result["contenders"].items()],
    )
    print_table(["orders", "peak MB of the flow"], [list(row.values()) for row in result["memory"]])
    show_posting(result["posting"])
    rows = [
        (goal["goal"], f"{goal['value']:g}", f"at most {goal['limit']:g}", "met" if goal["met"] else "not met")
        for goal in result["goals"]
    ]
    print_table(["goal", "measured", "wanted", ""], rows)


def show_posting(posting: Mapping[str, Any]) -> None:
    """Print what posting asked of QuickBooks and what it cost."""
    documents = ", ".join(f"{each['count']} {entity} {each['total']}" for entity, each in posting["documents"].items())
    out.print(
        f"A shop of {posting['orders']:,} orders posted to QuickBooks: {posting['documents_posted']} documents"
        f" ({documents}), {posting['calls_per_order']:g} calls per posted order",
        soft_wrap=True,
    )
    runs = posting["runs"]
    print_table(
        ["run", *next(iter(runs.values()))["requests"], "wall s", "done s", "cpu s", "peak MB"],
        [
            [name, *run["requests"].values(), *(round(run[cost], 2) for cost in ("wall", "done", "cpu", "peak_rss_mb"))]
            for name, run in runs.items()
        ],
    )


def contender_row(name: str, figures: Mapping[str, Any]) -> list[object]:
    """Give the medians of one contender, and the wall time of each run to show how far they scatter."""
    middle = figures["median"]
    walls = " ".join(f"{run['wall']:.1f}" for run in figures["runs"])
    own = (middle["wall"], middle["done"], middle["cpu"], middle["peak_rss_mb"], middle["import_seconds"])
    return [name, *own, *middle["beside"].values(), walls]
