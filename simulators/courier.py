"""The courier: takes webhooks from a twin's outbox, loses or doubles some if it is told to, sends the rest."""

import threading
from collections import deque
from datetime import datetime
from random import Random
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from simulators.clock import Clock
from simulators.posting import Letter, Reply, post
from simulators.switches import DeliverySwitches

_LOST = "lost"
_KEPT = 10_000
# Long enough for quick edits to become one webhook, short beside anything that is measured.
_PACE_SECONDS = 0.05
_LAST_ROUND_SECONDS = 2.0


class Job(msgspec.Struct):
    """Something to be sent; ``attempt`` counts how often it was tried before, ``copy`` marks the second of a pair."""

    attempt: int = 1
    copy: bool = False


J = TypeVar("J", bound=Job)


class Outbox(Protocol[J]):
    """What a twin has to send. The courier calls it with the site's lock held."""

    def take(self, now: datetime) -> list[J]:
        """Everything that is due, in the order of its events; it is no longer waiting then."""

    def letter(self, job: J) -> Letter | None:
        """The request for a job, as it is now; None when there is nothing left to send."""

    def settle(self, job: J, reply: Reply) -> J | None:
        """Learn what became of a job; what must follow it at once."""

    def waiting(self) -> list[dict[str, Any]]:
        """What is not sent yet."""


class Delivery(msgspec.Struct, frozen=True):
    """One webhook that was sent, or lost on purpose (``status`` 0, ``error`` "lost"); ``at`` is the twin's time."""

    number: int
    at: str
    about: str
    url: str
    headers: dict[str, str]
    body: str
    status: int
    error: str
    ms: float
    attempt: int

    @property
    def lost(self) -> bool:
        """Whether it was never sent."""
        return self.error == _LOST


class Courier(Generic[J]):
    """Sends what an outbox holds, by itself or when told to; safe for threads.

    The site's lock is never held while a request is under way: the receiver may call the twin at once.
    """

    def __init__(self, outbox: Outbox[J], lock: threading.RLock, clock: Clock, switches: DeliverySwitches) -> None:
        self._outbox = outbox
        self._lock = lock
        self._clock = clock
        self._switches = switches
        self._round = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._log: deque[Delivery] = deque(maxlen=_KEPT)
        self._sent = 0
        self._drawn = 0

    def wake(self) -> None:
        """Something waits, or the switches changed: send by itself from now on if that is wanted."""
        if self._switches.webhooks_live and self._thread is None:
            self._thread = threading.Thread(target=self._go_round, name="courier", daemon=True)
            self._thread.start()

    def flush(self) -> list[Delivery]:
        """Send everything that is due by the twin's clock, one after another; what was sent, and what was lost.

        What the receivers cause meanwhile waits for the next flush.
        """
        with self._round:
            with self._lock:
                jobs, lost = self._astray(self._outbox.take(self._clock.moment()))
                letters = [self._outbox.letter(job) for job in lost]
                done = [self._noted(letter, Reply(0, _LOST, 0.0), 1) for letter in letters if letter]
            for job in jobs:
                done += self.deliver(job)
        return done

    def deliver(self, job: J) -> list[Delivery]:
        """Send one job now, and what must follow it; raises nothing."""
        done = []
        following: J | None = job
        while following is not None:
            present = following
            with self._lock:
                letter = self._outbox.letter(present)
            if letter is None:
                break
            reply = post(letter)
            with self._lock:
                following = self._outbox.settle(present, reply)
                done.append(self._noted(letter, reply, present.attempt))
        return done

    def deliveries(self) -> list[Delivery]:
        """The last 10,000 webhooks, oldest first."""
        with self._lock:
            return list(self._log)

    def waiting(self) -> list[dict[str, Any]]:
        """What is not sent yet."""
        with self._lock:
            return self._outbox.waiting()

    def reset(self) -> None:
        """Forget what was sent."""
        with self._lock:
            self._log.clear()

    def close(self) -> None:
        """Send nothing more by itself; a request under way may end."""
        self._closing.set()
        if self._thread:
            self._thread.join(_LAST_ROUND_SECONDS)

    def _go_round(self) -> None:
        while not self._closing.wait(_PACE_SECONDS):
            if self._switches.webhooks_live:
                self.flush()

    def _astray(self, jobs: list[J]) -> tuple[list[J], list[J]]:
        """The jobs as they leave, without the lost ones, some twice, some in another place; and the lost ones."""
        lost: list[J] = []
        leaving: list[tuple[float, J]] = []
        for place, job in enumerate(jobs):
            # What is tried again after a failure was drawn for at its first try.
            places = self._places(place, len(jobs)) if job.attempt == 1 else [float(place)]
            leaving += zip(places, (job, msgspec.structs.replace(job, copy=True)), strict=False)
            lost += [] if places else [job]
        leaving.sort(key=lambda placed: placed[0])
        return [job for _, job in leaving], lost

    def _places(self, place: int, among: int) -> list[float]:
        """Where a job leaves: nowhere when it is lost, at two places when it is doubled.

        Follows from the seed and from how many were drawn before, however they were put together.
        """
        self._drawn += 1
        switches = self._switches
        random = Random(f"{switches.webhooks_seed} {self._drawn}")  # noqa: S311 -- repeatable on purpose
        chances = (switches.webhooks_lost, switches.webhooks_doubled, switches.webhooks_reordered)
        lost, doubled, moved = [random.random() * 100 < chance for chance in chances]
        places = [random.uniform(0, among) if moved else float(place) for _ in range(2 if doubled else 1)]
        return [] if lost else places

    def _noted(self, letter: Letter, reply: Reply, attempt: int) -> Delivery:
        self._sent += 1
        delivery = Delivery(
            self._sent, self._clock.now().isoformat(), letter.about, letter.url, dict(letter.headers),
            letter.body.decode("utf-8", "replace"), reply.status, reply.error, reply.ms, attempt,
        )  # fmt: skip
        self._log.append(delivery)
        return delivery
