"""What the rows of the ledger say about a record, each in a plain sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping

from db.ledger.history import HistoryEntry
from domain.history import Became, Level, Operation
from domain.problems import Fate, ProblemState
from domain.writes import DOCUMENT

_DONE = {
    Became.CREATED: "was created in",
    Became.UPDATED: "was updated in",
    Became.UNCHANGED: "was found in place in",
    Became.REMOVED: "was marked as deleted in",
}
_TRIED = {
    Operation.READ: "could not be read for",
    Operation.PLAN: "was not written to",
    Operation.CREATE: "could not be created in",
    Operation.UPDATE: "could not be updated in",
    Operation.REMOVE: "could not be removed from",
}
_SENT = {"open": "nobody knows yet what became of it", "settled": "it was done", "failed": "it was not done"}
_CARRIED = {"pending": "it is not carried yet", "done": "it was carried", "failed": "it could not be carried"}


class Told(NamedTuple):
    """A sentence, and when it became true."""

    at: datetime
    text: str
    level: Level = Level.INFO
    run: UUID | None = None
    details: dict[str, Any] = {}  # noqa: RUF012 - never changed


def of_entry(entry: HistoryEntry) -> Told:
    """Tell what an entry of the record log says."""
    reason = f": {_ended(entry.message)}" if entry.message else "."
    if entry.result is Became.FAILED:
        text = f"It {_TRIED[entry.operation]} {entry.target}{_as(entry.role)}{reason}"
    elif entry.result is Became.SKIPPED:
        text = f"It is left out of {entry.target}{reason}"
    elif entry.result is Became.WAITING:
        text = f"It is not written to {entry.target} yet{reason}"
    else:
        kind, _, id_ = str(entry.details.get("target", "")).partition(":")
        known = f" as {kind} {id_}" if id_ else ""
        text = f"It {_DONE[entry.result]} {entry.target}{_as(entry.role)}{known}{reason}"
    return Told(entry.at, text, entry.level, entry.run, entry.details)


def of_link(row: RowMapping) -> Told:
    """Tell what a source record is in a target, since when."""
    state = "It stands" if row["state"] == "live" else "It no longer stands"
    return Told(
        row["updated_at"],
        f"{state} in {row['target_connection']}{_as(row['role'])}, {row['target_kind']} {row['target_id']}.",
    )


def of_problem(row: RowMapping) -> Iterator[Told]:
    """Tell when a record came into the queue, whether it left it, or what somebody decided."""
    level = Level.WARNING if row["fate"] == Fate.RETRY else Level.ERROR
    tries = (
        f" It was tried {row['count']} times, last at {row['last_seen']:%Y-%m-%d %H:%M} UTC."
        if row["count"] > 1
        else ""
    )
    details = {"code": row["code"], "advice": row["advice"]} if row["advice"] else {"code": row["code"]}
    yield Told(
        row["first_seen"],
        f"It is owed to {row['target_connection']}: {_ended(row['message'])}{tries}",
        level,
        None,
        details,
    )
    if row["state"] == ProblemState.RESOLVED:
        yield Told(row["last_seen"], f"It is no longer owed to {row['target_connection']}.", Level.INFO, row["run_id"])
    if row["state"] == ProblemState.IGNORED:
        yield Told(
            row["decided_at"],
            f"{row['decided_by']} decided to leave it: {_ended(row['reason'] or 'no reason was given')}",
        )


def of_skip(row: RowMapping) -> Told:
    """Tell what keeps a record out of a target."""
    return Told(
        row["at"],
        f"It is left out of {row['target_connection']}: {_ended(row['reason'])}",
        details={"code": row["code"]},
    )


def of_intent(row: RowMapping) -> Told:
    """Tell what was sent to books, and what is known of it."""
    total = f", total {row['total']}" if row["total"] is not None else ""
    asked = f"To {row['action']} it in {row['target_connection']}{_as(row['role'])} was asked for"
    return Told(
        row["sent_at"],
        f"{asked}; {_SENT[row['state']]}{total}.",
        Level.WARNING if row["state"] == "open" else Level.INFO,
        None,
        {"request": row["request_id"]},
    )


def of_arrival(row: RowMapping) -> Told:
    """Tell what a shop or the books told of a record by webhook."""
    times = f" {row['count']} times" if row["count"] > 1 else ""
    became = _CARRIED.get(row["state"], f"it was {row['state']}")
    why = f": {_ended(row['message'])}" if row["message"] else "."
    return Told(row["first_seen"], f"{row['connection']} told of it by webhook{times} ({row['topic']}); {became}{why}")


def of_plan(row: RowMapping) -> Told:
    """Tell what a dry run would have done."""
    target = row["request"].get("target", "the target")
    money = f", {row['amount']} {row['currency'] or ''}".rstrip() if row["amount"] is not None else ""
    return Told(
        row["created_at"],
        f"A dry run would {row['action']} it in {target}{_as(row['role'])}{money}.",
        details={"plan": str(row["plan_id"])},
    )


def _ended(message: str) -> str:
    """Write a message as the end of a sentence."""
    return message if message.endswith((".", "!", "?")) else f"{message}."


def _as(role: str) -> str:
    """Say which of the documents that a record becomes is meant."""
    return f" ({role})" if role not in ("", DOCUMENT) else ""
