"""A twin as a process of its own: its common options, its announcement, its end."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from simulators.server import LOOPBACK


def parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """The options that every twin takes: --host, --port, --latency-ms, --json."""
    options = argparse.ArgumentParser(prog=prog, description=description)
    options.add_argument("--host", default=LOOPBACK, help="address to listen on (default: loopback only)")
    options.add_argument("--port", type=int, default=0, help="port, 0 for any free one")
    options.add_argument("--latency-ms", type=float, default=0.0, help="milliseconds that every answer waits")
    options.add_argument("--json", action="store_true", help="announce address and keys as one JSON object")
    return options


def announce(name: str, about: Mapping[str, Any], *, as_json: bool) -> None:
    """Tell in one line where the twin listens and what opens it."""
    plain = " ".join(f"{key} {value}" for key, value in about.items() if key != "url")
    text = json.dumps(about) if as_json else f"{name} at {about['url']} {plain}"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def served(serve: Callable[[], None], options: argparse.Namespace) -> int:
    """Serve until a signal comes; the exit code, which is 2 when the port is taken."""
    try:
        serve()
    except OSError as error:
        sys.stderr.write(
            f"Cannot listen on {options.host}:{options.port}: {os.strerror(error.errno or 0)}. Choose another --port.\n"
        )
        return 2
    return 0
