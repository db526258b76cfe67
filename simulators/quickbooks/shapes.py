"""The shapes of request bodies, and how strictly QuickBooks takes them.

Unknown or wrongly typed properties are refused (2010, captured for an unknown one), so are strings that are too long
(2050), unknown enumeration values (2170) and malformed addresses (2210). Scalars are read leniently, as Jackson does on
Intuit's side: a number may come as text, which Intuit's own PHP SDK sends.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from simulators.quickbooks.refusals import Problem, Refusal, missing

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?")
_MAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_SHOWN_PROPERTIES = 60


class Text(msgspec.Struct, frozen=True):
    """A string of at most ``limit`` characters."""

    limit: int | None = None


class Choice(msgspec.Struct, frozen=True):
    """One of several words."""

    words: tuple[str, ...]


class Number(msgspec.Struct, frozen=True):
    """A decimal number."""


class Flag(msgspec.Struct, frozen=True):
    """A boolean."""


class Day(msgspec.Struct, frozen=True):
    """A date; a time of day that is sent with it is cut off (captured: InvStartDate, TxnDate)."""


class Mail(msgspec.Struct, frozen=True):
    """One or several e-mail addresses with commas between."""


class Ref(msgspec.Struct, frozen=True):
    """A reference to an object of ``kind``, of certain ``types``; the ``kind`` "" is free text of at most ``limit``."""

    kind: str
    types: tuple[str, ...] = ()
    limit: int | None = None


class Many(msgspec.Struct, frozen=True):
    """A list."""

    of: "Shape"


class Known(msgspec.Struct, frozen=True):
    """A property that QuickBooks knows and this twin does nothing with."""


class Group(msgspec.Struct, frozen=True):
    """An object; ``name`` is its class in Intuit's schema, which refusals show."""

    name: str
    fields: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()


Shape = Text | Choice | Number | Flag | Day | Mail | Ref | Many | Known | Group
Path = tuple[str, ...]


def clean(group: Group, body: Any) -> dict[str, Any]:
    """The body with scalars in their own types and without nulls; raises Refusal with everything that is wrong."""
    problems: list[Problem] = []
    cleaned = _group(group, body, (), problems)
    if problems:
        raise Refusal(*problems)
    return cleaned


def _group(group: Group, value: Any, path: Path, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _mistyped(path, group.name, value)
    for name in value:
        if name not in group.fields:
            raise _unknown(group, name)
    cleaned = {}
    for name, sent in value.items():
        shape = group.fields[name]
        if sent is not None and not isinstance(shape, Known):
            cleaned[name] = _value(shape, sent, (*path, name), problems)
    problems += [missing(name, ".".join((*path, name))) for name in group.required if name not in cleaned]
    return cleaned


# One case per shape: splitting it would only hide the list.
def _value(shape: Shape, sent: Any, path: Path, problems: list[Problem]) -> Any:  # noqa: C901
    match shape:
        case Text():
            return _text(shape.limit, sent, path, problems)
        case Choice():
            if sent not in shape.words:
                problems.append(Problem("2170", f"Invalid Enumeration : {sent}"))
            return sent
        case Number():
            return _number(sent, path)
        case Flag():
            return _flag(sent, path)
        case Day():
            return _day(sent, path, problems)
        case Mail():
            return _mail(sent, path, problems)
        case Ref():
            return {"value": _text(shape.limit, _reference(sent, path), path, problems)}
        case Many():
            if not isinstance(sent, list):
                raise _mistyped(path, "java.util.ArrayList", sent)
            return [_value(shape.of, item, path, problems) for item in sent]
        case Group():
            return _group(shape, sent, path, problems)
    return None


def _text(limit: int | None, sent: Any, path: Path, problems: list[Problem]) -> str:
    if isinstance(sent, dict | list):
        raise _mistyped(path, "java.lang.String", sent)
    text = str(sent).lower() if isinstance(sent, bool) else str(sent).strip()
    if limit is not None and len(text) > limit:
        detail = f"Min:0 Max:{limit} supported. Supplied length:{len(text)}"
        problems.append(
            Problem("2050", f"String length specified does not match the supported length. {detail}", path[-1])
        )
    return text


def _number(sent: Any, path: Path) -> Decimal:
    if isinstance(sent, bool | dict | list):
        raise _mistyped(path, "java.math.BigDecimal", sent)
    try:
        number = Decimal(sent)
    except InvalidOperation:
        raise _mistyped(path, "java.math.BigDecimal", sent) from None
    if not number.is_finite():
        raise _mistyped(path, "java.math.BigDecimal", sent)
    return number


def _flag(sent: Any, path: Path) -> bool:
    if sent in (True, "true"):
        return True
    if sent in (False, "false"):
        return False
    raise _mistyped(path, "java.lang.Boolean", sent)


def _day(sent: Any, path: Path, problems: list[Problem]) -> str:
    found = _DAY.fullmatch(sent) if isinstance(sent, str) else None
    if found is None:
        problems.append(Problem("2060", f"Date format is invalid. Supplied value:{sent}", path[-1]))
        return ""
    try:
        date.fromisoformat(found[1])
    except ValueError:
        problems.append(Problem("2070", f"Date should be a valid date. Supplied value:{sent}", path[-1]))
    return found[1]


def _mail(sent: Any, path: Path, problems: list[Problem]) -> str:
    text = _text(100, sent, path, problems)
    if text and not all(_MAIL.fullmatch(part.strip()) for part in text.split(",")):
        detail = f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{text}"
        problems.append(Problem("2210", detail, path[-1]))
    return text


def _reference(sent: Any, path: Path) -> Any:
    if not isinstance(sent, dict) or not sent.keys() <= {"value", "name", "type"}:
        raise _mistyped(path, "com.intuit.schema.finance.v3.ReferenceType", sent)
    value = sent.get("value")
    # An empty reference was seen to fail inside: zao-web/zao-woocommerce-quickbooks-online-integration, issue 12.
    if value is None or value == "":
        raise Refusal(Problem("6000", "Business Validation Error: Unexpected Internal Error. (-30003)"))
    return value


def _mistyped(path: Path, wanted: str, sent: Any) -> Refusal:
    token = {dict: "START_OBJECT", list: "START_ARRAY", str: "VALUE_STRING", bool: "VALUE_TRUE"}
    found = token.get(type(sent), "VALUE_NUMBER")
    text = f"Property Name:Can not deserialize instance of {wanted} out of {found} token (through reference chain: "
    return Refusal(Problem("2010", f"{text}{'->'.join(path)})\n specified is unsupported or invalid", None))


def _unknown(group: Group, name: str) -> Refusal:
    known = ", ".join(f'"{field}"' for field in list(group.fields)[:_SHOWN_PROPERTIES])
    text = (
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{group.name}), not marked as '
        f"ignorable ({len(group.fields)} known properties: {known} [truncated]])\n specified is unsupported or invalid"
    )
    return Refusal(Problem("2010", text, None))
