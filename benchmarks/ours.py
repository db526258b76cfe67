"""Contender A: the flow as users run it, with Prefect and everything on."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks.contest import SHOP, TENANT, WAREHOUSE, Job, Work, compete
from cli.prefect_server import use_server
from domain.errors import FatalError
from domain.sync import Mode, SyncReport

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


def load() -> Work:
    """Import Prefect and the flow, which is what takes seconds in every new process."""
    use_server(os.environ["PREFECT_API_URL"])
    # Prefect reads its settings while it is imported.
    from domain.keys import Kind
    from flows.woocommerce_to_supabase import woocommerce_to_supabase

    def work(job: Job) -> datetime:
        # Where the databases are, the flow knows from the environment; where the shop is, from the ledger.
        return finish_of(
            woocommerce_to_supabase(tenant=TENANT, source=SHOP, target=WAREHOUSE, kinds=[Kind.ORDER], mode=Mode.FULL)
        )

    return work


def finish_of(report: SyncReport | State[object]) -> datetime:
    """Tell when everything was written; after that Prefect waits up to a second for a thread of its own.

    Raises:
        FatalError: the run ended otherwise than with a report.
    """
    if not isinstance(report, SyncReport):
        raise FatalError(f"the run ended {report.name}")
    return report.finished_at


if __name__ == "__main__":
    compete(load)
