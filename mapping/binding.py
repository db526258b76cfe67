"""Holding a plan against the one that was confirmed: nothing beyond it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from domain.keys import RecordKey
from domain.problems import Fate, Problem
from domain.writes import Plan, Ref, Write

CHANGED = "plan.changed"
"""The code of the problem of a record that is not, or no longer, what somebody confirmed."""

Identity = tuple[RecordKey, str]


def bind(plan: Plan, confirmed: Collection[Identity], keys: Collection[RecordKey]) -> Plan:
    """Give the plan without what was not confirmed; each of the records ``keys`` that loses a write becomes a problem.

    A record is written wholly or not at all, and nothing is written that refers to what is not.
    """
    left_out = {write.identity for write in plan.writes if write.identity not in confirmed}
    while more := {write.identity for write in plan.writes if _leans_on(write, left_out)} - left_out:
        left_out |= more
    changed = [key for key in dict.fromkeys(source for source, _ in left_out) if key in keys]
    return plan.model_copy(
        update={
            "writes": tuple(write for write in plan.writes if write.identity not in left_out),
            "problems": (*plan.problems, *map(_changed, sorted(changed, key=str))),
        }
    )


def _leans_on(write: Write, left_out: Collection[Identity]) -> bool:
    own = {source for source, _ in left_out}
    return write.source in own or any((ref.key, ref.role) in left_out for ref in _refs(write.body))


def _refs(part: object) -> Iterator[Ref]:
    if isinstance(part, Ref):
        yield part
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _refs(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _refs(value)


def _changed(key: RecordKey) -> Problem:
    return Problem(
        code=CHANGED,
        message="it is not what was confirmed: it came or changed after the dry run",
        fate=Fate.RETRY,
        key=key,
        advice="The next scheduled run writes it; or make a new dry run and confirm that.",
    )
