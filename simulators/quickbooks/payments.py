"""Payments, and what they settle: invoices and credit memos."""

from collections import defaultdict
from decimal import Decimal

from simulators.quickbooks.company import Body, Company, Row
from simulators.quickbooks.names import exchange_rate
from simulators.quickbooks.numbers import ZERO, money
from simulators.quickbooks.refusals import business, refusal
from simulators.quickbooks.seeds import UNDEPOSITED

Shares = dict[tuple[str, str], Decimal]
"""How much of a payment goes to which document: (kind, id) -> amount."""
_SETTLED = ("Invoice", "CreditMemo")


def prepare(company: Company, body: Body, old: Row | None) -> Body:
    """A payment as QuickBooks stores it; raises Refusal."""
    if "TotalAmt" not in body:
        # Intuit's page on common errors shows this one for a Payment.
        raise business("You must set a transaction amount.")
    customer = company.row("Customer", body["CustomerRef"]["value"])
    currency = _currency(body, customer)
    total = money(body["TotalAmt"], currency)
    lines = body.get("Line", [])
    if not lines and old is None and company.setup.auto_apply_payments:
        lines = _oldest_first(company, customer.id, total)
    before = shares(old.body) if old else {}
    applied = _check_shares(company, customer.id, _wanted(lines, currency), before)
    if applied > total or total < 0:
        raise business("The amount applied is more than the amount of the payment.")
    made = {
        **body, "TotalAmt": total, "UnappliedAmt": total - applied or ZERO,
        "TxnDate": body.get("TxnDate") or company.today, "ProcessPayment": False,
        "CurrencyRef": {"value": currency}, "LinkedTxn": [],
        "DepositToAccountRef": body.get("DepositToAccountRef", {"value": UNDEPOSITED}),
        "Line": [_line(company, line, currency, before) for line in lines],
    }  # fmt: skip
    rate = exchange_rate(company, made, currency)
    made.pop("ExchangeRate", None)
    return made if rate is None else {**made, "ExchangeRate": rate}


def _currency(body: Body, customer: Row) -> str:
    currency = str(customer.body["CurrencyRef"]["value"])
    if body.get("CurrencyRef", {}).get("value", currency) != currency:
        raise business("The currency of the transaction must be the currency of the customer.")
    return currency


def shares(body: Body) -> Shares:
    """How a stored payment is divided."""
    return _wanted(body.get("Line", []), body["CurrencyRef"]["value"])


def apply(company: Company, payment: str, before: Shares, after: Shares) -> None:
    """Settle documents: balances and links change, and with them token and LastUpdatedTime (captured: paid invoice)."""
    for kind, number in sorted(before.keys() | after.keys()):
        paid, pays = before.get((kind, number), ZERO), after.get((kind, number))
        row = company.find(kind, number)
        if row is None or paid == pays:
            continue
        link = {"TxnId": payment, "TxnType": "Payment"}
        links = [other for other in row.body["LinkedTxn"] if other != link] + ([link] if pays is not None else [])
        balance = row.body["Balance"] + paid - (pays or ZERO) or ZERO
        body = {**row.body, "Balance": balance, "LinkedTxn": links}
        company.change(row, body | ({"RemainingCredit": balance} if kind == "CreditMemo" else {}))


def release(company: Company, row: Row) -> None:
    """Take a document out of all payments, before it is deleted or voided; what they paid becomes unapplied.

    Raises Refusal 800 for a credit that a payment of money uses (the code is Intuit's, the case is unconfirmed).
    """
    linked = [company.row("Payment", link["TxnId"]) for link in row.body.get("LinkedTxn", [])]
    if row.kind == "CreditMemo" and any(payment.body["TotalAmt"] for payment in linked):
        raise refusal("800", "The credit is used by a payment. Unlink it first.")
    for payment in linked:
        if not payment.body["TotalAmt"]:
            # It only bound a credit to invoices: without either there is nothing left of it.
            apply(company, payment.id, shares(payment.body), {})
            company.remove(payment)
            continue
        freed = shares(payment.body).get((row.kind, row.id), ZERO)
        kept = [line for line in payment.body["Line"] if _target(line) != (row.kind, row.id)]
        unapplied = payment.body["UnappliedAmt"] + freed
        company.change(payment, {**payment.body, "Line": kept, "UnappliedAmt": unapplied})


def apply_credit(company: Company, credit: Row) -> None:
    """AutoApplyCredit: a payment of 0 binds the credit to the customer's oldest open invoices."""
    customer = credit.body["CustomerRef"]["value"]
    lines = _oldest_first(company, customer, credit.body["Balance"])
    if not lines:
        return
    used = sum((line["Amount"] for line in lines), ZERO)
    lines.append({"Amount": used, "LinkedTxn": [{"TxnId": credit.id, "TxnType": "CreditMemo"}]})
    body = prepare(company, {"CustomerRef": {"value": customer}, "TotalAmt": ZERO, "Line": lines}, None)
    payment = company.add("Payment", body)
    apply(company, payment.id, {}, shares(body))


def voided(row: Row) -> Body:
    """A payment with all amounts 0 and without lines (captured)."""
    return {**row.body, "TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": [], "PrivateNote": "Voided"}


def _oldest_first(company: Company, customer: str, amount: Decimal) -> list[Body]:
    invoices = [row for row in company.tables["Invoice"].values() if row.body["CustomerRef"]["value"] == customer]
    lines = []
    for invoice in sorted(invoices, key=lambda row: (row.body["TxnDate"], int(row.id))):
        share = min(amount, invoice.body["Balance"])
        if share > 0:
            lines.append({"Amount": share, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]})
            amount -= share
    return lines


def _wanted(lines: list[Body], currency: str) -> Shares:
    wanted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        target = _target(line)
        if target:
            wanted[target] += money(line["Amount"], currency)
    return dict(wanted)


def _target(line: Body) -> tuple[str, str] | None:
    links = line.get("LinkedTxn", [])
    return (links[0]["TxnType"], links[0]["TxnId"]) if links else None


def _check_shares(company: Company, customer: str, wanted: Shares, before: Shares) -> Decimal:
    """The sum for invoices less that of credits; raises Refusal 620 for what cannot be linked (Intuit: error codes)."""
    applied = ZERO
    for (kind, number), amount in wanted.items():
        row = company.find(kind, number) if kind in _SETTLED else None
        if row is None or row.body["CustomerRef"]["value"] != customer:
            raise refusal("620", f"Transaction cannot be linked : The {kind} {number} can't be linked.")
        if amount < 0 or amount > row.body["Balance"] + before.get((kind, number), ZERO):
            raise refusal("620", f"Transaction cannot be linked : The {kind} {number} has less than {amount} open.")
        applied += amount if kind == "Invoice" else -amount
    return max(applied, ZERO)


def _line(company: Company, line: Body, currency: str, before: Shares) -> Body:
    """A payment's line with what QuickBooks tells of the document (captured: the balance before this payment)."""
    kept = {"Amount": money(line["Amount"], currency), "LinkedTxn": line.get("LinkedTxn", [])}
    target = _target(line)
    if target is None:
        return kept
    row = company.row(*target)
    balance = row.body["Balance"] + before.get(target, ZERO)
    told = {"txnId": row.id, "txnOpenBalance": f"{balance:.2f}", "txnReferenceNumber": row.body.get("DocNumber", "")}
    return {**kept, "LineEx": {"any": [_told(name, value) for name, value in told.items()]}}


def _told(name: str, value: str) -> Body:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope", "value": {"Name": name, "Value": value},
        "nil": False, "globalScope": True, "typeSubstituted": False,
    }  # fmt: skip
