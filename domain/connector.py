"""The two Protocols every connector speaks: one side reads pages, the other writes plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.books import BookNews, Company, Standing
from domain.keys import ConnectionName, Kind, RecordKey
from domain.records import Page
from domain.writes import Link, Plan, WriteOutcome


class Vitals(NamedTuple):
    """What a system says of itself when it is asked whether it lets us in.

    ``place`` is where the connection leads, in its own words; ``clock_ahead`` by how many seconds its clock is ahead
    of ours, None when it does not tell the time.
    """

    place: str
    version: str
    clock_ahead: float | None = None


class Reads(Protocol):
    """A source of records, opened for one connection of one tenant."""

    connection: ConnectionName

    def check(self) -> Vitals:
        """Prove with a real call that the connection works; raises as ``read`` does."""

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

    def check(self) -> Vitals:
        """Prove with a real call that the connection works; raises as ``held`` does."""

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

    def news(self, since: datetime) -> BookNews:
        """Tell what changed in the books since a moment; raises as ``held`` does."""

    def standings(self, links: Sequence[Link]) -> Mapping[RecordKey, Standing]:
        """Read the targets of these links anew and tell how each stands; raises as ``held`` does."""

    def freshen_names(self) -> None:
        """Learn which names are taken in the books now; raises as ``held`` does."""
