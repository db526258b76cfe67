"""From the exact bytes of one record to a Record, or to a Problem that says what cannot be read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pydantic import ValidationError

from connectors.woocommerce.streams import Stream
from connectors.woocommerce.values import Untranslatable
from connectors.woocommerce.wire import IdWire
from domain.errors import first_fault
from domain.keys import UNNAMED, Kind, RecordKey
from domain.problems import Fate, Problem
from domain.records import Page, Record
from mapping.fingerprint import fingerprint

UNREADABLE = "woocommerce.unreadable"

_id = msgspec.json.Decoder(IdWire)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Reader:
    """Reads the records of one kind of one connection; total, so every row gives a Record or a Problem."""

    def __init__(self, connection: str, kind: Kind, stream: Stream) -> None:
        self._connection = connection
        self._kind = kind
        self._stream = stream

    def read(self, row: msgspec.Raw, parent: int | None = None) -> Record | Problem:
        """Read a record; ``parent`` is the id of its order or product where the row leaves it out."""
        try:
            return self._record(row, parent)
        except (msgspec.DecodeError, UnicodeDecodeError, Untranslatable, ValidationError) as error:
            return self._problem(row, _reason(error))

    def _record(self, row: msgspec.Raw, parent: int | None) -> Record:
        wire = self._stream.decode(row)
        if parent is not None:
            wire.parent_id = parent
        body = self._stream.translate(wire)
        raw = bytes(row)
        return Record(
            key=self._key(body.id),
            body=body,
            changed_at=getattr(body, "modified_at", None) or getattr(body, "created_at", None),
            version=getattr(wire, "date_modified_gmt", None) or None,
            fingerprint=self._print(raw),
            raw=raw.decode(),
        )

    def _print(self, raw: bytes) -> str:
        if not self._stream.volatile:
            return fingerprint(raw)
        members = _members.decode(raw)
        lasting = sorted((name, bytes(value)) for name, value in members.items() if name not in self._stream.volatile)
        return fingerprint(*(part for name, value in lasting for part in (name.encode(), value)))

    def _problem(self, row: msgspec.Raw, reason: str) -> Problem:
        try:
            number = str(_id.decode(row).id)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Named after its bytes, so that it is the same problem when it is met again.
            number = f"{UNNAMED}{fingerprint(bytes(row))}"
        key = self._key(number)
        return Problem(
            code=UNREADABLE,
            message=f"{self._kind} {number} of the shop cannot be read: {reason}",
            fate=Fate.SKIP,
            key=key,
            advice="look at it in the shop; a plugin may have written what WooCommerce itself never writes",
        )

    def _key(self, number: str) -> RecordKey:
        return RecordKey(connection=self._connection, kind=self._kind, id=number)


def _reason(error: Exception) -> str:
    """Say what is wrong and where, without repeating a value: it may be personal."""
    if isinstance(error, Untranslatable):
        return str(error)
    if isinstance(error, ValidationError):
        name, why = first_fault(error)
        return f"field {name}: {why}"
    if isinstance(error, msgspec.ValidationError):
        expected, _, path = str(error).replace("`", "").partition(" - at $.")
        return f"field {path}: {expected}" if path else expected
    return "it is not valid JSON in UTF-8"


def page(readings: Iterable[Record | Problem], at: str | None, expected: int | None = None) -> Page:
    """Make a page; of a record that was listed twice because it moved meanwhile the later reading stands."""
    latest = {reading.key: reading for reading in readings}
    return Page(
        records=tuple(reading for reading in latest.values() if isinstance(reading, Record)),
        problems=tuple(reading for reading in latest.values() if isinstance(reading, Problem)),
        next=at,
        expected=expected,
    )
