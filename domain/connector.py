"""The two Protocols every connector speaks: one side reads pages, the other writes plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.books import Company
from domain.keys import ConnectionName, Kind
from domain.records import Page
from domain.writes import Plan, WriteOutcome


class Reads(Protocol):
    """A source of records, opened for one connection of one tenant."""

    connection: ConnectionName

    def clock(self) -> datetime:
        """Tell the system's own time, in UTC."""

    def lists_changes(self, kind: Kind) -> bool:
        """Whether ``read`` can be limited to what changed since a moment; otherwise it reads everything."""

    def read(self, kind: Kind, *, since: datetime | None, at: str | None) -> Page:
        """Give the page at the cursor ``at`` (None is the first): all records, or those changed since ``since``.

        Raises:
            RetryableError: the system is busy or away.
            FatalError: it refuses us, or the settings cannot work.
        """

    def read_ids(self, kind: Kind, ids: Sequence[str]) -> Page:
        """Give those of the named records that exist, in one page; raises as ``read`` does."""

    def sweep(self, kind: Kind) -> Mapping[str, str | None]:
        """Give the id and version of every record the system holds now; raises as ``read`` does."""


class Writes(Protocol):
    """A target of records, opened for one connection of one tenant."""

    connection: ConnectionName

    def check(self) -> str:
        """Prove with one real call that the connection works, and say where it leads; raises as ``held`` does."""

    def prepare(self) -> None:
        """Make the target ready to be written, at once when it is ready already; raises as ``held`` does."""

    def fence(self, token: int) -> None:
        """Write from now on only while the lease of this target is held under the token.

        A target whose writes may be repeated safely needs no fence.
        """

    def settle_open_intents(self) -> tuple[WriteOutcome, ...]:
        """Find out what became of writes that were sent and never answered, and finish them; raises as ``held`` does.

        A target whose writes may be repeated safely has none.
        """

    def held(self, kind: Kind, source: ConnectionName, ids: Sequence[str]) -> Mapping[str, str]:
        """Give the fingerprint under which the target holds each of these source records, those it lacks left out.

        Raises:
            RetryableError: the system is busy or away.
            FatalError: it refuses us, or the settings cannot work.
        """

    def write(self, plan: Plan) -> tuple[WriteOutcome, ...]:
        """Carry out the writes of one kind and tell the outcome of each, in order; raises as ``held`` does."""


class Books(Writes, Protocol):
    """A target that is a set of books: what is posted depends on its own settings."""

    def company(self) -> Company:
        """Describe the books; raises as ``held`` does."""
