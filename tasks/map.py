"""From a page to its plan."""

from __future__ import annotations

from typing import cast

from prefect import task

from config.open_run import OpenRun
from db.ledger import linked, links_of
from domain.connector import Books
from domain.keys import Kind
from domain.records import Page, Record, Refund
from domain.writes import Plan
from mapping.plan import belongings, plan_page
from mapping.posting_plan import link_identities, plan_postings, posting_rules
from tasks.policy import STEP
from tasks.sealed import Sealed


@task(task_run_name="map {kind}", **STEP)
def map_page(run: OpenRun, kind: Kind, page: Sealed[Page]) -> Sealed[Plan]:
    """Decide what the page changes: what the ledger remembers and what the target holds, asked once each per page."""
    ids = [record.key.id for record in page.content.records]
    with run.ledger() as session:
        links = links_of(session, run.request.source, kind, ids, run.request.target)
    held = run.target.held(kind, run.request.source, ids)
    plan = plan_page(page.content, target=run.request.target, links=links, held=held)
    return Sealed(plan.model_copy(update={"belongs_to": belongings(page.content.records)}))


@task(task_run_name="map {kind} to documents", **STEP)
def map_postings(run: OpenRun, kind: Kind, page: Sealed[Page]) -> Sealed[Plan]:
    """Decide which documents the orders or refunds of the page become in a set of books."""
    records = page.content.records
    orders = [record for record in records if record.key.kind is Kind.ORDER]
    refunds = [record for record in records if record.key.kind is Kind.REFUND]
    parents = orders_of(run, refunds)
    company = cast(Books, run.target).company()
    wanted = link_identities(orders, refunds, policy=run.policy, company=company, parents=parents)
    with run.ledger() as session:
        links = {**linked(session, list(wanted), run.request.target), **run.foretold}
    plan = plan_postings(
        orders, refunds, target=run.request.target, links=links, policy=run.policy, company=company, parents=parents
    )
    if run.request.dry_run:
        # What a later page leans on would stand by then.
        run.foretold |= {write.identity: write.link() for write in plan.writes}
    problems = (*page.content.problems, *plan.problems)
    told = {"problems": problems, "rules": rules_of(run), "belongs_to": belongings(records)}
    return Sealed(plan.model_copy(update=told))


def rules_of(run: OpenRun) -> str:
    """Name what decides which orders and refunds are skipped: the policy, and what the books themselves allow."""
    return posting_rules(run.policy, cast(Books, run.target).company())


def orders_of(run: OpenRun, refunds: list[Record]) -> list[Record]:
    """Read the orders that refunds belong to, which tell their currency and taxes."""
    ids = sorted({record.body.order_id for record in refunds if isinstance(record.body, Refund)})
    return list(run.source.read_ids(Kind.ORDER, ids).records) if ids else []
