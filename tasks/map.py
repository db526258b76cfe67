"""From a page to its plan."""

from __future__ import annotations

from prefect import task

from config.wiring import OpenRun
from db.ledger import links_of
from domain.keys import Kind
from domain.records import Page
from domain.writes import Plan
from mapping.plan import plan_page
from tasks.policy import STEP
from tasks.sealed import Sealed


@task(task_run_name="map {kind}", **STEP)
def map_page(run: OpenRun, kind: Kind, page: Sealed[Page]) -> Sealed[Plan]:
    """Decide what the page changes: what the ledger remembers and what the target holds, asked once each per page."""
    ids = [record.key.id for record in page.content.records]
    with run.ledger() as session:
        links = links_of(session, run.request.source, kind, ids, run.request.target)
    held = run.target.held(kind, run.request.source, ids)
    return Sealed(plan_page(page.content, target=run.request.target, links=links, held=held))
