"""How many changes no webhook told of: what a walk finds changed is compared with what arrived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from db.ledger import watermark
from db.ledger.arrival_counts import count_arrivals, untold
from db.ledger.webhooks import load_webhooks
from domain.keys import Kind
from domain.sync import SyncRequest

TOLD_KINDS = (Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER)
"""The kinds of which a shop tells; refunds come with their order, tax rates not at all."""


def note_losses(
    session: Session, request: SyncRequest, kind: Kind, seen: Mapping[str, str | None], until: datetime
) -> None:
    """Count what changed between the walk before and ``until``, and how much of that never arrived.

    ``seen`` are the records that the walk read, with their versions. To be called before the watermark moves. A change
    that the walks to two targets find counts twice, among the changes as among the missed.
    """
    stored, before = load_webhooks(session, request.source), watermark(session, request.source, request.target, kind)
    if kind not in TOLD_KINDS or stored is None or stored.registered_at is None or before is None:
        return
    since = max(before, stored.registered_at)
    moments = {key: moment for key, version in seen.items() if (moment := moment_of(version)) is not None}
    changed = {key: moment for key, moment in moments.items() if since < moment <= until}
    if changed:
        missed = untold(session, request.source, kind, changed)
        count_arrivals(session, request.source, changes=len(changed), missed=missed)


def moment_of(version: str | None) -> datetime | None:
    """Read the version of a shop's record, the stamp of its last change in UTC; None when it is none."""
    try:
        return datetime.fromisoformat(version).replace(tzinfo=UTC) if version else None
    except ValueError:
        return None
