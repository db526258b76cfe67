"""How calls to a system are counted: by what they are for, because vendors meter reading and writing apart."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a call is for."""

    READ = "read"
    WRITE = "write"
