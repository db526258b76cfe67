"""unisync sync and runs: a run right now, and what ran before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from cli.output import err, print_json, print_table
from cli.prefect_server import any_server, use_server
from config.routes import ROUTES
from config.settings import CHECKOUT
from domain.errors import Misconfigured
from domain.sync import Mode, SyncReport, Tally

Word = TypeVar("Word", bound=str)

COLUMNS = ("kind", *Tally.model_fields)


def sync(
    route: Annotated[str, typer.Argument(help=f"One of: {', '.join(ROUTES)}.")],
    tenant: Annotated[str, typer.Option(help="Whose data.")] = "default",
    source: Annotated[str, typer.Option(help="Connection to read.")] = "shop",
    target: Annotated[str | None, typer.Option(help="Connection to write; warehouse or books when left out.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    mode: Annotated[str, typer.Option(help="full or incremental.")] = Mode.INCREMENTAL.value,
    since: Annotated[str | None, typer.Option(help="Changes after this ISO time with its zone.")] = None,
    record: Annotated[list[str] | None, typer.Option("--id", help="Only this record; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find out what would change and write nothing.")] = False,
    allow_removals: Annotated[bool, typer.Option("--allow-removals", help="Many records are really gone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Run a sync now and wait for it. Exit code 0: every record written; 1: some were not; 2: the run failed.

    Example: unisync sync woocommerce-to-supabase --mode full
    """
    if route not in ROUTES:
        raise Misconfigured(f"there is no route {route}; there is: {', '.join(ROUTES)}")
    spec = ROUTES[route]
    kinds = [choice(spec.kinds, "kind", name) for name in kind] if kind else None
    parameters: dict[str, object] = {
        "tenant": tenant, "source": source, "target": target or spec.target, "kinds": kinds,
        "mode": choice(tuple(Mode), "mode", mode), "since": moment(since), "ids": record,
        "dry_run": dry_run, "allow_removals": allow_removals,
    }  # fmt: skip
    with any_server() as url:
        use_server(url)
        report = run_route(route, parameters)
        # Now, so that it is not lost should the server not stop.
        show(report, as_json)
    raise typer.Exit(1 if any(tally.failed for tally in report.tallies.values()) else 0)


def run_route(route: str, parameters: Mapping[str, object]) -> SyncReport:
    """Run the flow of a route in this process and give its report.

    Raises:
        ConnectorError: the run failed; the message is one sentence.
    """
    # Prefect takes seconds to import and reads the environment while it does, so not before the server is known.
    from prefect.flows import load_flow_from_entrypoint

    from cli.progress import with_progress

    name = route.replace("-", "_")
    return with_progress(load_flow_from_entrypoint(f"{CHECKOUT}/flows/{name}.py:{name}"), parameters)


def show(report: SyncReport, as_json: bool) -> None:
    """Print what a run did."""
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    rows = [
        (kind.value, *(getattr(tally, name) for name in Tally.model_fields)) for kind, tally in report.tallies.items()
    ]
    print_table(COLUMNS, rows, title=f"{report.request.source} to {report.request.target}, {report.seconds:.1f} s")
    if any(tally.failed for tally in report.tallies.values()):
        err.print("Some records were not written; unisync problems says which and why.")


def choice(words: Sequence[Word], what: str, word: str) -> Word:
    """Read one of a fixed set of words.

    Raises:
        Misconfigured: it is none of them.
    """
    for known in words:
        if known == word:
            return known
    raise Misconfigured(f"{word!r} is no {what}; choose one of: {', '.join(words)}")


def moment(text: str | None) -> datetime | None:
    """Read an ISO 8601 time with its zone.

    Raises:
        Misconfigured: it is none.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Misconfigured(f"{text!r} is no time with a zone; write it like 2026-01-31T08:00:00+01:00")
    return at
