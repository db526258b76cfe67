"""What a delivery of a shop tells: which record changed and when; the record itself is always read anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from connectors.woocommerce.answers import BYTE_ORDER_MARK
from domain.keys import Kind

TOPICS = (
    "order.created", "order.updated", "order.deleted", "order.restored",
    "product.created", "product.updated", "product.deleted", "product.restored",
    "customer.created", "customer.updated", "customer.deleted",
)  # fmt: skip
"""What we ask a shop to tell us; it has no topic for refunds, which come with their order."""

KINDS = {"order": Kind.ORDER, "product": Kind.PRODUCT, "customer": Kind.CUSTOMER}
LONGEST_TOPIC = 100
MOST_DIGITS = 20

_object = msgspec.json.Decoder(dict[str, object])


class UnreadableDelivery(ValueError):
    """The body is not what a shop sends; the text says why."""


@dataclass(frozen=True)
class Told:
    """A record that changed; ``kind`` is None where the shop tells of something that is not synced.

    ``related`` are the refunds of an order, which have no topic of their own.
    """

    topic: str
    kind: Kind | None
    record_id: str
    changed_at: datetime | None = None
    related: tuple[str, ...] = ()


def is_ping(content_type: str, body: bytes) -> bool:
    """Whether this is the unsigned greeting with which a shop tries an address: ``webhook_id=7`` as a form."""
    name, _, number = body.partition(b"=")
    is_form = content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
    return is_form and name == b"webhook_id" and number.isdigit() and len(number) <= MOST_DIGITS


def read_delivery(topic: str, body: bytes) -> Told:
    """Read what a delivery tells; its signature must have been found right before.

    Raises:
        UnreadableDelivery: it is no object of JSON.
    """
    try:
        found = _object.decode(body.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableDelivery("the body is not what WooCommerce sends: an object of JSON") from None
    number = _id(found.get("id"))
    kind = KINDS.get(topic.partition(".")[0]) if topic in TOPICS else None
    if kind is None or not number:
        # Of what was deleted for good before its delivery was built, the shop sends the error with which it was missed.
        return Told(topic[:LONGEST_TOPIC], None, number)
    # A variation comes as the product that it belongs to would, with a type of its own.
    if kind is Kind.PRODUCT and found.get("type") == "variation":
        kind = Kind.VARIATION
    refunds = found.get("refunds") if kind is Kind.ORDER else None
    return Told(topic, kind, number, _moment(found.get("date_modified_gmt")), _ids(refunds))


def _ids(rows: object) -> tuple[str, ...]:
    found = (_id(row.get("id")) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return tuple(filter(None, found))


def _id(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else ""


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else None
    except ValueError:
        return None
