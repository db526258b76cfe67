"""What WooCommerce lists, and how: one row per kind of record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.woocommerce import translate, wire
from domain.keys import Kind
from domain.records import Body

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Changes:
    """How a list of changes is asked for and walked.

    ``since`` is the filter by the moment of the last change, ``order`` sorts by a stamp that each record shows, and
    ``bound`` lets the list begin after such a stamp. All bounds are exclusive and to the second.
    """

    order: str = "modified"
    since: str = "modified_after"
    bound: str = "modified_after"


@dataclass(frozen=True)
class Parents:
    """Where older shops list these records: under each order or product, whose ``fields`` tell which it has."""

    path: str
    fields: str
    child_path: str
    stages: tuple[Params, ...]


@dataclass(frozen=True)
class Stream:
    """How one kind is listed.

    ``stages`` are lists that only together hold everything, because a status that "any" hides must be asked for by
    name. ``changes`` is None where WooCommerce ignores date filters silently, ``takes_ids`` tells whether it honours
    ``include``. ``volatile`` are fields that differ at each request although nothing changed.
    """

    path: str
    decode: Callable[[msgspec.Raw], Any]
    translate: Callable[[Any], Body]
    stages: tuple[Params, ...] = ({},)
    sweep_fields: str = "id,date_modified_gmt"
    changes: Changes | None = None
    takes_ids: bool = True
    volatile: frozenset[str] = field(default_factory=frozenset)
    parents: Parents | None = None


def _statuses(*names: str) -> tuple[Params, ...]:
    return tuple({"status": name} for name in names)


# Drafts come before the rest and the trash after it: a record that moves on while its stages are read one after the
# other (checked out, thrown away) is then seen twice rather than never.
ORDER_STAGES = _statuses("checkout-draft", "any", "trash")
PRODUCT_STAGES = _statuses("any", "trash")


STREAMS: Mapping[Kind, Stream] = {
    Kind.TAX_RATE: Stream(
        path="taxes",
        decode=msgspec.json.Decoder(wire.TaxRateWire).decode,
        translate=translate.tax_rate,
        sweep_fields="id",
        takes_ids=False,
    ),
    Kind.PRODUCT: Stream(
        path="products",
        decode=msgspec.json.Decoder(wire.ProductWire).decode,
        translate=translate.product,
        stages=PRODUCT_STAGES,
        changes=Changes(),
        # wc_get_related_products() shuffles what it found at each request (includes/wc-product-functions.php).
        volatile=frozenset({"related_ids"}),
    ),
    Kind.VARIATION: Stream(
        path="variations",
        decode=msgspec.json.Decoder(wire.VariationWire).decode,
        translate=translate.variation,
        stages=PRODUCT_STAGES,
        changes=Changes(),
        # /variations exists since WooCommerce 10.3.
        parents=Parents("products", "id,type,variations", "products/{}/variations", PRODUCT_STAGES),
    ),
    Kind.CUSTOMER: Stream(
        path="customers",
        decode=msgspec.json.Decoder(wire.CustomerWire).decode,
        translate=translate.customer,
        # Without it only the role "customer" is listed, and who bought as an administrator is not.
        stages=({"role": "all"},),
    ),
    Kind.ORDER: Stream(
        path="orders",
        decode=msgspec.json.Decoder(wire.OrderWire).decode,
        translate=translate.order,
        stages=ORDER_STAGES,
        changes=Changes(),
    ),
    Kind.REFUND: Stream(
        path="refunds",
        decode=msgspec.json.Decoder(wire.RefundWire).decode,
        translate=translate.refund,
        sweep_fields="id",
        # Refunds are filtered by a modified stamp that they do not show, so they are walked by the one they show.
        changes=Changes(order="date", bound="after"),
        # /refunds exists since WooCommerce 9.0.
        parents=Parents("orders", "id,refunds", "orders/{}/refunds", ORDER_STAGES),
    ),
}
