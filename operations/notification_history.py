"""What people were told and what not, and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from db.ledger.deliveries import StoredNotice
from db.ledger.notification_history import NoticeFilter, list_notices, suppressed_count
from db.models.notifications import DeliveryState
from domain.access import Permission
from domain.inputs import Identity, Moment
from domain.listing import PageRequest, decode_cursor, encode_cursor
from notifications.events import EventType
from notifications.notice import Notice, Stage
from operations.caller import Caller


class HistoryWish(PageRequest):
    """Which notices are wanted: all that fit everything given; ``until`` itself is left out."""

    config: UUID | None = Field(default=None, description="The id of a configuration.")
    incident: UUID | None = Field(default=None, description="The id of an incident.")
    event: EventType | None = None
    stage: Stage | None = None
    state: DeliveryState | None = None
    since: Moment | None = None
    until: Moment | None = None


class HistoricNotice(BaseModel):
    """A notice to one target with what became of it, or one that was not told, with the reason.

    ``count`` says for how many events an entry stands of which nobody was told, ``why`` why it was not delivered (yet),
    ``answer`` what the receiver said.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    config_id: UUID | None
    config_name: str
    channel: str
    target: str
    incident_id: UUID | None
    event_type: str
    stage: str
    state: DeliveryState
    delivered: bool
    why: str
    answer: str
    attempts: int
    count: int
    created_at: AwareDatetime
    next_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    notice: Notice


class NoticeHistory(BaseModel):
    """One page of the history, and how many of the events that fit were told to nobody one by one."""

    model_config = ConfigDict(frozen=True)

    items: tuple[HistoricNotice, ...]
    next_cursor: str | None = None
    suppressed: int


def list_history(caller: Caller, wanted: HistoryWish) -> NoticeHistory:
    """Give the notices that fit, the newest first.

    Raises:
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    before = decode_cursor(wanted.cursor, tuple[Identity])[0] if wanted.cursor else None
    chosen = NoticeFilter(
        config_id=wanted.config,
        incident_id=wanted.incident,
        event_type=wanted.event,
        **wanted.model_dump(include={"stage", "state", "since", "until"}),
    )
    with caller.ledger() as session:
        found = list_notices(session, chosen, wanted.limit + 1, before)
        suppressed = suppressed_count(session, chosen)
    items = tuple(map(_shown, found[: wanted.limit]))
    more = encode_cursor((items[-1].id,)) if len(found) > wanted.limit else None
    return NoticeHistory(items=items, next_cursor=more, suppressed=suppressed)


def _shown(stored: StoredNotice) -> HistoricNotice:
    fields: dict[str, Any] = stored.model_dump(exclude={"claimed_until"})
    return HistoricNotice(**fields, delivered=stored.state is DeliveryState.DELIVERED)
