"""A twin's clock: real time, shifted or standing still as a test wants it."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the twin's time; every new stamp and every ``Date`` header comes from here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shift = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """The twin's present, aware, in UTC, to the second (a stamp has no fraction)."""
        return self.moment().replace(microsecond=0)

    def moment(self) -> datetime:
        """The twin's present, aware, in UTC, as fine as the machine tells it: what throttles count with."""
        with self._lock:
            return self._frozen or datetime.now(UTC) + self._shift

    def set(self, moment: datetime) -> None:
        """Stand still at ``moment`` until it is set, advanced or released; raises ValueError without a zone."""
        if moment.tzinfo is None:
            raise ValueError("The clock needs a moment with a time zone, for example 2026-03-29T01:00:00+00:00.")
        with self._lock:
            self._frozen = moment.astimezone(UTC)

    def advance(self, **step: float) -> datetime:
        """Move on by ``step`` (keywords of timedelta: days, hours, minutes, seconds); the new present."""
        with self._lock:
            if self._frozen is None:
                self._shift += timedelta(**step)
            else:
                self._frozen += timedelta(**step)
        return self.now()

    def release(self) -> None:
        """Run again from where the clock stands, at the pace of real time."""
        with self._lock:
            if self._frozen is not None:
                self._shift = self._frozen - datetime.now(UTC)
                self._frozen = None

    def start_after(self, moment: datetime) -> None:
        """Never tell a time before ``moment``: recorded stamps may lie in the future of this machine."""
        with self._lock:
            behind = moment - (datetime.now(UTC) + self._shift)
            if behind > timedelta():
                self._shift += behind
