"""One spelling for all the ways in which people write the same address."""

from __future__ import annotations

import re

import httpx

_PORTS = {"http": 80, "https": 443}
_THIS_MACHINE = {"localhost": "127.0.0.1", "::1": "127.0.0.1"}


def one_spelling(url: str) -> str:
    """Spell an address that ``check_url`` accepts so that two spellings of it are equal."""
    parts = httpx.URL(url)
    port = f":{parts.port}" if parts.port not in (None, _PORTS[parts.scheme]) else ""
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    host = host_of(parts.raw_host.decode())
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{path}"


def host_of(name: str) -> str:
    """Spell the name or address of a host so that two spellings of it are equal; a folder of sockets is none."""
    if name.startswith("/"):
        return name
    host = name.lower().rstrip(".")
    return _THIS_MACHINE.get(host, host)
