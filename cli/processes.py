"""Processes that a command starts: whichever signal ends the command, they end with it."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

STOP_SECONDS = 30
TERMINATED = 128 + signal.SIGTERM


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end what is in the block in order, as an exception, with exit code 143."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block ends: what is begun in it is then known, and can be ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    former = {number: signal.signal(number, lambda met, _: held.append(met)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a process, with options of ``Popen``, for as long as the block lasts."""
    with ExitStack() as stack:
        with signals_held():
            process = subprocess.Popen(command, **options)  # noqa: S603 - our own interpreter with fixed arguments
            stack.callback(stop, process)
        yield process


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process: it is asked to, and killed when it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    # A second one must not break off the tidying up of the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(TERMINATED)
