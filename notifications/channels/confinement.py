"""What a library of others may touch while it sends: the network where it was admitted, nothing of this machine."""

from __future__ import annotations

import ipaddress
import os
import sys
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from notifications.channels.channel import Admit, Undeliverable

# https://docs.python.org/3/library/audit_events.html
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_FORBIDDEN = frozenset(
    {
        *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"),
        *("syslog.openlog", "syslog.syslog", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink"),
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Modules are loaded when they are needed, and moments written in time zones.
_READABLE = tuple(Path(place).resolve() for place in (sys.prefix, sys.base_prefix, *zoneinfo.TZPATH))


class Confinement:
    """What was refused so far; the first reason is the one to tell."""

    def __init__(self, admit: Admit) -> None:
        self._admit = admit
        self.reason = ""

    def judge(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Let an act of this process pass, or raise PermissionError, which libraries take for one of the system."""
        if event in _CONNECTING:
            self._judge_address(arguments[1])
        elif event == "open":
            self._judge_file(*arguments)
        elif event in _FORBIDDEN:
            self._refuse(f"it would act on this machine ({event})")

    def _judge_address(self, address: Any) -> None:
        try:
            host, port = str(ipaddress.ip_address(address[0].partition("%")[0])), address[1]
        except (ValueError, TypeError, AttributeError):
            # A socket of this machine, or a name, which may lead elsewhere from one moment to the next.
            self._refuse("it would connect otherwise than to an address of the internet")
        try:
            self._admit(host, port)
        except Undeliverable as refusal:
            self._refuse(str(refusal))

    def _judge_file(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        place = Path(os.fsdecode(path)).resolve()
        writes = flags & _WRITING or not {"w", "a", "x", "+"}.isdisjoint(mode or "")
        if writes or not any(place.is_relative_to(readable) for readable in _READABLE):
            self._refuse("it would use a file of this machine")

    def _refuse(self, reason: str) -> None:
        self.reason = self.reason or reason
        raise PermissionError(reason)


_current: ContextVar[Confinement | None] = ContextVar("confinement", default=None)


@contextmanager
def confined(admit: Admit) -> Iterator[Confinement]:
    """Confine this thread, for as long as the block lasts, to addresses that are admitted.

    Each address is judged when it is connected to, so that a name that leads elsewhere a moment later, a redirect, or
    whatever an address hides in its parameters, gains nothing. A thread that is started within is not confined.
    """
    _watch()
    confinement = Confinement(admit)
    token = _current.set(confinement)
    try:
        yield confinement
    finally:
        _current.reset(token)


@cache
def _watch() -> None:
    # Such a hook stays for the life of the process; outside the block it does nothing.
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    confinement = _current.get()
    if confinement is None:
        return
    # What is done in order to judge is not judged.
    token = _current.set(None)
    try:
        confinement.judge(event, arguments)
    finally:
        _current.reset(token)
