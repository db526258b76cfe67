"""Deleting what is over, in the ledger and in Prefect, a little at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from db.ledger.purging import RULES, Rule, count_over, purge_some
from db.session import purge_session
from domain.retention import Retention
from operations.old_runs import OldRuns

ROWS_AT_ONCE = 5_000
"""Each lot is a transaction of its own, short enough for nobody to wait for it."""


FREQUENT, FREQUENT_KEPT = "frequent", timedelta(days=1)
"""The tag of deployments that run every minute or so, and how long Prefect keeps their runs."""


class Purged(BaseModel):
    """How much of what was deleted or, in a dry run, would be."""

    model_config = ConfigDict(frozen=True)

    dry_run: bool
    deleted: dict[str, int]


def purge_ledger(engine: Engine, retention: Retention, *, dry_run: bool = False) -> Purged:
    """Delete what is over, of all tenants; links, watermarks and whatever is open or owed stay, webhooks do not.

    Raises:
        Misconfigured: the ledger is not prepared for this version.
        Unavailable: it cannot be reached; what was deleted until then is gone, the rest is for the next time.
    """
    deal_with = _count if dry_run else _purge
    return Purged(dry_run=dry_run, deleted={rule.what: deal_with(engine, rule, retention) for rule in RULES})


def purge_prefect(retention: Retention, *, dry_run: bool = False) -> Purged:
    """Delete Prefect's flow runs that ended long ago, with task runs, artifacts and logs; raises as ``OldRuns``."""
    now = datetime.now(UTC)
    over = [(now - timedelta(days=retention.prefect_days), ""), (now - FREQUENT_KEPT, FREQUENT)]
    runs = artifacts = 0
    with OldRuns() as old:
        if dry_run:
            # Whatever is frequent and ended long ago is counted once only.
            (long_ago, _), (lately, tag) = over
            count = old.count(long_ago) + old.count(lately, tag) - old.count(long_ago, tag)
            return Purged(dry_run=True, deleted={"flow runs of Prefect": count})
        for before, tag in over:
            while (lot := old.delete_some(before, tag)) != (0, 0):
                runs, artifacts = runs + lot[0], artifacts + lot[1]
    return Purged(dry_run=False, deleted={"flow runs of Prefect": runs, "artifacts of Prefect": artifacts})


def _count(engine: Engine, rule: Rule, retention: Retention) -> int:
    with purge_session(engine) as session:
        return count_over(session, rule, retention)


def _purge(engine: Engine, rule: Rule, retention: Retention) -> int:
    total = 0
    while True:
        with purge_session(engine) as session:
            deleted = purge_some(session, rule, retention, ROWS_AT_ONCE)
        total += deleted
        if deleted < ROWS_AT_ONCE:
            return total
