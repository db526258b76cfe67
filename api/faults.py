"""What is wrong with a request, in one sentence that never repeats what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LONGEST = 100
PLACES = {
    "body": "the body",
    "query": "the parameter {field}",
    "path": "{field} in the address",
    "header": "the header {field}",
    "cookie": "the cookie {field}",
}


def fault_of(faults: Sequence[Any]) -> tuple[str, str]:
    """Give the field that cannot be used, empty for the whole body, and the sentence that says why."""
    first = faults[0]
    place, *path = first["loc"]
    if first["type"] == "json_invalid":
        return "", "the body is no JSON: mend what your program sends"
    field = ".".join(str(part) for part in path)[:LONGEST]
    return field, f"{_subject(place, field)} cannot be used: {_reason(first)}"


def _subject(place: object, field: str) -> str:
    if place == "body" and field:
        return f"{field} in the body"
    return PLACES.get(str(place), "the request").format(field=field)


def _reason(fault: dict[str, Any]) -> str:
    if fault["type"] == "union_tag_invalid":
        # Pydantic's own sentence repeats the value.
        return f"choose one of {fault['ctx']['expected_tags']}"
    reason = str(fault["msg"]).removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:]
