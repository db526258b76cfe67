"""unisync metrics: figures of a tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from domain.figures import Calls, Durations, Metrics
from domain.sync import Tally
from operations.metrics import LONGEST_DAYS, metrics


def show_metrics(
    tenant: Annotated[str, typer.Option(help="Whose figures.")] = "default",
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="Of so many days.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Show figures: what was done, how long it took, what is owed, and how often systems were called.

    Example: unisync metrics --days 7
    """
    with local_caller(tenant) as caller:
        found = metrics(caller, days)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(found)


def show(found: Metrics) -> None:
    """Print figures for people."""
    runs = ", ".join(f"{count} {state}" for state, count in found.runs.by_state.items()) or "none"
    rate = (
        "" if found.runs.success_rate is None else f"; {100 * found.runs.success_rate:.1f} % of those that ended well"
    )
    out.print(f"Runs: {runs}{rate}; seconds: {spread(found.runs.seconds)}")
    for each in found.routes:
        success = "never" if each.success_age_seconds is None else ago(each.success_age_seconds)
        out.print(f"{each.route}, {each.source} to {each.target}: last {each.last_state}, last completed {success}")
    kinds = [
        (kind.kind, *kind.tally.model_dump().values(), kind.errors, spread(kind.milliseconds)) for kind in found.kinds
    ]
    columns = ("kind", *Tally.model_fields, "errors", "ms per write: p50 / p95 / p99")
    print_table(columns, [*kinds, ("total", *found.total.model_dump().values(), found.errors, "")])
    if found.calls:
        columns = ("calls this month to", "reads", "by its end", "writes", "by its end", "reads allowed")
        print_table(columns, [called(each) for each in found.calls])
    owed = [(each.target, each.kind, each.count, ago(each.oldest_seconds)) for each in found.owed]
    if owed:
        print_table(("owed to", "kind", "records", "the oldest since"), owed)


def called(each: Calls) -> tuple[object, ...]:
    """Give the calls to a system as a row for people."""
    return each.connection, each.reads, each.reads_forecast, each.writes, each.writes_forecast, each.reads_allowed


def spread(durations: Durations) -> str:
    """Write percentiles for people."""
    if not durations.measured:
        return "not measured"
    return " / ".join(f"{value:.1f}" for value in (durations.p50, durations.p95, durations.p99) if value is not None)


def ago(seconds: float) -> str:
    """Write an age for people."""
    return f"{timedelta(seconds=round(seconds))} ago"
