"""Customers, vendors and employees: one space of names for all three."""

from decimal import Decimal

from simulators.quickbooks.addresses import number_addresses
from simulators.quickbooks.company import Body, Company, Row
from simulators.quickbooks.modes import CURRENCIES
from simulators.quickbooks.numbers import ZERO, plain
from simulators.quickbooks.refusals import business, refusal

DELETED = " (deleted)"
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_LEVELS = 5
_SINGLE_CURRENCY = "Multi Currency should be enabled to perform this operation"


def prepare(company: Company, kind: str, body: Body, old: Row | None) -> Body:
    """The body as QuickBooks stores it; raises Refusal."""
    name = body.get("DisplayName") or " ".join(body[part] for part in _PARTS if body.get(part))
    if not name:
        detail = "At least one of Title, GivenName, MiddleName, FamilyName, DisplayName or Suffix is required."
        raise refusal("6080", detail)
    check_characters(name)
    active = body.get("Active", True)
    if not active:
        _check_settled(company, old)
        name = retired(company, "name", name, old)
    check_free(company, "name", name, old, "Another customer, vendor or employee is already using this name.")
    body = number_addresses(company, body, old)
    return {
        **_defaults(company, kind, body, old), **body, **_derived(company, kind, body, name, old),
        "DisplayName": name, "Active": active,
        "PrintOnCheckName": body.get("PrintOnCheckName") or body.get("CompanyName") or name,
    }  # fmt: skip


def retired(company: Company, space: str, name: str, old: Row | None) -> str:
    """The name of something inactive: it ends in " (deleted)", which frees the name (captured).

    What a second one of that name is called no source tells; here it gets a number.
    """
    if old and not old.active and old.label.endswith(name):
        return name
    base, number = name.removesuffix(DELETED), 0
    while True:
        candidate = f"{base} (deleted-{number})" if number else f"{base}{DELETED}"
        if not any(holder is not old for holder in company.called(space, candidate)):
            return candidate
        number += 1


def check_characters(name: str) -> None:
    """Raises Refusal 2040: no colon, because it separates levels, no tab, no line end (Intuit: Customer, Item)."""
    if any(sign in name for sign in ":\t\n\r"):
        raise refusal("2040", f"Element contains invalid characters: {name}")


def check_free(company: Company, space: str, name: str, old: Row | None, reason: str) -> None:
    """Raises Refusal 6240 when another object is called so; inactive ones count, unless renamed on deactivation."""
    for holder in company.called(space, name):
        if holder is not old and (company.switches.ignores_case or holder.label == name):
            detail = f"The name supplied already exists. : {reason} Please use a different name."
            raise refusal("6240", detail)


def currency_of(company: Company, body: Body, old: Row | None) -> dict[str, str]:
    """The currency of a person: home unless multi-currency is on, and never changed later; raises Refusal."""
    reference = body.get("CurrencyRef")
    home = company.setup.home
    if reference is None:
        return dict(old.body["CurrencyRef"]) if old else {"value": home}
    if old and reference != old.body["CurrencyRef"]:
        raise business("You can't change the currency of a customer, vendor or account once it has been created.")
    return {"value": reference["value"]}


def check_currency(company: Company, currency: str) -> None:
    """Raises Refusal 6000 (words as reported) for a currency while multi-currency is off, 2220 for an unknown one."""
    from_home = currency == company.setup.home and company.switches.home_currency_reference == "accepted"
    if not company.setup.multicurrency and not from_home:
        raise business(_SINGLE_CURRENCY)
    if currency not in CURRENCIES:
        raise refusal("2220", f"Invalid currency type : {currency}")


def exchange_rate(company: Company, body: Body, currency: str) -> Decimal | None:
    """Home units per unit of ``currency``, as sent or the day's; None while multi-currency is off. Raises Refusal."""
    sent = body.get("ExchangeRate")
    if company.setup.multicurrency:
        return plain(sent or company.rate(currency))
    if sent not in (None, 1):
        raise business(_SINGLE_CURRENCY)
    return None


def _defaults(company: Company, kind: str, body: Body, old: Row | None) -> Body:
    shared: Body = {"CurrencyRef": currency_of(company, body, old)}
    if kind == "Customer":
        customer = {"Taxable": True, "Job": False, "BillWithParent": False, "PreferredDeliveryMethod": "Print"}
        # Captured: where sales tax is set up, a new customer gets the company's tax code.
        code = {} if company.setup.place.tax == "coded" else {"DefaultTaxCodeRef": {"value": "2"}}
        return {**customer, "Balance": ZERO, "BalanceWithJobs": ZERO, **shared, **code}
    return {"Balance": ZERO, **({"Vendor1099": False} if kind == "Vendor" else {}), **shared}


def _derived(company: Company, kind: str, body: Body, name: str, old: Row | None) -> Body:
    derived: Body = {"CurrencyRef": currency_of(company, body, old)}
    if kind != "Customer":
        return derived
    parent = body.get("ParentRef")
    if not parent:
        return {**derived, "FullyQualifiedName": name}
    above = company.row("Customer", parent["value"])
    level = above.body.get("Level", 0) + 1
    if level >= _LEVELS:
        raise refusal("6180", "You can nest up to 5 levels.")
    return {**derived, "FullyQualifiedName": f"{above.body['FullyQualifiedName']}:{name}", "Level": level}


def _check_settled(company: Company, old: Row | None) -> None:
    if old and old.kind == "Customer" and old.active and company.owed_by(old.id):
        raise refusal("6220", "This customer has an open balance.")
