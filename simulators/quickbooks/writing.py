"""Create, update, delete, void: the same for the API and for the bookkeeper."""

from typing import Any

import msgspec

from simulators.quickbooks import items, names, payments, sales
from simulators.quickbooks.company import Body, Company, Row
from simulators.quickbooks.kinds import Kind
from simulators.quickbooks.references import check_references
from simulators.quickbooks.refusals import Refusal, bad_id, missing, refusal, unsupported
from simulators.quickbooks.shapes import Group, clean
from simulators.quickbooks.taxes import check_line_codes

_STOCK_SIGN = {"Invoice": -1, "SalesReceipt": -1, "RefundReceipt": 1, "CreditMemo": 1}
_READ_ONLY_LATER = ("Balance", "BalanceWithJobs", "FullyQualifiedName", "Level")


class Wish(msgspec.Struct, frozen=True):
    """A write: the kind, the body as sent, and what its ``include`` asks for."""

    kind: Kind
    sent: Any
    include: str = ""


def write(company: Company, operation: str, wish: Wish) -> Body:
    """Do one write; the object as answered. Raises Refusal.

    Without an operation a body with an Id is an update (python-quickbooks mixins.py).
    """
    if not wish.kind.writable:
        raise unsupported(f"{operation or 'create'} {wish.kind.name}")
    _check_subscription(company)
    updates = isinstance(wish.sent, dict) and "Id" in wish.sent
    match operation or ("update" if updates else "create"):
        case "create":
            return company.shown(create(company, wish))
        case "update" if "void" in wish.include:
            return company.shown(void(company, wish))
        case "update":
            return company.shown(update(company, wish))
        case "delete":
            return delete(company, wish)
        case "void" if wish.kind.name == "Invoice":
            # The others are voided by ?operation=update&include=void (python-quickbooks mixins.py).
            return company.shown(void(company, wish))
        case other:
            raise unsupported(f"{other} {wish.kind.name}")


def _check_subscription(company: Company) -> None:
    if not company.subscribed:
        detail = (
            "Subscription period has ended or canceled or there was a billing problem : You can't add data to "
            "QuickBooks Online Plus because your trial or subscription period ended."
        )
        raise refusal("6190", detail)


def create(company: Company, wish: Wish) -> Row:
    """A new object; raises Refusal."""
    body = _cleaned(company, wish, wish.kind.group)
    made = _prepare(company, wish, body, None)
    row = company.add(wish.kind.name, made)
    _settle(company, row, None)
    if wish.kind.name == "CreditMemo" and company.setup.auto_apply_credit:
        payments.apply_credit(company, row)
    return row


def update(company: Company, wish: Wish) -> Row:
    """A changed object; raises Refusal 5010 for a stale token."""
    row = _current(company, wish)
    sparse = wish.sent.get("sparse") in (True, "true")
    group = msgspec.structs.replace(wish.kind.group, required=()) if sparse else wish.kind.group
    sent = _cleaned(company, wish, group)
    if wish.kind.family == "sales":
        body = sales.merged(row, sent, sparse=sparse)
    else:
        body = {name: value for name, value in ({**row.body, **sent} if sparse else sent).items() if value != ""}
        body = {name: value for name, value in body.items() if name not in _READ_ONLY_LATER}
    for name in wish.kind.group.required:
        if name not in body:
            raise Refusal(missing(name))
    before = row.body
    made = _prepare(company, wish, body, row)
    company.change(row, made)
    _settle(company, row, before)
    return row


def delete(company: Company, wish: Wish) -> Body:
    """Delete a transaction; names are only deactivated. The stub of the answer (captured); raises Refusal."""
    if wish.kind.family not in ("sales", "payments"):
        raise unsupported(f"delete {wish.kind.name}")
    row = _current(company, wish)
    _check_open(company, row.body["TxnDate"])
    _undo(company, row)
    company.remove(row)
    return {"domain": "QBO", "status": "Deleted", "Id": row.id}


def void(company: Company, wish: Wish) -> Row:
    """Void a transaction: it stays, with all amounts 0; raises Refusal."""
    if wish.kind.family not in ("sales", "payments"):
        raise unsupported(f"void {wish.kind.name}")
    row = _current(company, wish)
    _check_open(company, row.body["TxnDate"])
    _undo(company, row)
    body = payments.voided(row) if row.kind == "Payment" else sales.voided(row)
    company.change(row, body, "Void")
    return row


def _current(company: Company, wish: Wish) -> Row:
    """The object that a body means, its token being the current one; raises Refusal."""
    sent = wish.sent if isinstance(wish.sent, dict) else {}
    number = sent.get("Id")
    if number is None:
        raise Refusal(missing("Id"))
    if not str(number).isdigit():
        raise bad_id(str(number))
    row = company.row(wish.kind.name, str(number))
    if sent.get("SyncToken") is None:
        raise Refusal(missing("SyncToken"))
    if str(sent["SyncToken"]) != str(row.token):
        detail = (
            "Stale Object Error : You and Sample User were working on this at the same time. Sample User finished "
            "before you did, so your work was not saved."
        )
        raise refusal("5010", detail)
    return row


def _cleaned(company: Company, wish: Wish, group: Group) -> Body:
    body = clean(group, wish.sent)
    if "CurrencyRef" in body:
        names.check_currency(company, body["CurrencyRef"]["value"])
    return {name: value for name, value in body.items() if name not in wish.kind.fixed and name != "Id"}


def _prepare(company: Company, wish: Wish, body: Body, old: Row | None) -> Body:
    kind = wish.kind
    if kind.family == "sales":
        check_line_codes(company, body)
    check_references(company, kind.group, body)
    if kind.family in ("sales", "payments"):
        _check_open(company, body.get("TxnDate") or company.today, *([old.body["TxnDate"]] if old else []))
    match kind.family:
        case "names":
            return names.prepare(company, kind.name, body, old)
        case "items":
            return items.prepare_item(company, body, old)
        case "accounts":
            return items.prepare_account(company, body, old)
        case "lists":
            return items.prepare_list(company, kind.name, body, old)
        case "payments":
            return payments.prepare(company, body, old)
        case _:
            any_number = "allowduplicatedocnum" in wish.include
            return sales.prepare(company, kind.name, body, old, any_number=any_number)


def _check_open(company: Company, *days: str) -> None:
    """Raises Refusal 6210 for a day on or before the closing date (Intuit: handling common errors)."""
    if any(day <= company.setup.closed_until for day in days):
        detail = (
            "The account period has closed and the account books cannot be updated through the QBO Services API. "
            "Please use the QBO website to make these changes."
        )
        raise refusal("6210", detail)


def _settle(company: Company, row: Row, before: Body | None) -> None:
    """What a document does to others: a payment settles, a sale moves stock."""
    if row.kind == "Payment":
        payments.apply(company, row.id, payments.shares(before) if before else {}, payments.shares(row.body))
    elif row.kind in _STOCK_SIGN:
        if before:
            items.move_stock(company, before["Line"], -_STOCK_SIGN[row.kind])
        items.move_stock(company, row.body["Line"], _STOCK_SIGN[row.kind])


def _undo(company: Company, row: Row) -> None:
    if row.kind == "Payment":
        payments.apply(company, row.id, payments.shares(row.body), {})
    else:
        payments.release(company, row)
        items.move_stock(company, row.body["Line"], -_STOCK_SIGN[row.kind])


def read(company: Company, kind: Kind, number: str) -> Body:
    """One object; raises Refusal 2030 for an id that is no number, 610 for one that does not exist."""
    if not number.isdigit() and kind.name != "TaxCode":
        raise bad_id(number)
    return company.shown(company.row(kind.name, number))
