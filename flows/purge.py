"""Housekeeping: what is over is deleted every night, in the ledger and in Prefect."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Failed

from config.retention import retention
from config.settings import settings
from config.wiring import open_ledger
from db.server_log import trim_log
from domain.errors import ConnectorError
from flows.logs import keep_tracebacks_out
from flows.origin import note_housekeeping
from flows.progress import not_fatal
from operations.purging import Purged, purge_ledger, purge_prefect


@flow(name="purge", persist_result=False)
def purge(dry_run: bool = False) -> Purged | State[object]:
    """Delete what is over: old entries of the record log, old runs, what was sent to books, sessions and so on.

    How long what is kept, variables that begin with UNISYNC_RETENTION_ say. Links, watermarks and whatever is open or
    owed stay for good; webhooks go even if nothing ever carried them.

    Args:
        dry_run: Count what would be deleted and delete nothing.
    """
    keep_tracebacks_out()
    try:
        kept = retention()
        with open_ledger() as engine:
            note_housekeeping(engine, dry_run=dry_run)
            done = purge_ledger(engine, kept, dry_run=dry_run)
        done = Purged(dry_run=dry_run, deleted=done.deleted | purge_prefect(kept, dry_run=dry_run).deleted)
        if not dry_run:
            trim_log(settings().home)
    except ConnectorError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=error)
    tell(done)
    return done


def tell(done: Purged) -> None:
    """Log what was deleted and put it into the Prefect UI."""
    for what, count in done.deleted.items():
        if count:
            get_run_logger().info("%s %d %s", "would delete" if done.dry_run else "deleted", count, what)
    with not_fatal():
        create_markdown_artifact(key="purge-summary", markdown=summarise(done), description="What was over")


def summarise(done: Purged) -> str:
    """Write what was deleted as a Markdown table."""
    rows = "\n".join(f"| {what} | {count} |" for what, count in done.deleted.items())
    title = "What would be deleted" if done.dry_run else "What was deleted"
    return f"## {title}\n\n| what | how many |\n| --- | ---: |\n{rows}\n"
