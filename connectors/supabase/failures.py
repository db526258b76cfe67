"""What went wrong in Postgres, told as an error of ours: what to do next, and one sentence without row values."""

from __future__ import annotations

import re

import psycopg

from connectors.supabase.places import Place, Route
from connectors.supabase.sqlstates import AWAY, REFUSALS, by_state, refusal
from domain.errors import AccessDenied, ConnectorError, Misconfigured, Rejected, Unavailable


class UnstorableAmount(ValueError):
    """An amount is infinite or no number at all."""


FAILURES = (psycopg.Error, UnicodeEncodeError, OverflowError, UnstorableAmount)
"""All that a record, the server or the way there can do to a transaction."""

# What the server, Supabase's pooler (supavisor, lib/supavisor/errors) or libpq say while connecting, without SQLSTATE.
_AT_THE_DOOR: tuple[tuple[str, type[ConnectorError], str], ...] = (
    ("password authentication failed", AccessDenied, "refuses this user with this password"),
    ("no password supplied", AccessDenied, "asks for a password and the connection string holds none"),
    ("tenant.*user .*not found|no tenant identifier", AccessDenied, "is behind a pooler that does not know this user"),
    ('role ".*" does not exist', AccessDenied, "does not know this user"),
    ("permission denied for database", AccessDenied, "does not admit this user: GRANT CONNECT ON DATABASE lets it in"),
    ("no pg_hba.conf entry", AccessDenied, "admits no such connection: its pg_hba.conf has no line for it"),
    ("not in tenant allow_list", AccessDenied, "does not admit this machine: allow its address in the dashboard"),
    ('database ".*" does not exist', Misconfigured, "does not exist: correct the end of the connection string"),
    ("does not support ssl", Misconfigured, "does not speak TLS: add ?sslmode=disable only if the way there is safe"),
    ("ssl connection is required", Misconfigured, "demands TLS: take sslmode out of the connection string"),
    ("certificate", Misconfigured, "shows a certificate that is not valid for it: correct sslmode and sslrootcert"),
    ("failed to resolve|could not translate", Unavailable, "has a host name that leads nowhere: is it spelled right?"),
    ("network is unreachable|no route to host", Unavailable, "is in a network that cannot be reached from here"),
    ("connection refused|no such file", Unavailable, "does not listen: are host and port right, and is it running?"),
    ("timeout expired|connection timeout", Unavailable, "does not answer: are host and port right?"),
    ("max client|too many|connection slots", Unavailable, "has no connection left"),
)
_HINTS = {
    (Route.DIRECT, Unavailable): "a direct connection to Supabase needs IPv6, the session pooler does not",
    (Route.SESSION, AccessDenied): "at the pooler the user is called postgres.<project reference>",
    (Route.TRANSACTION, AccessDenied): "at the pooler the user is called postgres.<project reference>",
}


def explain(error: Exception, place: Place, connection: str, operation: str) -> ConnectorError:
    """Say what a failure means: Rejected for the fault of a record, else Unavailable, AccessDenied or Misconfigured.

    A mistake of our own in the use of the driver is raised as it is.
    """
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, psycopg.ProgrammingError) and not state:
        raise error
    reason = _refusal(error, state)
    kind, sentence = (Rejected, reason) if reason else _fault(error, state, place)
    return kind(sentence, connection=connection, operation=operation, code=state or None)


def hint(place: Place, kind: type[ConnectorError]) -> str:
    """Tell what Supabase is known for on this way to it, to be put behind a sentence; empty when there is nothing."""
    known = _HINTS.get((place.route, kind))
    return f"; {known}" if known else ""


def _refusal(error: Exception, state: str) -> str | None:
    """Say why a record cannot be stored; names rule or column and SQLSTATE, never a value."""
    reason = by_state(REFUSALS, state)
    if isinstance(error, UnicodeEncodeError):
        reason = "a text holds half a character"
    elif isinstance(error, UnstorableAmount):
        reason = "an amount is not a finite number"
    elif not state and isinstance(error, psycopg.DataError | OverflowError):
        # Found by the driver, before the server saw it.
        reason = "a value does not fit its column"
    if reason is None:
        return None
    rule = (error.diag.constraint_name or error.diag.column_name) if isinstance(error, psycopg.Error) else None
    return refusal(reason, rule, state)


def _fault(error: Exception, state: str, place: Place) -> tuple[type[ConnectorError], str]:
    if away := by_state(AWAY, state):
        return Unavailable, f"{away} ({place})"
    if state == "25006":
        return Misconfigured, f"{place} is read-only: it is a replica, or Supabase closed it because its disk is full"
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    if state == "42501":
        return Misconfigured, f"the user {place.user} lacks a right in {place} ({said}): let the owner grant it"
    if state[:2] in ("0A", "3F", "42"):
        return Misconfigured, f"the tables in {place} are not as they were made ({said}): put back what was changed"
    if state[:2] == "28":
        return AccessDenied, f"the database {place} refuses the user {place.user}"
    return _at_the_door(str(error).lower(), place)


def _at_the_door(said: str, place: Place) -> tuple[type[ConnectorError], str]:
    for pattern, kind, sentence in _AT_THE_DOOR:
        if re.search(pattern, said):
            return kind, f"the database {place} {sentence}{hint(place, kind)}"
    return Unavailable, f"the connection to the database {place} broke or could not be made"
