"""Incidents that a configuration was told of in vain, told anew now that it takes notices again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from db.ledger.events import take_turn
from db.ledger.tellings import forget_tellings_in_vain
from db.tenancy import TENANT


def tell_anew(session: Session, config_id: UUID, now: datetime) -> None:
    """Let a configuration be told of open incidents as if for the first time, where nothing of them ever arrived."""
    # Whoever decides just now would write down again what is forgotten here.
    take_turn(session, session.info[TENANT])
    forget_tellings_in_vain(session, config_id, now)
