"""Which records of a kind a run is limited to, by what they say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from domain.keys import Kind
from domain.records import Record

Status = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,60}$")]
"""A status as the shop spells it, such as ``completed``."""

Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC))]
"""A moment with its zone, so far from either end of time that hours can be added and taken away."""

SELECTS: dict[str, frozenset[Kind]] = {
    "statuses": frozenset({Kind.PRODUCT, Kind.VARIATION, Kind.ORDER}),
    "created_from": frozenset({Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER, Kind.REFUND}),
    "created_until": frozenset({Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER, Kind.REFUND}),
    "changed_from": frozenset({Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER}),
    "changed_until": frozenset({Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER}),
}
"""Which kinds say what each filter asks for."""


class Filters(BaseModel):
    """What a record must fulfil to be carried, all of it; an empty filter lets every record pass.

    A moment ``from`` is included, one ``until`` is not. A record that does not tell a moment asked for is left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statuses: tuple[Status, ...] = Field(default=(), max_length=50)
    created_from: Moment | None = None
    created_until: Moment | None = None
    changed_from: Moment | None = None
    changed_until: Moment | None = None

    def __bool__(self) -> bool:
        return bool(self.chosen)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the filters that are set."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))

    def admits(self, record: Record) -> bool:
        """Whether the record is to be carried."""
        status = getattr(record.body, "status", None)
        created_at = getattr(record.body, "created_at", None)
        changed_at = getattr(record.body, "modified_at", None)
        return (
            (not self.statuses or status in self.statuses)
            and _is_within(created_at, self.created_from, self.created_until)
            and _is_within(changed_at, self.changed_from, self.changed_until)
        )


def _is_within(moment: datetime | None, begin: datetime | None, end: datetime | None) -> bool:
    if moment is None:
        return begin is None and end is None
    return (begin is None or moment >= begin) and (end is None or moment < end)
