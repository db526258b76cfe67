"""The watchdog and the delivery of notices within a process that lives on, whatever becomes of workers: the service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.engine import Engine

from config.ping import ping
from domain.errors import ConnectorError
from operations.outbox import flush_outbox
from operations.watching import Watched, watch

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
DELIVER_SECONDS = 20.0
STOP_SECONDS = 5.0
"""What is under way then is broken off; whoever does it next takes it up."""


def look(engine: Engine) -> Watched:
    """Look at everything once and give the sign that the watchdog itself lives; raises as ``watch`` does."""
    found = watch(engine)
    ping()
    return found


@contextmanager
def on_watch(engine: Engine) -> Iterator[None]:
    """Look and deliver again and again until the block ends, beside whoever else does; what goes wrong is logged."""
    over = Event()
    duties = ((look, LOOK_SECONDS, "watchdog"), (flush_outbox, DELIVER_SECONDS, "notices"))
    threads = [
        Thread(target=_repeat, args=(duty, engine, seconds, over), name=name, daemon=True)
        for duty, seconds, name in duties
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(STOP_SECONDS)


def _repeat(duty: Callable[[Engine], object], engine: Engine, seconds: float, over: Event) -> None:
    said = ""
    while not over.wait(seconds):
        amiss = ""
        try:
            done = duty(engine)
            amiss = done.amiss if isinstance(done, Watched) else ""
        except ConnectorError as error:
            amiss = str(error)
        except Exception:
            # The outermost door of this thread, which must live as long as the service.
            logger.exception("what is to be done every %d seconds failed", seconds)
        if amiss and amiss != said:
            logger.warning("%s", amiss)
        said = amiss
