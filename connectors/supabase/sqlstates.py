"""What a SQLSTATE of Postgres means for a record or for the run, whichever way it reached us."""

from __future__ import annotations

# By SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html), the whole code before its class.
REFUSALS = {
    "21": "the page names it twice",
    "22": "a value does not fit its column",
    "22003": "a number is larger than Postgres can hold",
    "22007": "a date is none",
    "22008": "a date lies outside of what Postgres can hold",
    "22021": "a text holds a NUL character",
    "22P02": "its payload or an attribute is no valid JSON",
    "22P05": "a text holds a character that the database cannot store",
    "23": "it breaks a rule that was added to the table",
    "44": "it breaks a rule that was added to the table",
    "54": "a value is longer or deeper than Postgres can hold",
    "P0": "a trigger that was added to the table refuses it",
}
AWAY = {
    "40": "another transaction was in the way",
    "53": "the database lacks memory, disk or connections",
    "53100": "the disk of the database is full: enlarge it",
    "53300": "the database has no connection left",
    "55": "something else holds the table",
    "57014": "a statement took too long and was cancelled: raise statement_seconds, or that of the database",
    "57": "the database is being stopped or started",
    "58": "the database has trouble with its disk",
    "XX": "the database or its pooler has trouble of its own",
}


def refusal(reason: str, rule: str | None = None, state: str | None = None) -> str:
    """Say that a record cannot be stored and why; ``rule`` is the name of a constraint or a column, never a value."""
    details = ", ".join(filter(None, [rule, state and f"SQLSTATE {state}"]))
    return f"the warehouse refuses the record: {reason}" + (f" ({details})" if details else "")


def by_state(sentences: dict[str, str], state: str) -> str | None:
    """Give the sentence for a SQLSTATE, that of its class failing one of its own."""
    return sentences.get(state) or sentences.get(state[:2])
