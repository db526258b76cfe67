"""Where a connection string leads, and which way: taken apart without ever repeating its password."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg.conninfo import conninfo_to_dict

from connectors.addresses import host_of
from domain.errors import Misconfigured

ADVICE = (
    "copy the connection string from Connect in the Supabase dashboard: postgresql://user:password@host:port/database"
)

POOLERS = ".pooler.supabase.com"


class Route(StrEnum):
    """Which way leads to the database."""

    DIRECT = "direct connection"
    SESSION = "session pooler"
    TRANSACTION = "transaction pooler"
    SERVER = "Postgres server"


@dataclass(frozen=True)
class Place:
    """Where a connection string leads; holds no password."""

    host: str
    port: int
    database: str
    user: str

    @property
    def route(self) -> Route:
        """Tell a pooler from a direct connection, by host and port as supabase.com/docs/guides/database describes."""
        if self.host.endswith((".supabase.co", POOLERS)) and self.port == 6543:
            return Route.TRANSACTION
        if self.host.endswith(POOLERS):
            return Route.SESSION
        return Route.DIRECT if self.host.endswith(".supabase.co") else Route.SERVER

    @property
    def project(self) -> str:
        """Name the Supabase project; empty where it is none. A pooler serves many, and tells them apart by the user."""
        if host_of(self.host).endswith(POOLERS):
            return self.user.rpartition(".")[2] if "." in self.user else ""
        return project_at(self.host)

    def __str__(self) -> str:
        where = f"{self.host}:{self.port}" if self.host and not self.host.startswith("/") else "this machine"
        return f"{self.database} at {where}"


def read_url(url: str) -> dict[str, str]:
    """Take a connection string apart; TLS is demanded of every host but this machine, unless the string says otherwise.

    Raises:
        Misconfigured: it cannot be used; the text repeats nothing of it.
    """
    if re.match(r"https?://", url):
        raise Misconfigured(f"this is the address of an API or a page, not of the database; {ADVICE}")
    if not re.match(r"postgres(ql)?://", url):
        raise Misconfigured(f"a connection string begins with postgresql://; {ADVICE}")
    parts = _taken_apart(url)
    if re.fullmatch(r"\[.*\]", parts.get("password", "")):
        raise Misconfigured("the connection string still holds a placeholder: put the password of the database there")
    if not all(map(_is_local, (parts.get("hostaddr") or parts.get("host", "")).split(","))):
        # Whoever names a root certificate wants to know who answers; libpq's default would not compare the host.
        parts.setdefault("sslmode", "verify-full" if "sslrootcert" in parts else "require")
    return parts


def project_at(host: str) -> str:
    """Name the Supabase project that has this host for its database or its API; empty where none has."""
    found = re.fullmatch(r"(?:db\.)?([a-z0-9]+)\.supabase\.co", host.lower().rstrip("."))
    return found[1] if found else ""


def place_of(parts: Mapping[str, str]) -> Place:
    """Give the place that the parts of a connection string lead to."""
    return Place(
        host=parts.get("host") or parts.get("hostaddr", ""),
        port=int(parts.get("port", "").split(",")[0] or 5432),
        database=parts.get("dbname") or parts.get("user", "postgres"),
        user=parts.get("user", ""),
    )


def _taken_apart(url: str) -> dict[str, str]:
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        place = place_of(parts)
        # After an unescaped @ or / in the password, the rest of it would be taken for a host or a database, and shown.
        if "@" in place.host + place.database or place.port not in range(1, 65536):
            raise ValueError
    except (psycopg.ProgrammingError, ValueError):
        # The driver's own words may repeat a part of the password.
        raise Misconfigured(
            "the connection string cannot be read: write @, / and % in the password as %40, %2F and %25, let the port "
            "be a number, and leave out parameters that Postgres does not know"
        ) from None
    return parts


def _is_local(host: str) -> bool:
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
