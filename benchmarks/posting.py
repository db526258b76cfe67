"""The route into the books, as users run it: one full run with Prefect and everything on."""

from __future__ import annotations

import os
from datetime import datetime

from benchmarks.contest import BOOKS, SHOP, TENANT, Job, Work, compete
from benchmarks.ours import finish_of
from cli.prefect_server import use_server
from domain.sync import Mode


def load() -> Work:
    """Import Prefect and the flow, which is what takes seconds in every new process."""
    use_server(os.environ["PREFECT_API_URL"])
    # Prefect reads its settings while it is imported.
    from flows.woocommerce_to_quickbooks import woocommerce_to_quickbooks

    def work(job: Job) -> datetime:
        # Shop, books and tokens the flow knows from the ledger.
        return finish_of(woocommerce_to_quickbooks(tenant=TENANT, source=SHOP, target=BOOKS, mode=Mode.FULL))

    return work


if __name__ == "__main__":
    compete(load)
