"""What every running twin has: a clock, a log, faults, switches and one lock around all of it."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from simulators.clock import Clock
from simulators.faults import Faults, Replay
from simulators.log import Log

Switches = TypeVar("Switches", bound=msgspec.Struct)


class Site(Generic[Switches]):
    """Everything a request needs; ``lock`` is held while a request is answered and while the world changes.

    ``latency`` in seconds is waited before every answer; ``banner`` is the Server header; ``home`` is where the twin
    listens. ``errands`` are what a request must do to others before it is answered, without the lock.
    """

    banner = "nginx"

    def __init__(self, switches: Switches, secrets: str, replay: Replay) -> None:
        self.lock = threading.RLock()
        self.latency = 0.0
        self.home = ""
        self.errands: list[Callable[[], object]] = []
        self.clock = Clock()
        self.log = Log(secrets)
        self.faults = Faults(replay)
        self.switches = switches

    def switch(self, changes: dict[str, Any]) -> Any:
        """Change switches by name, in place; all of them as plain values. Raises ValueError for what does not fit."""
        current = self.switches
        changed = msgspec.convert(msgspec.to_builtins(current) | changes, type(current))
        for name in current.__struct_fields__:
            setattr(current, name, getattr(changed, name))
        return msgspec.to_builtins(current)

    def take_errands(self) -> list[Callable[[], object]]:
        """The errands of the request that was just answered."""
        errands, self.errands = self.errands, []
        return errands

    def close(self) -> None:
        """End what goes on beside the answering of requests."""
