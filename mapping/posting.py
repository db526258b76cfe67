"""What documents an order or a refund becomes; docs/posting.md tells every case in plain words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, SkipValidation

from domain.books import Company
from domain.keys import ConnectionName, Kind, RecordKey
from domain.problems import Problem
from domain.records import LineType, Order, Refund
from domain.writes import DOCUMENT, Ref, Skipped
from mapping.engine import Fields, Mappings, default_mappings
from mapping.fingerprint import fingerprint
from mapping.posting_documents import currency_fields, day_of, document_number, sale_entries
from mapping.posting_entries import PAYMENT, Entry, account_reference
from mapping.posting_lines import read_order
from mapping.posting_policy import DateChoice, DocumentForm, PostingPolicy, RefundForm
from mapping.posting_refunds import read_refund
from mapping.refusal import Exclusion, Refusal
from mapping.spec import InvalidMapping

_REFUND_KINDS = {RefundForm.REFUND_RECEIPT: Kind.REFUND_RECEIPT, RefundForm.CREDIT_MEMO: Kind.CREDIT_MEMO}


class Posting(BaseModel):
    """What one record of the shop becomes in the books: ``helpers`` and then ``documents``, in writing order."""

    model_config = ConfigDict(frozen=True)

    key: SkipValidation[RecordKey]
    date: date
    helpers: tuple[SkipValidation[Entry], ...]
    documents: tuple[SkipValidation[Entry], ...]
    total: Decimal

    @property
    def fingerprint(self) -> str:
        """Give a print of what the documents say; what the shop changes besides leaves it alone."""
        return fingerprint(*(entry.fingerprint.encode() for entry in self.documents))


Outcome = Posting | Skipped | Problem


def post_order(
    order: Order,
    source: ConnectionName,
    policy: PostingPolicy,
    company: Company,
    mappings: Mappings | None = None,
) -> Outcome:
    """Decide what an order becomes: documents whose total is the order's to the cent, or why none; never raises."""
    key = RecordKey(connection=source, kind=Kind.ORDER, id=order.id)
    try:
        posting = _order_posting(key, order, policy, company, mappings or default_mappings())
        exclude_closed(posting.date, company)
    except (Refusal, Exclusion, InvalidMapping) as reason:
        return _outcome(reason, key)
    return posting


def post_refund(
    refund: Refund,
    order: Order,
    source: ConnectionName,
    policy: PostingPolicy,
    company: Company,
    mappings: Mappings | None = None,
) -> Outcome:
    """Decide what a refund of the order becomes: a document of its amount to the cent, or why none; never raises."""
    key = RecordKey(connection=source, kind=Kind.REFUND, id=refund.id)
    try:
        posting = _refund_posting(key, refund, order, policy, company, mappings or default_mappings())
        exclude_closed(posting.date, company)
    except (Refusal, Exclusion, InvalidMapping) as reason:
        return _outcome(reason, key)
    return posting


def posting_hash(policy: PostingPolicy, mappings: Mappings | None = None) -> str:
    """Name the present policy and mappings: records skipped under another hash are planned again."""
    stated = policy.model_dump(mode="json") | {"statuses": sorted(policy.statuses)}
    return fingerprint(repr(sorted(stated.items())).encode(), (mappings or default_mappings()).hash.encode())


def exclude_closed(day: date, company: Company) -> None:
    """Raise Exclusion when the books take no document of that day."""
    if company.closed_until is not None and day <= company.closed_until:
        raise Exclusion(
            "books_closed", f"The books are closed until {company.closed_until}, the document would be of {day}."
        )


def _outcome(reason: Refusal | Exclusion | InvalidMapping, key: RecordKey) -> Skipped | Problem:
    if isinstance(reason, Exclusion):
        return reason.skipped(key)
    if isinstance(reason, InvalidMapping):
        reason = Refusal("mapping_failed", str(reason), "Correct the field mapping.")
    return reason.problem(key)


def _exclude_unposted(order: Order, policy: PostingPolicy, company: Company) -> None:
    if order.status not in policy.statuses:
        raise Exclusion("status", f"Orders in status {order.status} are not posted.")
    if order.currency != company.home_currency and not company.is_multi_currency:
        raise Exclusion(
            "currency_foreign",
            f"The order is in {order.currency}, the books are in {company.home_currency} and have multi-currency off.",
        )
    charged = (line for line in order.lines if line.type not in (LineType.TAX, LineType.COUPON))
    if not order.total and not order.total_tax and not any(line.total or line.total_tax for line in charged):
        raise Exclusion("nothing_to_post", "The order costs nothing: all its lines, its tax and its total are zero.")
    if policy.document is DocumentForm.SALES_RECEIPT and order.total > 0 and order.paid_at is None:
        raise Exclusion("not_paid", "The order is not paid, and a sales receipt is money received.")


def _order_posting(
    key: RecordKey, order: Order, policy: PostingPolicy, company: Company, mappings: Mappings
) -> Posting:
    _exclude_unposted(order, policy, company)
    if order.total < 0:
        raise Refusal(
            "negative_total", f"The order has a total of {order.total}, which no invoice can have.", "Post it by hand."
        )
    sale = read_order(order, policy)
    is_paid_day = policy.date is DateChoice.PAID and order.paid_at is not None
    day = day_of(order.paid_at if is_paid_day else order.created_at, policy)
    helpers, body = sale_entries(sale, order, key.connection, policy, company, mappings)
    body |= {"DocNumber": document_number(policy.number_prefix, order.number), "TxnDate": day.isoformat()}
    documents = _order_documents(key, order, body, policy, company, mappings)
    return Posting(key=key, date=day, helpers=helpers, documents=documents, total=order.total)


def _order_documents(
    key: RecordKey, order: Order, body: Fields, policy: PostingPolicy, company: Company, mappings: Mappings
) -> tuple[Entry, ...]:
    record = {"order": order.model_dump(mode="json")}
    if policy.document is DocumentForm.SALES_RECEIPT:
        body |= mappings.fields(Kind.SALES_RECEIPT, record) | _money_fields(order, policy, company)
        return (Entry(key=key, role=DOCUMENT, kind=Kind.SALES_RECEIPT, body=body, total=order.total),)
    body |= mappings.fields(Kind.INVOICE, record)
    invoice = Entry(key=key, role=DOCUMENT, kind=Kind.INVOICE, body=body, total=order.total)
    if order.paid_at is None or order.total <= 0:
        return (invoice,)
    return invoice, _payment(invoice, order, policy, company, mappings.fields(Kind.PAYMENT, record))


def _payment(invoice: Entry, order: Order, policy: PostingPolicy, company: Company, fields: Fields) -> Entry:
    body = fields | {
        "CustomerRef": invoice.body["CustomerRef"],
        "TotalAmt": order.total,
        "TxnDate": day_of(order.paid_at, policy).isoformat(),
        "PaymentRefNum": invoice.body["DocNumber"],
        "Line": [{"Amount": order.total, "LinkedTxn": [{"TxnId": Ref(key=invoice.key), "TxnType": "Invoice"}]}],
        **currency_fields(order, company),
        **_money_fields(order, policy, company),
    }
    return Entry(key=invoice.key, role=PAYMENT, kind=Kind.PAYMENT, body=body, total=order.total)


def _money_fields(order: Order, policy: PostingPolicy, company: Company) -> Fields:
    fields: Fields = {}
    if order.payment_method in policy.payment_methods:
        fields["PaymentMethodRef"] = {"value": policy.payment_methods[order.payment_method]}
    if policy.deposit_account:
        fields["DepositToAccountRef"] = account_reference(company, policy.deposit_account, "deposit_account")
    return fields


def _exclude_unrefunded(refund: Refund, order: Order, policy: PostingPolicy, company: Company) -> None:
    try:
        _exclude_unposted(order, policy, company)
    except Exclusion as reason:
        raise Exclusion("order_not_posted", f"Order {order.id} is not posted. {reason.reason}") from None
    if not refund.amount:
        raise Exclusion("nothing_to_post", "Nothing was given back.")
    if refund.amount < 0:
        raise Refusal("negative_total", f"The refund has an amount of {refund.amount}.", "Post it by hand.")


def _refund_posting(
    key: RecordKey, refund: Refund, order: Order, policy: PostingPolicy, company: Company, mappings: Mappings
) -> Posting:
    _exclude_unrefunded(refund, order, policy, company)
    sale = read_refund(refund, order, policy)
    day = day_of(refund.created_at, policy)
    helpers, body = sale_entries(sale, order, key.connection, policy, company, mappings)
    body |= {"DocNumber": document_number(policy.refund_prefix, refund.id), "TxnDate": day.isoformat()}
    kind = _REFUND_KINDS[policy.refund_document]
    if kind is Kind.REFUND_RECEIPT:
        body |= _money_fields(order, policy, company)
        body["DepositToAccountRef"] = account_reference(company, policy.refund_account, "refund_account")
    body |= mappings.fields(kind, {"order": order.model_dump(mode="json"), "refund": refund.model_dump(mode="json")})
    document = Entry(key=key, role=DOCUMENT, kind=kind, body=body, total=refund.amount)
    return Posting(key=key, date=day, helpers=helpers, documents=(document,), total=refund.amount)
