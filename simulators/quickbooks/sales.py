"""Invoices, sales receipts, refund receipts and credit memos."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from simulators.quickbooks.addresses import number_addresses
from simulators.quickbooks.company import Body, Company, Row
from simulators.quickbooks.lines import Lines, lay_out
from simulators.quickbooks.names import exchange_rate
from simulators.quickbooks.numbers import ZERO, money
from simulators.quickbooks.refusals import business, refusal
from simulators.quickbooks.seeds import UNDEPOSITED
from simulators.quickbooks.taxes import tax_detail

_SALE = "SalesItemLineDetail"
_LABELS = {"SalesReceipt": "Sales Receipt", "RefundReceipt": "Refund Receipt", "CreditMemo": "Credit Memo"}
_DUE_DAYS = 30
_COMPUTED = (
    "TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "RemainingCredit", "LinkedTxn", "CustomField", "ExchangeRate",
)  # fmt: skip
_ONLINE = ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")


def merged(old: Row, sent: Body, *, sparse: bool) -> Body:
    """The body that an update asks for.

    A sparse update changes what it sends; a full one clears what it leaves out, except the number and the currency
    (captured: a full update of a SalesReceipt lost its customer, got today's date and kept its number).
    """
    kept: Body = (
        old.body if sparse else {name: old.body[name] for name in ("DocNumber", "CurrencyRef") if name in old.body}
    )
    body = {name: value for name, value in {**kept, **sent}.items() if name not in _COMPUTED or name in sent}
    if sparse and "TxnTaxDetail" not in sent and "TxnTaxDetail" in old.body:
        # Tax is computed anew when lines change; an untouched document keeps an amount that was once forced.
        detail = old.body["TxnTaxDetail"]
        code = {name: value for name, value in detail.items() if name == "TxnTaxCodeRef"}
        body["TxnTaxDetail"] = code if "Line" in sent else detail
    return {name: value for name, value in body.items() if value != ""}


def prepare(company: Company, kind: str, body: Body, old: Row | None, *, any_number: bool) -> Body:
    """The document as QuickBooks stores it, with totals and tax; raises Refusal."""
    when = body.get("TxnDate") or company.today
    currency = _currency(company, body)
    lines = lay_out(company, body.get("Line", []), currency, old.body["Line"] if old else [])
    _check_stock(company, lines, when)
    tax = tax_detail(company, body, lines, currency)
    total = money(lines.net + (tax["TotalTax"] if tax else ZERO), currency)
    _check_document(body, total)
    made = {
        "CustomField": [], **_addresses(company, kind, body, old), "TxnDate": when, "Line": lines.shown(),
        "CurrencyRef": {"value": currency}, "TotalAmt": total, "PrintStatus": body.get("PrintStatus", "NeedToPrint"),
        "ApplyTaxAfterDiscount": body.get("ApplyTaxAfterDiscount", False),
    }  # fmt: skip
    for name in ("TxnTaxDetail", "GlobalTaxCalculation"):
        made.pop(name, None)
    made |= _tax(company, body, tax) | _own(company, kind, made, old, total)
    rate = exchange_rate(company, made, currency)
    made.pop("ExchangeRate", None)
    if rate is not None:
        made |= {"ExchangeRate": rate, "HomeTotalAmt": money(total * rate, company.setup.home)}
    number = _number(company, kind, body, old, any_number=any_number)
    return {**made, "DocNumber": number} if number else made


def _tax(company: Company, body: Body, tax: Body | None) -> Body:
    """What the answer says about tax; how lines are priced is only told outside the US (Intuit's schema)."""
    coded = company.setup.place.tax == "coded"
    how = {"GlobalTaxCalculation": body.get("GlobalTaxCalculation", "TaxExcluded")} if coded else {}
    return how if tax is None else {**how, "TxnTaxDetail": tax}


def _check_document(body: Body, total: Decimal) -> None:
    if total < 0:
        # Believed; no source shows the code of a negative total.
        raise business("Transaction amount must be 0 or greater.")
    if body.get("EmailStatus") == "NeedToSend" and not body.get("BillEmail", {}).get("Address"):
        raise refusal("6420", "Customer email required for delivery type of e-mail.")


def _own(company: Company, kind: str, made: Body, old: Row | None, total: Decimal) -> Body:
    """What only one kind of document has."""
    mail = {} if kind == "RefundReceipt" else {"EmailStatus": made.get("EmailStatus", "NotSet")}
    if kind == "SalesReceipt":
        return {**mail, "Balance": ZERO, "DepositToAccountRef": made.get("DepositToAccountRef", {"value": UNDEPOSITED})}
    if kind == "RefundReceipt":
        return {"Balance": ZERO}
    settled = old.body["TotalAmt"] - old.body["Balance"] if old else ZERO
    if settled and old and old.body["CustomerRef"] != made["CustomerRef"]:
        raise business("The customer can't change while payments are applied to this transaction.")
    if settled > total:
        raise business("The total can't be less than what has been applied to this transaction.")
    own: Body = {**mail, "Balance": total - settled or ZERO, "LinkedTxn": old.body["LinkedTxn"] if old else []}
    if kind == "CreditMemo":
        return {**own, "RemainingCredit": own["Balance"]}
    return {**own, **_terms(company, made), **{name: made.get(name, False) for name in _ONLINE}}


def _terms(company: Company, made: Body) -> Body:
    """Term and due date: the customer's term, else 30 days (captured)."""
    customer = company.row("Customer", made["CustomerRef"]["value"])
    reference = made.get("SalesTermRef") or customer.body.get("SalesTermRef")
    term = company.find("Term", reference["value"]) if reference else None
    days = int(term.body["DueDays"]) if term else _DUE_DAYS
    due = made.get("DueDate") or (date.fromisoformat(made["TxnDate"]) + timedelta(days=days)).isoformat()
    return {"DueDate": due, **({"SalesTermRef": reference} if reference else {})}


def _currency(company: Company, body: Body) -> str:
    """The customer's currency; a document in another one is refused."""
    customer = company.find("Customer", body.get("CustomerRef", {}).get("value", ""))
    wanted = str(customer.body["CurrencyRef"]["value"]) if customer else company.setup.home
    sent = body.get("CurrencyRef", {}).get("value")
    if sent is None:
        return wanted
    if customer and sent != wanted:
        raise business("The currency of the transaction must be the currency of the customer.")
    return str(sent)


def _addresses(company: Company, kind: str, body: Body, old: Row | None) -> Body:
    """The body with addresses, which default to the customer's (captured on Invoice; no ShipAddr on RefundReceipt)."""
    customer = company.find("Customer", body.get("CustomerRef", {}).get("value", ""))
    names = ("BillAddr",) if kind == "RefundReceipt" else ("BillAddr", "ShipAddr")
    known = {name: customer.body[name] for name in names if name in customer.body} if customer else {}
    return number_addresses(company, {**known, **body}, old)


def _number(company: Company, kind: str, body: Body, old: Row | None, *, any_number: bool) -> str:
    """The document's number: sent, kept or given; raises Refusal 6140 when a sales document holds it already."""
    sent = body.get("DocNumber", "")
    if sent == "AUTO_GENERATE" and kind in ("Invoice", "SalesReceipt"):
        return _next_number(company)
    if not sent:
        return "" if company.setup.custom_numbers else _next_number(company)
    if old is None or old.body.get("DocNumber") != sent:
        _check_number(company, sent, old, any_number=any_number)
    return str(sent)


def _check_number(company: Company, number: str, old: Row | None, *, any_number: bool) -> None:
    warned = company.setup.custom_numbers or not company.switches.duplicates_need_custom_numbers
    if any_number or not company.switches.refuses_duplicate_numbers or not warned:
        return
    for holder in company.called("number", number):
        if holder is not old:
            detail = (
                "Duplicate Document Number Error : You must specify a different number. This number has already been "
                f"used. DocNumber={number} is assigned to TxnType={_LABELS.get(holder.kind, holder.kind)} "
                f"with TxnId={holder.id}"
            )
            raise refusal("6140", detail)


def _next_number(company: Company) -> str:
    while True:
        company.last_number += 1
        if not any(company.called("number", str(company.last_number))):
            return str(company.last_number)


def _check_stock(company: Company, lines: Lines, when: str) -> None:
    for line in lines.items:
        detail: Mapping[str, Any] = line.get(_SALE, {})
        item = company.find("Item", detail.get("ItemRef", {}).get("value", ""))
        if item is None or item.body["Type"] != "Inventory":
            continue
        if when < item.body["InvStartDate"]:
            # Captured: on its own, as HTTP 400.
            detail_text = (
                "Transactions with inventory (QOH) products cant be dated earlier than the Inventory Start Date for "
                "the product"
            )
            raise refusal("6270", detail_text)
        if "Qty" not in detail:
            raise refusal("6520", "An inventory item that is tracked needs a quantity.")


def voided(row: Row) -> Body:
    """The document with all amounts 0 (captured: what a void keeps and drops)."""
    lines = []
    for line in row.body["Line"]:
        emptied = {**line, "Amount": ZERO}
        if _SALE in line:
            detail = {
                name: value for name, value in line[_SALE].items() if name not in ("UnitPrice", "TaxInclusiveAmt")
            }
            emptied[_SALE] = {**detail, "Qty": ZERO} if "Qty" in detail else detail
        if "DiscountLineDetail" not in line:
            lines.append(emptied)
    note = row.body.get("PrivateNote")
    body = {
        **row.body,
        "Line": lines,
        "TotalAmt": ZERO,
        "Balance": ZERO,
        "PrivateNote": f"Voided - {note}" if note else "Voided",
    }
    for name, empty in (("LinkedTxn", []), ("RemainingCredit", ZERO), ("HomeTotalAmt", ZERO)):
        if name in body:
            body[name] = empty
    return body | ({"TxnTaxDetail": {"TotalTax": ZERO}} if "TxnTaxDetail" in body else {})
