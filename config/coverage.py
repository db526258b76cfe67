"""What schedules and webhooks may carry: what a run once carried whose plan somebody had confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from config.routes import ROUTES
from config.sandbox import pair_in_use
from db.ledger.confirmations import cover_pair, covered_kinds
from db.ledger.plans import load_plan
from domain.keys import ConnectionName, Kind
from domain.sync import Mode, SyncRequest


def is_covered(
    session: Session, route: str, source: ConnectionName, target: ConnectionName, kinds: Iterable[Kind] = ()
) -> bool:
    """Whether a confirmed run carried these kinds, all of the route when none is named, to where they are to go.

    In sandbox mode that is between the connections that stand in.

    Raises:
        Misconfigured: sandbox mode is on and nothing stands in for one of them.
    """
    used = pair_in_use(session, source, target)
    return covered_kinds(session, route, used.source, used.target) >= (set(kinds) or set(ROUTES[route].kinds))


def would_cover(session: Session, request: SyncRequest) -> bool:
    """Whether schedules and webhooks may not follow yet, and may once this run was confirmed and carried out.

    ``request`` names the connections in use.
    """
    covered = covered_kinds(session, request.route, request.source, request.target)
    return looks_at_everything(request) and not covered >= set(request.kinds)


def cover(session: Session, request: SyncRequest, run_id: UUID) -> None:
    """Let schedules and webhooks follow a run that is completed, if it looked at everything and was confirmed.

    A run without a plan was seen by nobody before it wrote, and a small plan starts without anybody's word.
    """
    if request.dry_run or request.plan is None or not looks_at_everything(request):
        return
    plan = load_plan(session, request.plan)
    if plan is not None and plan.confirmed_by is not None:
        cover_pair(session, request, run_id)


def looks_at_everything(request: SyncRequest) -> bool:
    """Whether the run leaves out nothing of its kinds."""
    return request.mode is Mode.FULL and request.is_complete
