"""The listener: carries on at once what shops and books told, in a process that has everything loaded already.

``python -m flows.arrivals`` runs it until SIGTERM or Ctrl-C; ``unisync prefect listen`` does.
"""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from time import monotonic
from types import FrameType
from uuid import uuid4

from sqlalchemy.engine import Engine

from config.logs import mask_logs
from config.wiring import open_ledger
from db.ledger.arrivals import waiting_senders
from db.ledger.webhooks import Sender, note_waiting
from db.session import tenant_session, watch_session
from domain.errors import ConnectorError
from flows.carrying import UNEXPECTED, carry, warmed
from flows.turns import Turns
from operations.lanes import Lane, Lanes, Work, close, find_work, lanes_of

logger = logging.getLogger("unisync.listener")

POLL_SECONDS = 0.2
LANES_AT_ONCE = 4
# A connection none of whose lanes is open is looked at again after so long.
CLOSED_SECONDS = 10.0
# For so long the lanes of a connection are taken for what they were: what is switched off may go on for this moment.
KNOWN_SECONDS = 2.0
# After failures in a row a lane's wait doubles up to this; the systems' own clients have been patient before.
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0


class Listener:
    """Looks into the inbox of all tenants and carries what waits, a few lanes side by side, each one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = Turns(engine, holder=f"listener {uuid4()}")
        self._known: dict[Sender, tuple[Lanes, float]] = {}
        self._busy: set[Lane] = set()
        self._failures: dict[Lane, int] = {}
        self._not_before: dict[Sender | Lane, float] = {}
        self._served_at: dict[Lane, float] = {}

    def listen(self, stop: threading.Event) -> None:
        """Carry what arrives until ``stop`` is set; what is under way then is finished.

        Raises:
            Unavailable: the Prefect server does not answer at the beginning; later it is waited for.
        """
        with warmed(), ThreadPoolExecutor(LANES_AT_ONCE, thread_name_prefix="lane") as lanes:
            while not stop.wait(POLL_SECONDS):
                try:
                    self._turns.keep()
                    self._look(lanes)
                except ConnectorError as error:
                    # The ledger is away: what arrives meanwhile is not taken either, and sent again or found later.
                    logger.warning("%s", error)
                    stop.wait(FIRST_WAIT)

    def _look(self, lanes: ThreadPoolExecutor) -> None:
        if len(self._busy) >= LANES_AT_ONCE:
            return
        with watch_session(self._engine) as session:
            waiting = waiting_senders(session)
        found = [lane for sender in filter(self._is_due, waiting) for lane in self._lanes_of(sender).open]
        due = [lane for lane in found if lane not in self._busy and self._is_due(lane)]
        # In turn: where nothing is left to do while something waits for another lane, all would look again and again.
        due.sort(key=lambda lane: self._served_at.get(lane, 0.0))
        for lane in due[: LANES_AT_ONCE - len(self._busy)]:
            self._busy.add(lane)
            self._served_at[lane] = monotonic()
            # With the context of this thread, where everything is warm.
            lanes.submit(copy_context().run, self._serve, lane)

    def _is_due(self, what: Sender | Lane) -> bool:
        return self._not_before.get(what, 0.0) <= monotonic()

    def _lanes_of(self, sender: Sender) -> Lanes:
        known, until = self._known.get(sender, (None, 0.0))
        if known is not None and until > monotonic():
            return known
        with tenant_session(self._engine, sender.tenant) as session:
            found = lanes_of(session, sender.connection)
            note_waiting(session, sender.connection, found.waits_because)
            # What was only waiting for a target that is gone now.
            close(session, sender.connection, found)
        self._known[sender] = (found, monotonic() + KNOWN_SECONDS)
        if not found.open:
            self._not_before[sender] = monotonic() + CLOSED_SECONDS
        return found

    def _serve(self, lane: Lane) -> None:
        try:
            # Looked at before a turn is taken, too: mostly something waits for another lane only.
            if self._ready_work(lane) is None:
                return
            with self._turns.turn(lane) as is_ours:
                if is_ours and (work := self._ready_work(lane)) is not None:
                    carry(self._engine, lane, work)
                    self._failures.pop(lane, None)
        except ConnectorError as error:
            self._put_off(lane, str(error))
        except Exception:
            # The outermost door of this thread; ``carry`` has noted what failed.
            logger.exception("%s could not be carried", lane)
            self._put_off(lane, UNEXPECTED)
        finally:
            self._busy.discard(lane)

    def _ready_work(self, lane: Lane) -> Work | None:
        """Give what is to be done now; while more may be coming, the lane leaves its place to others."""
        work = find_work(self._engine, lane)
        if work is None or not work.ready_in:
            return work
        self._not_before[lane] = monotonic() + work.ready_in
        return None

    def _put_off(self, lane: Lane, why: str) -> None:
        failures = self._failures[lane] = self._failures.get(lane, 0) + 1
        self._not_before[lane] = monotonic() + min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)
        logger.warning("%s waits: %s", lane, why)


def main() -> None:
    """Listen until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    mask_logs()
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with open_ledger() as engine:
        logger.info("listening")
        Listener(engine).listen(stop)


if __name__ == "__main__":
    main()
