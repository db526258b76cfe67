"""What QuickBooks tells of its companies: the former format and CloudEvents, several companies in one body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeGuard

import msgspec

from connectors.quickbooks.streams import KIND_OF

WATCHED = {entity.lower(): entity for entity in (*KIND_OF, "Vendor", "Employee")}
"""The entities of which we want to know, as events spell them, each with QuickBooks' own word for it."""

# Ids are decimal and may be long; names of entities are words.
_ID = re.compile(r"[0-9]{1,40}")
_REALM = re.compile(r"[0-9]{1,20}")
_WORD = re.compile(r"[A-Za-z]{1,60}")
_TYPE = re.compile(r"qbo\.([A-Za-z]{1,60})\.([A-Za-z]{1,60})\.v[0-9]{1,3}")
# CloudEvents carry nanoseconds, of which Python keeps six digits.
_FRACTION = re.compile(r"\.(\d{1,6})\d*")

_any = msgspec.json.Decoder()


class UnreadableEvents(ValueError):
    """The body is not what Intuit sends; the text says why."""


@dataclass(frozen=True)
class BookEvent:
    """Something changed in a company.

    ``entity`` and ``operation`` are lower case, as ``salesreceipt`` and ``updated``; ``mark`` is what two deliveries of
    the same event share. A merge names the record that is left; ``merged_id`` the one that is gone.
    """

    realm_id: str
    entity: str
    record_id: str
    operation: str
    at: datetime | None
    mark: str
    merged_id: str = ""


def read_events(body: bytes) -> tuple[BookEvent, ...]:
    """Read the events of a body, those that cannot be used left out.

    It is read before its signature is known to be right, because only the realms in it tell whose signature it is.

    Raises:
        UnreadableEvents: it has neither of the two formats.
    """
    try:
        found = _any.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableEvents("the body is not what Intuit sends: it is not whole JSON") from None
    if isinstance(found, list):
        return tuple(_cloud_events(found))
    if isinstance(found, dict) and isinstance(found.get("eventNotifications"), list):
        return tuple(_notifications(found["eventNotifications"]))
    raise UnreadableEvents("the body is not what Intuit sends: neither eventNotifications nor a list of CloudEvents")


def _cloud_events(found: Iterable[object]) -> Iterator[BookEvent]:
    for event in filter(_is_object, found):
        named = _TYPE.fullmatch(_text(event, "type"))
        realm, number, mark = (_text(event, name) for name in ("intuitaccountid", "intuitentityid", "id"))
        if named and _REALM.fullmatch(realm) and _ID.fullmatch(number) and mark:
            at = _moment(_text(event, "time"))
            yield BookEvent(realm, named[1].lower(), number, named[2].lower(), at, mark[:200])


def _notifications(found: Iterable[object]) -> Iterator[BookEvent]:
    for notification in filter(_is_object, found):
        realm, changes = _text(notification, "realmId"), notification.get("dataChangeEvent")
        entities = changes.get("entities") if _is_object(changes) else None
        for entity in filter(_is_object, entities if isinstance(entities, list) else ()):
            if _REALM.fullmatch(realm) and (event := _changed(realm, entity)):
                yield event


def _changed(realm: str, entity: Mapping[str, object]) -> BookEvent | None:
    name, number, operation, stamp, gone = (
        _text(entity, part) for part in ("name", "id", "operation", "lastUpdated", "deletedId")
    )
    if not (_WORD.fullmatch(name) and _ID.fullmatch(number) and _WORD.fullmatch(operation)):
        return None
    merged = gone if _ID.fullmatch(gone) else ""
    # The former format numbers nothing: an event is what it says.
    mark = f"{name} {number} {operation} {stamp[:40]} {merged}"
    return BookEvent(realm, name.lower(), number, _past(operation.lower()), _moment(stamp), mark, merged)


def _past(operation: str) -> str:
    """Spell the former format's verbs as CloudEvents do."""
    return {"emailed": "emailed", "void": "voided"}.get(operation, f"{operation.removesuffix('e')}ed")


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r".\1", text))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
