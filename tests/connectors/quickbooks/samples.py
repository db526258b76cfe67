"""Writes as a plan for a company outside the US has them."""

from __future__ import annotations

from decimal import Decimal

from domain.keys import Kind, RecordKey
from domain.writes import NEW, Action, Plan, Ref, Write

BOOKS = "books"
CUSTOMER, ITEM, DOCUMENT, PAYMENT = "customer", "item", "document", "payment:1"


def key(kind: Kind, number: int | str) -> RecordKey:
    """A record of the shop."""
    return RecordKey(connection="shop", kind=kind, id=str(number))


def target(kind: Kind, record_id: str = NEW) -> RecordKey:
    """A record of the books."""
    return RecordKey(connection=BOOKS, kind=kind, id=record_id)


def create(
    kind: Kind, source: RecordKey, role: str, body: dict[str, object], total: str | None = None, print_: str = "1"
) -> Write:
    """Something new in the books."""
    expected = None if total is None else Decimal(total)
    return Write(
        action=Action.CREATE,
        source=source,
        target=target(kind),
        role=role,
        fingerprint=print_,
        body=body,
        expected_total=expected,
    )


def update(
    kind: Kind, source: RecordKey, role: str, record_id: str, version: str | None, body: dict[str, object]
) -> Write:
    """A change of something in the books."""
    return Write(
        action=Action.UPDATE,
        source=source,
        target=target(kind, record_id),
        role=role,
        fingerprint="2",
        body=body,
        base_version=version,
    )


def customer(number: int | str = 1, name: str = "Anna Arm", email: str | None = "anna@example.com") -> Write:
    """A new customer."""
    body: dict[str, object] = {"DisplayName": name}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    return create(Kind.CUSTOMER, key(Kind.CUSTOMER, number), CUSTOMER, body)


def item(number: int = 1, name: str = "Shirt", sku: str | None = None) -> Write:
    """A new item."""
    body: dict[str, object] = {"Name": name, "Type": "NonInventory", "IncomeAccountRef": {"value": "79"}}
    if sku:
        body["Sku"] = sku
    return create(Kind.ITEM, key(Kind.PRODUCT, number), ITEM, body)


def sale(number: int, net: str, *, who: int | str = 1, what: int = 1, doc: str | None = None) -> dict[str, object]:
    """The body of a document with one line, taxed with 19 %."""
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": Decimal(net),
        "SalesItemLineDetail": {
            "ItemRef": {"value": Ref(key=key(Kind.PRODUCT, what), role=ITEM)},
            "TaxCodeRef": {"value": "2"},
        },
    }
    return {
        "CustomerRef": {"value": Ref(key=key(Kind.CUSTOMER, who), role=CUSTOMER)},
        "DocNumber": doc or f"WC-{number}",
        "TxnDate": "2026-05-04",
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [line],
    }


def gross(net: str) -> str:
    """A net amount with 19 %."""
    return str((Decimal(net) * Decimal("1.19")).quantize(Decimal("0.01")))


def invoice(number: int, net: str = "100.00", **rest: int) -> Write:
    """A new invoice for an order."""
    return create(Kind.INVOICE, key(Kind.ORDER, number), DOCUMENT, sale(number, net, **rest), gross(net))


def payment(number: int, net: str = "100.00", who: int = 1) -> Write:
    """The payment of that invoice."""
    amount = Decimal(gross(net))
    linked = {"TxnId": Ref(key=key(Kind.ORDER, number)), "TxnType": "Invoice"}
    body: dict[str, object] = {
        "CustomerRef": {"value": Ref(key=key(Kind.CUSTOMER, who), role=CUSTOMER)},
        "TotalAmt": amount,
        "TxnDate": "2026-05-04",
        "PaymentRefNum": f"WC-{number}",
        "Line": [{"Amount": amount, "LinkedTxn": [linked]}],
    }
    return create(Kind.PAYMENT, key(Kind.ORDER, number), PAYMENT, body, str(amount))


def refund(number: int, net: str = "10.00") -> Write:
    """Money given back."""
    body = {**sale(number, net, doc=f"WC-R{number}"), "DepositToAccountRef": {"value": "4"}}
    return create(Kind.REFUND_RECEIPT, key(Kind.REFUND, number), DOCUMENT, body, gross(net))


def plan(*writes: Write) -> Plan:
    """A plan for the books."""
    return Plan(target=BOOKS, writes=writes)


def orders(first: int, last: int) -> list[Write]:
    """Customer, item, and for each order an invoice with its payment."""
    numbers = range(first, last + 1)
    return [customer(), item(), *(invoice(number) for number in numbers), *(payment(number) for number in numbers)]
