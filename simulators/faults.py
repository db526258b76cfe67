"""Faults: what goes wrong, with which request, how often; and what happens in the world between two requests."""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from simulators.http import Answer, Request

Cut = Literal["before", "half", "after"]
Action = Mapping[str, Any]
Replay = Callable[[str, Mapping[str, str] | None], Answer]
_HEADERS = [("Content-Type", "text/html; charset=UTF-8")]


class Rule(msgspec.Struct):
    """Which requests are meant: ``method``, and regular expressions searched in path and query and in the User-Agent.

    The first ``nth - 1`` of them pass, then ``count`` are hit (0: all that follow).
    """

    method: str | None = None
    path: str = ""
    agent: str = ""
    nth: int = 1
    count: int = 1
    seen: int = 0

    def matches(self, request: Request) -> bool:
        """Whether this request counts."""
        if self.method and self.method.upper() != request.method:
            return False
        agent = request.headers.get("user-agent", "")
        return bool(re.search(self.path, request.target) and re.search(self.agent, agent))

    @property
    def due(self) -> bool:
        """Whether the next matching request is hit."""
        return self.seen + 1 >= self.nth

    @property
    def spent(self) -> bool:
        """Whether no further request can be meant."""
        return self.count > 0 and self.seen >= self.nth + self.count - 1


class Fault(msgspec.Struct):
    """What happens to a request: an answer instead of the twin's, a delay in seconds, a cut connection.

    ``cut``: "before" the twin does anything, "half" way through the body, "after" the work was done but before a byte
    of the answer. ``works``: the twin does the work although another answer is sent, as behind a proxy that times out.
    ``stall``: seconds before the twin starts its work, which it then does even for a client that has long gone.
    """

    rule: Rule
    answer: Answer | None = None
    works: bool = False
    delay: float = 0.0
    cut: Cut | None = None
    stall: float = 0.0


class Hook(msgspec.Struct):
    """World actions, or a function, done after the twin answered a matching request."""

    rule: Rule
    perform: list[Action] | Callable[[], None]


class Faults:
    """The queue of faults and hooks; safe for threads.

    ``replay`` makes a ready answer from its name and from headers that take the place of its own.
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._hooks: list[Hook] = []

    # Long by its signature alone.
    def add(
        self,
        *,
        path: str = "",
        method: str | None = None,
        agent: str = "",
        nth: int = 1,
        count: int = 1,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | bytes = b"",
        recording: str | None = None,
        works: bool = False,
        delay: float = 0.0,
        cut: Cut | None = None,
        stall: float = 0.0,
    ) -> None:
        """Queue a fault; of several that match a request, the oldest happens.

        ``recording`` names a ready answer (``GET /_control/`` lists them). Raises ValueError when nothing would happen,
        or for an unknown recording or a broken regular expression.
        """
        answer = self._replay(recording, headers) if recording else _given(status, headers, body)
        if answer is None and not delay and not stall and cut is None:
            raise ValueError("A fault needs a status, a recording, a delay or a cut.")
        if cut not in (None, "before", "half", "after"):
            raise ValueError(f"A connection is cut before, half or after, not {cut!r}.")
        fault = Fault(_rule(method, path, agent, nth, count), answer, works, delay, cut, stall)
        with self._lock:
            self._faults.append(fault)

    def after(
        self,
        *,
        perform: list[Action] | Callable[[], None],
        path: str = "",
        method: str | None = None,
        nth: int = 1,
        count: int = 1,
    ) -> None:
        """Change the world between two requests: when the nth matching request has been answered, ``perform``.

        ``perform`` is a function, or a list of world actions as ``POST /_control/world`` takes them.
        """
        with self._lock:
            self._hooks.append(Hook(_rule(method, path, "", nth, count), perform))

    def clear(self) -> None:
        """Forget all faults and hooks."""
        with self._lock:
            self._faults.clear()
            self._hooks.clear()

    def pending(self) -> int:
        """How many faults and hooks have not been used up."""
        with self._lock:
            return len(self._faults) + len(self._hooks)

    def next_fault(self, request: Request) -> Fault | None:
        """The fault that this request meets. A fault that is due and comes second waits for the next request."""
        with self._lock:
            hit: Fault | None = None
            for fault in self._faults:
                if not fault.rule.matches(request) or (hit and fault.rule.due):
                    continue
                hit = fault if fault.rule.due else hit
                fault.rule.seen += 1
            self._faults = [fault for fault in self._faults if not fault.rule.spent]
        return hit

    def next_hooks(self, request: Request) -> list[Hook]:
        """The hooks that follow this request."""
        hit = []
        with self._lock:
            for hook in self._hooks:
                if hook.rule.matches(request):
                    if hook.rule.due:
                        hit.append(hook)
                    hook.rule.seen += 1
            self._hooks = [hook for hook in self._hooks if not hook.rule.spent]
        return hit


def _given(status: int | None, headers: Mapping[str, str] | None, body: str | bytes) -> Answer | None:
    if status is None:
        return None
    text = body.encode() if isinstance(body, str) else body
    return Answer(status, text, list((dict(_HEADERS) | dict(headers or {})).items()))


def _rule(method: str | None, path: str, agent: str, nth: int, count: int) -> Rule:
    for pattern in (path, agent):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}.") from error
    return Rule(method, path, agent, nth, count)
