"""What a run leaves behind for people: a summary and the list of what was not written, as artifacts of the flow run."""

from __future__ import annotations

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from config.open_run import OpenRun
from db.ledger import open_problems
from domain.sync import SyncReport, Tally

# An artifact is for reading; the whole queue is in the ledger.
PROBLEMS_SHOWN = 200


def publish(run: OpenRun, report: SyncReport) -> None:
    """Put the summary of the run and, if there are any, its problems into the Prefect UI."""
    create_markdown_artifact(key="sync-summary", markdown=summarise(report), description="What this run did")
    with run.ledger() as session:
        problems = open_problems(session, PROBLEMS_SHOWN, run.id)
    if problems:
        rows = [
            {"record": str(each.key), "code": each.code, "why": each.message, "what to do": each.advice or ""}
            for each in problems
        ]
        create_table_artifact(key="sync-problems", table=rows, description="Records that were not written")


def summarise(report: SyncReport) -> str:
    """Write the report as a Markdown table, one row per kind."""
    request = report.request
    columns = list(Tally.model_fields)
    rows = [[kind.value, *(str(getattr(tally, name)) for name in columns)] for kind, tally in report.tallies.items()]
    table = [["kind", *columns], ["---", *("---:" for _ in columns)], *rows]
    extras = [word for word, is_so in (("dry run", request.dry_run), ("sandbox", request.sandbox)) if is_so]
    title = ", ".join((f"{request.source} to {request.target}", request.mode.value, *extras))
    body = "\n".join("| " + " | ".join(row) + " |" for row in table)
    return f"## {title}\n\nTenant {request.tenant}, {report.seconds:.1f} s.\n\n{body}\n"
