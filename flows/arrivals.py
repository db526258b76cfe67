"""The listener: carries on at once what shops and books told, in a process that has everything loaded already.

``python -m flows.arrivals`` runs it until SIGTERM or Ctrl-C; ``unisync prefect listen`` does.
"""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from time import monotonic, sleep
from types import FrameType
from uuid import uuid4

from sqlalchemy.engine import Engine

from config.logs import mask_logs
from config.wiring import open_ledger
from db.ledger.arrivals import waiting_connections
from db.ledger.webhooks import Whose, note_waiting
from db.session import tenant_session, watch_session
from domain.errors import ConnectorError
from domain.keys import TenantName
from flows.carrying import carry, warmed
from flows.turns import Turns
from operations.arrival_work import find_work
from operations.lanes import Lane, Lanes, lanes_of

logger = logging.getLogger("unisync.listener")

POLL_SECONDS = 0.2
LANES_AT_ONCE = 4
# Where something waits that nobody may carry just now, it is looked at again this often.
WAIT_SECONDS = 10.0
# So long what is in use is taken for what it was: what is switched off may go on for this moment.
KNOWN_SECONDS = 2.0
# After failures in a row the wait doubles up to this; the systems' own clients have been patient before.
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0

Way = tuple[TenantName, Lane]


class Listener:
    """Looks into the inbox of all tenants and carries what waits, a few lanes side by side, each one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = Turns(engine, holder=f"listener {uuid4()}")
        self._busy: set[Way] = set()
        self._later: dict[Whose | Way, float] = {}
        self._failures: dict[Way, int] = {}
        self._known: dict[Whose, tuple[Lanes, float]] = {}

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
            waiting = waiting_connections(session)
        for whose in filter(self._is_due, waiting):
            found = self._lanes_of(whose)
            for lane in found.open:
                way = (whose.tenant, lane)
                if way not in self._busy and self._is_due(way) and len(self._busy) < LANES_AT_ONCE:
                    self._busy.add(way)
                    # With the context of this thread, where everything is warm.
                    lanes.submit(copy_context().run, self._serve, way)

    def _lanes_of(self, whose: Whose) -> Lanes:
        known, until = self._known.get(whose, (None, 0.0))
        if known is not None and until > monotonic():
            return known
        with tenant_session(self._engine, whose.tenant) as session:
            found = lanes_of(session, whose.connection)
            note_waiting(session, whose.connection, found.waits_because)
        self._known[whose] = (found, monotonic() + KNOWN_SECONDS)
        if not found.open:
            self._later[whose] = monotonic() + WAIT_SECONDS
        return found

    def _is_due(self, what: Whose | Way) -> bool:
        return self._later.get(what, 0.0) <= monotonic()

    def _serve(self, way: Way) -> None:
        tenant, lane = way
        try:
            # Looked at before a turn is taken, too: mostly something waits for another lane only.
            if find_work(self._engine, tenant, lane) is None:
                return
            with self._turns.turn(tenant, lane) as is_ours:
                while is_ours and (work := find_work(self._engine, tenant, lane)) is not None:
                    if not work.ready_in:
                        carry(self._engine, tenant, lane, work)
                        break
                    sleep(work.ready_in)
            self._failures.pop(way, None)
        except ConnectorError as error:
            self._put_off(way, str(error))
        except Exception:
            # The outermost door of this thread; what was being carried is counted as tried by ``carry``.
            logger.exception("%s: what came from %s for %s could not be carried", tenant, lane.connection, lane.target)
            self._put_off(way, "it failed unexpectedly; the listener's log tells more")
        finally:
            self._busy.discard(way)

    def _put_off(self, way: Way, why: str) -> None:
        tenant, lane = way
        failures = self._failures[way] = self._failures.get(way, 0) + 1
        self._later[way] = monotonic() + min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)
        logger.warning("%s: what came from %s for %s waits: %s", tenant, lane.connection, lane.target, why)


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
