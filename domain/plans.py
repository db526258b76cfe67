"""A dry run that is kept: what it would write, what that comes to, and whether somebody confirmed it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.keys import Kind, RecordKey
from domain.sync import SyncRequest, Tally
from domain.writes import Action, Write


class PlannedWrite(BaseModel):
    """One write of a stored plan: enough to recognise it again, without what is written."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "key": {"connection": "shop", "kind": "order", "id": "794"},
                    "role": "document",
                    "action": "create",
                    "fingerprint": "7f3a0c55b2",
                    "amount": "119.00",
                    "currency": "EUR",
                }
            ]
        },
    )

    key: RecordKey
    role: str
    action: Action
    fingerprint: str
    amount: Decimal | None = None
    currency: str | None = None

    @property
    def line(self) -> str:
        """What the hash of the plan takes in of this write."""
        amount = "" if self.amount is None else f"{self.amount.normalize():f}"
        parts = (str(self.key), self.role, self.action, self.fingerprint, amount, self.currency or "")
        # Ids and roles may hold any character, so each part says how long it is.
        return "".join(f"{len(part)}:{part}" for part in parts)


def planned(write: Write) -> PlannedWrite:
    """Give what a stored plan keeps of a write."""
    return PlannedWrite(
        key=write.source,
        role=write.role,
        action=write.action,
        fingerprint=write.fingerprint,
        amount=write.amount,
        currency=write.money,
    )


def hash_plan(scope: SyncRequest, writes: Iterable[PlannedWrite]) -> str:
    """Name what a plan intends: where from and to, what was asked for, and every write, in the order of their keys."""
    print_ = hashlib.sha256(scope.model_dump_json().encode())
    for write in writes:
        print_.update(b"\n" + write.line.encode(errors="replace"))
    return print_.hexdigest()


class StoredPlan(BaseModel):
    """What a finished dry run would write.

    ``counts`` are writes by kind and action, ``records`` the source records among them that were asked for, ``amounts``
    what these come to by currency (``""`` where none is known), ``tallies`` the count of the dry run with what it
    skipped and could not read. ``used_by`` is the one request that carries the plan out.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    request: SyncRequest
    hash: str | None
    counts: dict[Kind, dict[Action, int]]
    amounts: dict[str, Decimal]
    records: int
    removals: int
    tallies: dict[Kind, Tally]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    confirmed_at: AwareDatetime | None
    confirmed_by: str | None
    used_by: UUID | None

    @property
    def is_destructive(self) -> bool:
        """Whether something is removed, or more may be than is plausible."""
        return self.removals > 0 or self.request.allow_removals

    def exceeds(self, most_records: int, most_amount: Decimal) -> bool:
        """Whether the plan is larger than may be written unconfirmed; the amount counts in any one currency."""
        return self.records > most_records or any(amount > most_amount for amount in self.amounts.values())
