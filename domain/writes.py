"""What is to be written, what was written, and how a source record and its target stay linked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, SkipValidation, model_validator

from domain.keys import ConnectionName, RecordKey
from domain.problems import Problem
from domain.records import Order, Record, Refund

DOCUMENT = "document"
"""The role of a link when one source record becomes exactly one target record."""


class LinkState(StrEnum):
    """Whether the target of a link still stands."""

    LIVE = "live"
    UNDONE = "undone"


class Link(BaseModel):
    """The id map: this source record, in this role, is that record over there.

    ``fingerprint`` is the print of the source as it was last written, ``version`` the source's own version then.
    """

    model_config = ConfigDict(frozen=True)

    source: SkipValidation[RecordKey]
    target: SkipValidation[RecordKey]
    role: str = DOCUMENT
    fingerprint: str
    version: str | None
    state: LinkState = LinkState.LIVE


NEW = ""
"""The id of a target that does not exist yet, in systems that choose the ids of their records themselves."""


class Ref(BaseModel):
    """Stands in a body for the id that a source record has, in this role, in the target.

    The connector puts the id in when it writes, so what is referred to is written before.
    """

    model_config = ConfigDict(frozen=True)

    key: SkipValidation[RecordKey]
    role: str = DOCUMENT


class Action(StrEnum):
    """What a write does to its target."""

    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


class Write(BaseModel):
    """One intended change in the target.

    A target in the shape of the hub takes the ``record`` (None when the source record is gone); one with documents of
    its own takes the ``body``, JSON in the target's spelling in which a ``Ref`` may stand for an id, and
    ``base_version``, the version that an update builds upon. ``expected_total`` is what the document must come to, in
    ``currency``.
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    source: SkipValidation[RecordKey]
    target: SkipValidation[RecordKey]
    role: str = DOCUMENT
    fingerprint: str
    record: SkipValidation[Record | None] = None
    body: SkipValidation[Mapping[str, object] | None] = None
    base_version: str | None = None
    expected_total: Decimal | None = None
    currency: str | None = None

    @property
    def amount(self) -> Decimal | None:
        """What the write moves, None where it is no money: the total of an order, a refund or a document."""
        if self.expected_total is not None or self.record is None:
            return self.expected_total
        body = self.record.body
        return body.total if isinstance(body, Order) else body.amount if isinstance(body, Refund) else None

    @property
    def money(self) -> str | None:
        """The currency of the amount, where it is known."""
        if self.currency is None and self.record is not None and isinstance(self.record.body, Order):
            return self.record.body.currency
        return self.currency

    @property
    def identity(self) -> tuple[RecordKey, str]:
        """What may be written only once in a plan: the source record in its role."""
        return self.source, self.role

    def link(self) -> Link:
        """Give the link that stands once this write is done."""
        return Link(
            source=self.source,
            target=self.target,
            role=self.role,
            fingerprint=self.fingerprint,
            version=self.record.version if self.record else None,
            state=LinkState.UNDONE if self.action is Action.REMOVE else LinkState.LIVE,
        )


class Skipped(BaseModel):
    """A record that policy keeps out of the target, and why: a code for machines, one sentence for people."""

    model_config = ConfigDict(frozen=True)

    key: RecordKey
    code: str
    reason: str


class Waiting(BaseModel):
    """A record that cannot be written before another one is."""

    model_config = ConfigDict(frozen=True)

    key: RecordKey
    on: Ref


class Plan(BaseModel):
    """What a page will change: shown by a dry run, executed unaltered by the real one.

    ``rules`` names the policy by which records were skipped. ``unchanged`` counts records already in place;
    ``adopted`` are links for records that the target already holds in this form but the ledger does not know (a crash
    between write and settle); they need no write. ``belongs_to`` names, by the id of a refund or a variation, the
    order or the product that it is part of.
    """

    model_config = ConfigDict(frozen=True)

    target: ConnectionName
    rules: str = ""
    writes: tuple[SkipValidation[Write], ...] = ()
    unchanged: int = 0
    adopted: tuple[SkipValidation[Link], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    problems: tuple[Problem, ...] = ()
    belongs_to: SkipValidation[Mapping[str, str]] = {}


class Result(StrEnum):
    """What became of a write."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    FAILED = "failed"


class WriteOutcome(BaseModel):
    """The end of one write: a link when it was done, a problem when it failed; never both, never neither.

    ``total`` is what the written document comes to by the target's own reckoning, where it tells; ``milliseconds``
    how long the call took that wrote it, ``request_id`` how the target's support finds that call.
    """

    model_config = ConfigDict(frozen=True)

    write: SkipValidation[Write]
    result: Result
    link: SkipValidation[Link | None] = None
    problem: Problem | None = None
    total: Decimal | None = None
    milliseconds: float | None = None
    request_id: str | None = None

    @property
    def differs(self) -> bool:
        """Whether the document was written, and comes to another total than it must."""
        expected = self.write.expected_total
        return self.total is not None and expected is not None and self.total != expected

    @model_validator(mode="after")
    def _has_one_end(self) -> Self:
        if (self.link is None) == (self.problem is None) or (self.problem is None) == (self.result is Result.FAILED):
            raise ValueError("an outcome has either a link or a problem, and a problem exactly when it failed")
        return self
