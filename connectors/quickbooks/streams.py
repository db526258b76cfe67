"""Which kinds of records the books hold for us, and how each is spelled, found and ordered."""

from __future__ import annotations

from dataclasses import dataclass

from db.models.books import NameEntity
from domain.keys import Kind


@dataclass(frozen=True)
class Stream:
    """A kind of record.

    ``entity`` is QuickBooks' word for it. Kinds of an earlier ``phase`` are written first, because later ones refer to
    them. ``number`` is the field by which a document of ours is recognised, ``found_by`` the fields of its body by
    which QuickBooks can be asked for it. ``names`` is the list in which its name must be unique.
    """

    entity: str
    phase: int
    number: str = "DocNumber"
    found_by: tuple[str, ...] = ("DocNumber",)
    names: NameEntity | None = None


STREAMS = {
    Kind.CUSTOMER: Stream("Customer", 0, "DisplayName", (), NameEntity.CUSTOMER),
    Kind.ITEM: Stream("Item", 0, "Name", (), NameEntity.ITEM),
    Kind.INVOICE: Stream("Invoice", 1),
    Kind.SALES_RECEIPT: Stream("SalesReceipt", 1),
    Kind.CREDIT_MEMO: Stream("CreditMemo", 2),
    Kind.REFUND_RECEIPT: Stream("RefundReceipt", 2),
    # A payment has no DocNumber, and its own reference cannot be asked for.
    Kind.PAYMENT: Stream("Payment", 2, "PaymentRefNum", ("CustomerRef", "TxnDate")),
}

KIND_OF = {stream.entity: kind for kind, stream in STREAMS.items()}

NAMED = {
    NameEntity.CUSTOMER: "Customer",
    NameEntity.VENDOR: "Vendor",
    NameEntity.EMPLOYEE: "Employee",
    NameEntity.ITEM: "Item",
}
"""The lists whose names we mirror, as QuickBooks calls them."""
