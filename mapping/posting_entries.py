"""The records of the books that an order becomes, and the helper records its documents name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, SkipValidation

from domain.books import Company, TaxMode
from domain.keys import ConnectionName, Kind, RecordKey
from domain.records import Order
from domain.writes import Ref
from mapping.engine import Mappings
from mapping.fingerprint import fingerprint
from mapping.posting_lines import Charge, Helper, ItemId, cents
from mapping.posting_policy import GuestForm, PostingPolicy, find_account
from mapping.refusal import Refusal

CUSTOMER = "customer"
ITEM = "item"
PAYMENT = "payment:1"
NAME_LENGTH = 100
WEB_CUSTOMER = "web"


class Entry(BaseModel):
    """One record to be written: ``body`` is JSON with Decimal amounts and a Ref wherever an id belongs.

    ``total`` is what a document must come to, None of helper customers and items.
    """

    model_config = ConfigDict(frozen=True)

    key: SkipValidation[RecordKey]
    role: str
    kind: Kind
    body: SkipValidation[Mapping[str, object]]
    total: Decimal | None = None

    @property
    def fingerprint(self) -> str:
        """Give a print of exactly what is posted."""
        return fingerprint(self.kind.encode(), json.dumps(self.body, sort_keys=True, default=_spell).encode())

    @property
    def ref(self) -> dict[str, object]:
        """Give what stands in a body for this record."""
        return {"value": Ref(key=self.key, role=self.role)}


def _spell(value: object) -> str:
    if isinstance(value, Ref):
        return f"{value.key}|{value.role}"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    raise TypeError(f"a body holds a {type(value).__name__}")


def account_reference(company: Company, wanted: str, setting: str) -> dict[str, object]:
    """Give the reference to an account named in the policy; raises Refusal."""
    account = find_account(company, wanted)
    if account is None:
        raise Refusal(
            "account_missing",
            f"The books have no active account {wanted!r}.",
            f"Name another one as {setting} in the posting policy.",
        )
    return {"value": account.id}


def customer_entry(
    order: Order, source: ConnectionName, policy: PostingPolicy, company: Company, mappings: Mappings
) -> Entry:
    """Give the customer of the books who bought; of a foreign currency it is one of that currency only."""
    key, role = customer_identity(order, source, policy, company)
    body = mappings.fields(Kind.CUSTOMER, {"order": order.model_dump(mode="json", exclude={"lines"})})
    if key.id == WEB_CUSTOMER:
        body = {"DisplayName": policy.guest_name}
    elif "DisplayName" not in body:
        body["DisplayName"] = body.get("CompanyName") or _address_of(body) or f"{source} {key.id}"
    if role != CUSTOMER:
        body["DisplayName"] = f"{str(body['DisplayName'])[: NAME_LENGTH - 6]} ({order.currency})"
        body["CurrencyRef"] = {"value": order.currency}
    return Entry(key=key, role=role, kind=Kind.CUSTOMER, body=body)


def customer_identity(
    order: Order, source: ConnectionName, policy: PostingPolicy, company: Company
) -> tuple[RecordKey, str]:
    """Name the customer of the books: the registered one, the guest by e-mail, or the one that stands for all."""
    # A customer of QuickBooks has one currency for ever, so who buys in two becomes two.
    role = CUSTOMER if order.currency == company.home_currency else f"{CUSTOMER}:{order.currency}"
    return RecordKey(connection=source, kind=Kind.CUSTOMER, id=_buyer(order, policy)), role


def _address_of(body: Mapping[str, object]) -> object:
    email = body.get("PrimaryEmailAddr")
    return email.get("Address") if isinstance(email, Mapping) else None


def _buyer(order: Order, policy: PostingPolicy) -> str:
    if order.customer_id is not None:
        return order.customer_id
    email = order.billing.email.strip().casefold()
    if policy.guests is GuestForm.SHARED or not email:
        return WEB_CUSTOMER
    # The address itself would be personal data in every key and log line.
    return f"guest-{hashlib.blake2b(email.encode(errors='replace'), digest_size=16).hexdigest()}"


def item_entries(
    charges: Iterable[Charge], source: ConnectionName, policy: PostingPolicy, company: Company, mappings: Mappings
) -> dict[ItemId, Entry]:
    """Give the items of the books that the charges are sold as, each once; raises Refusal."""
    account = account_reference(company, policy.income_account, "income_account")
    entries: dict[ItemId, Entry] = {}
    for charge in charges:
        if charge.item not in entries:
            kind, identity = charge.item
            key = RecordKey(connection=source, kind=kind, id=identity)
            body = _item_body(charge, policy, mappings) | {"IncomeAccountRef": account}
            if company.tax_mode is not TaxMode.PER_LINE and company.has_sales_tax:
                body["Taxable"] = True
            entries[charge.item] = Entry(key=key, role=ITEM, kind=Kind.ITEM, body=body)
    return entries


def _item_body(charge: Charge, policy: PostingPolicy, mappings: Mappings) -> dict[str, object]:
    kind, identity = charge.item
    if kind is Kind.ITEM:
        return {"Name": _helper_names(policy)[Helper(identity)], "Type": "Service"}
    line = charge.line.model_dump(mode="json") if charge.line else {}
    unit_price = unit_price_of(charge.gross, charge.quantity)
    body = mappings.fields(Kind.ITEM, {"line": line, "unit_price": None if unit_price is None else str(unit_price)})
    body.setdefault("Name", f"{kind} {identity}"[:NAME_LENGTH])
    return body | {"Type": "NonInventory"}


def _helper_names(policy: PostingPolicy) -> dict[Helper, str]:
    return {
        Helper.SHIPPING: policy.shipping_item,
        Helper.FEE: policy.fee_item,
        Helper.UNKNOWN: policy.unknown_item,
        Helper.REFUND: policy.refund_item,
        Helper.ROUNDING: policy.rounding_item,
    }


def is_plausible(quantity: Decimal) -> bool:
    """Whether it can be a number of pieces, so that it may be reckoned with and shown."""
    return Decimal("0.00001") <= quantity < Decimal(10) ** 9


def unit_price_of(amount: Decimal, quantity: Decimal | None) -> Decimal | None:
    """Give the price of a piece if price times quantity is the amount exactly, else None.

    QuickBooks refuses a line whose Amount is not UnitPrice times Qty (6070), but takes one without both.
    """
    if quantity is None or not is_plausible(quantity):
        return None
    price = cents(amount / quantity)
    return price if price * quantity == amount else None
