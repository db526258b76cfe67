"""The control API under /_control/: what a test or a demo does to a twin from outside.

Paths are listed by ``GET /_control/``. Bodies and answers are JSON; a mistake is answered with 400 and a sentence.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from simulators.faults import Action
from simulators.http import Answer, Request
from simulators.site import Site

PREFIX = "/_control"
Sent = dict[str, Any]
S = TypeVar("S", bound=Site[Any])
Command = Callable[[S, Sent], Any]


class Controls(Generic[S]):
    """The control API of one kind of twin.

    ``actions``: per name what it cannot do without, and what it does to the world; ``commands``: what this twin has
    beside the common ones; ``recordings``: the ready answers that a fault can send; ``apart``: further commands, which
    the twin's lock is not held for.
    """

    def __init__(
        self,
        actions: Mapping[str, tuple[tuple[str, ...], Command[S]]],
        commands: Mapping[tuple[str, str], Command[S]],
        recordings: Callable[[], Iterable[str]],
        apart: Mapping[tuple[str, str], Command[S]] | None = None,
    ) -> None:
        self.actions = dict(actions)
        self._recordings = recordings
        self._apart = dict(apart or {})
        self._commands: dict[tuple[str, str], Command[S]] = {
            ("GET", ""): self._help,
            ("POST", "world"): self._world,
            **_COMMON,
            **commands,
            **self._apart,
        }

    def answer(self, site: S, request: Request) -> Answer:
        """Do what a control request asks for."""
        name = request.path.removeprefix(PREFIX).strip("/")
        command = self._commands.get((request.method, name))
        if command is None:
            text = f"There is no {request.method} {PREFIX}/{name}; GET {PREFIX}/ lists what there is."
            return _json(404, {"error": text})
        try:
            sent = msgspec.json.decode(request.body) if request.body else {}
            with nullcontext() if (request.method, name) in self._apart else site.lock:
                return _json(200, command(site, sent))
        except (ValueError, TypeError, KeyError) as error:
            return _json(400, {"error": str(error.args[0]) if error.args else str(error)})

    def perform(self, site: S, action: Action) -> Any:
        """One world action, e.g. ``{"action": "edit", "kind": "orders", "id": 5, "fields": {...}}``."""
        given = dict(action)
        name = given.pop("action", None)
        if name not in self.actions:
            raise ValueError(f"{name!r} is no action. Known: {', '.join(self.actions)}.")
        needed, act = self.actions[name]
        missing = [member for member in needed if member not in given]
        if missing:
            raise ValueError(f"The action {name!r} also needs {' and '.join(missing)}.")
        return act(site, given)

    def _help(self, site: S, sent: Sent) -> Any:
        """What this API can do."""
        del site, sent
        return {f"{method} {PREFIX}/{name}": command.__doc__ for (method, name), command in self._commands.items()} | {
            "actions": list(self.actions),
            "recordings": list(self._recordings()),
        }

    def _world(self, site: S, sent: Sent) -> Any:
        """One world action, or {"actions": [...]}: action, and what it needs."""
        actions = sent.get("actions", [sent])
        return {"done": [self.perform(site, action) for action in actions]}


def is_control(request: Request) -> bool:
    """Whether a request is meant for the control API."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def _add_fault(site: Site[Any], sent: Sent) -> Any:
    """Queue a fault: path, agent (regex), method, nth, count.

    What happens: status, headers, body, recording, works, delay, stall, cut.
    """
    site.faults.add(**sent)
    return {"pending": site.faults.pending()}


def _add_hook(site: Site[Any], sent: Sent) -> Any:
    """After the nth matching request do {"perform": [actions]}: path (regex), method, nth, count."""
    site.faults.after(**sent)
    return {"pending": site.faults.pending()}


def _clear_faults(site: Site[Any], sent: Sent) -> Any:
    """Forget all faults and hooks."""
    del sent
    site.faults.clear()
    return {"pending": 0}


def _log(site: Site[Any], sent: Sent) -> Any:
    """The requests so far."""
    del sent
    return {"requests": site.log.as_json()}


def _reset_log(site: Site[Any], sent: Sent) -> Any:
    """Forget the requests so far."""
    del sent
    site.log.reset()
    return {"requests": []}


def _clock(site: Site[Any], sent: Sent) -> Any:
    """The twin's time. POST: {"now": "2026-03-29T01:00:00+00:00"}, {"advance": {"minutes": 5}} or {"release": true}."""
    clock = site.clock
    if "now" in sent:
        clock.set(datetime.fromisoformat(sent["now"]))
    if "advance" in sent:
        clock.advance(**sent["advance"])
    if sent.get("release"):
        clock.release()
    return {"now": clock.now().isoformat()}


def _switches(site: Site[Any], sent: Sent) -> Any:
    """How this twin differs from others. PUT: any of the names that GET shows."""
    return site.switch(sent)


def _latency(site: Site[Any], sent: Sent) -> Any:
    """Seconds that every answer waits. PUT: {"seconds": 0.2}."""
    site.latency = float(sent.get("seconds", site.latency))
    return {"seconds": site.latency}


_COMMON: dict[tuple[str, str], Command[Any]] = {
    ("POST", "faults"): _add_fault,
    ("POST", "hooks"): _add_hook,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "log"): _log,
    ("DELETE", "log"): _reset_log,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "switches"): _switches,
    ("PUT", "switches"): _switches,
    ("GET", "latency"): _latency,
    ("PUT", "latency"): _latency,
}


def _json(status: int, value: Any) -> Answer:
    return Answer(status, msgspec.json.encode(value), [("Content-Type", "application/json")], "control")
