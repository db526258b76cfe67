"""What a new company holds: chart of accounts, items, tax codes, payment methods, terms, preferences."""

from decimal import Decimal

from simulators.clock import Clock
from simulators.quickbooks.company import Body, Company
from simulators.quickbooks.kinds import ACCOUNT_TYPES
from simulators.quickbooks.modes import Setup
from simulators.quickbooks.numbers import ZERO, plain
from simulators.quickbooks.switches import Switches

# Ids as sandbox companies have them in captured answers, so that 4 is Undeposited Funds and 35 is Checking.
_ACCOUNTS = (
    ("1", "Services", "Income", "ServiceFeeIncome"),
    ("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("33", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"), ("35", "Checking", "Bank", "Checking"),
    ("36", "Savings", "Bank", "Savings"), ("41", "Mastercard", "Credit Card", "CreditCard"),
    ("79", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("80", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("81", "Inventory Asset", "Other Current Asset", "Inventory"),
    ("82", "Shipping Income", "Income", "OtherPrimaryIncome"),
    ("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("86", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("87", "Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("88", "Bank Charges", "Expense", "BankCharges"),
    ("89", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
)  # fmt: skip
_METHODS = (("Cash", False), ("Check", False), ("Visa", True), ("MasterCard", True), ("Discover", True))
_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
DISCOUNTS, UNDEPOSITED, CUSTOM_TAX = "86", "4", "CustomSalesTax"


def new_company(realm: str, setup: Setup, clock: Clock, switches: Switches) -> Company:
    """A company as it stands after set-up, without customers and transactions."""
    company = Company(realm, setup, clock, switches)
    for number, name, kind, detail in _ACCOUNTS:
        company.add("Account", account(company, name, kind, detail), number)
    for name in ("Services", "Hours"):
        company.add("Item", _service(name))
    for name, card in _METHODS:
        company.add(
            "PaymentMethod", {"Name": name, "Active": True, "Type": "CREDIT_CARD" if card else "NON_CREDIT_CARD"}
        )
    for name, days in _TERMS:
        term = {"Name": name, "Active": True, "Type": "STANDARD", "DiscountPercent": ZERO, "DueDays": days}
        company.add("Term", term)
    _add_taxes(company)
    company.add("CompanyInfo", {}, "1")
    company.add("Preferences", {}, "1")
    return company


def account(company: Company, name: str, kind: str, detail: str) -> Body:
    """The body of an account."""
    return {
        "Name": name, "SubAccount": False, "FullyQualifiedName": name, "Active": True,
        "Classification": ACCOUNT_TYPES[kind][0], "AccountType": kind, "AccountSubType": detail, "CurrentBalance": ZERO,
        "CurrentBalanceWithSubAccounts": ZERO, "CurrencyRef": {"value": company.setup.home},
    }  # fmt: skip


def _service(name: str) -> Body:
    return {
        "Name": name, "Active": True, "FullyQualifiedName": name, "Taxable": False, "UnitPrice": ZERO,
        "Type": "Service", "IncomeAccountRef": {"value": "1"}, "PurchaseCost": ZERO, "TrackQtyOnHand": False,
    }  # fmt: skip


def _add_taxes(company: Company) -> None:
    """TAX, NON and CustomSalesTax in the US, then the codes of the mode with their rates (shapes: captured rows)."""
    if company.setup.place.tax != "coded":
        for name in ("TAX", "NON", CUSTOM_TAX):
            code = {"Name": name, "Description": name, "Taxable": name != "NON", "TaxGroup": name == CUSTOM_TAX}
            company.add("TaxCode", {"Active": True, **code}, name)
    company.add("TaxCode", _code("Retired", []), "1")
    company.tables["TaxCode"]["1"].body["Active"] = False
    for name, rates in company.setup.place.rates:
        refs = []
        for label, percent in rates:
            rate = {
                "Name": label, "Description": "Sales Tax", "Active": True, "RateValue": plain(Decimal(percent)),
                "AgencyRef": {"value": "1"}, "SpecialTaxType": "NONE", "DisplayType": "ReadOnly",
            }  # fmt: skip
            refs.append(company.add("TaxRate", rate).id)
        company.add("TaxCode", _code(name, refs))


def _code(name: str, rates: list[str]) -> Body:
    details = [{"TaxRateRef": {"value": number}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for number in rates]
    return {
        "Name": name, "Description": name, "Active": True, "Taxable": bool(rates), "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": details}, "PurchaseTaxRateList": {"TaxRateDetail": []},
    }  # fmt: skip
