"""The log of the embedded Postgres: kept from growing without end."""

from __future__ import annotations

import os
from pathlib import Path

LONGEST = 10_000_000
KEPT = 1_000_000


def trim_log(home: Path, longest: int = LONGEST, kept: int = KEPT) -> int:
    """Cut the log of this installation's server to its last lines once it is longer; give how many bytes went.

    The server goes on writing meanwhile, always at the end of the file; lines of that very moment may be lost.
    Content when there is no log, or when it is not ours to change.
    """
    log = (home.expanduser() / "postgres").resolve() / "server.log"
    try:
        with log.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size <= longest:
                return 0
            file.seek(size - kept)
            tail = file.read(kept).partition(b"\n")[2]
            file.seek(0)
            file.write(tail)
            file.truncate()
            return size - len(tail)
    except (FileNotFoundError, PermissionError):
        return 0
