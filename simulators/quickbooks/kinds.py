"""The kinds of objects: which properties they have, how long they may be, and what queries may filter by.

Limits are those of the Intuit reference as Nytely-Official/quickbooks-api transcribes it, or of the schema files of
intuit/QuickBooks-V3-Java-SDK; where both differ the smaller one, for a client that keeps to it is safe with both.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from simulators.quickbooks.contacts import ADDRESS, MAIL, PHONE, WEB
from simulators.quickbooks.documents import CREDIT, INVOICE, PAYMENT, SALE
from simulators.quickbooks.shapes import Choice, Day, Flag, Group, Known, Number, Ref, Shape, Text

Family = Literal["names", "items", "accounts", "lists", "sales", "payments", "settings"]


class Kind(msgspec.Struct, frozen=True):
    """One kind of object; ``fixed``: properties that are accepted and not taken over, because QuickBooks sets them."""

    name: str
    family: Family
    group: Group
    fixed: frozenset[str]
    filters: frozenset[str]
    writable: bool = True

    @property
    def path(self) -> str:
        """How paths spell it."""
        return self.name.lower()


_STANDING: dict[str, Shape] = {
    "Id": Text(), "SyncToken": Text(), "MetaData": Known(), "domain": Known(), "sparse": Flag(), "status": Known(),
    "CustomField": Known(), "AttachableRef": Known(),
}  # fmt: skip
_STANDING_FIXED = {"SyncToken", "sparse"}
_STANDING_FILTERS = {"Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"}


def _kind(
    name: str,
    family: Family,
    fields: Mapping[str, Shape],
    *,
    fixed: tuple[str, ...] = (),
    filters: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
    writable: bool = True,
) -> Kind:
    group = Group(name, {**_STANDING, **fields}, required)
    return Kind(
        name,
        family,
        group,
        frozenset({*_STANDING_FIXED, *fixed}),
        frozenset(_STANDING_FILTERS | set(filters)),
        writable,
    )


_PERSON: dict[str, Shape] = {
    "DisplayName": Text(500), "Title": Text(16), "GivenName": Text(100), "MiddleName": Text(100),
    "FamilyName": Text(100), "Suffix": Text(16), "CompanyName": Text(100), "PrintOnCheckName": Text(110),
    "Active": Flag(), "PrimaryPhone": PHONE, "AlternatePhone": PHONE, "Mobile": PHONE, "Fax": PHONE,
    "PrimaryEmailAddr": MAIL, "WebAddr": WEB, "BillAddr": ADDRESS, "ShipAddr": ADDRESS, "Balance": Number(),
    "CurrencyRef": Ref(""), "Notes": Text(1024), "AcctNum": Text(100), "V4IDPseudonym": Known(),
    "ClientEntityId": Known(), "Source": Known(), "IsProject": Known(),
}  # fmt: skip
_PERSON_FILTERS = (
    "DisplayName", "GivenName", "FamilyName", "CompanyName", "Active", "Balance", "PrintOnCheckName",
)  # fmt: skip
_CUSTOMER = _PERSON | {
    "Taxable": Flag(), "Job": Flag(), "BillWithParent": Flag(), "ParentRef": Ref("Customer"), "Level": Known(),
    "FullyQualifiedName": Known(), "BalanceWithJobs": Known(), "OpenBalanceDate": Known(),
    "PreferredDeliveryMethod": Choice(("Print", "Email", "None")), "ResaleNum": Text(16),
    "DefaultTaxCodeRef": Ref("TaxCode"), "SalesTermRef": Ref("Term"), "PaymentMethodRef": Ref("PaymentMethod"),
    "TaxExemptionReasonId": Known(), "CustomerTypeRef": Known(), "PrimaryTaxIdentifier": Known(), "GSTIN": Known(),
}  # fmt: skip
_VENDOR = _PERSON | {
    "Vendor1099": Flag(), "TermRef": Ref("Term"), "TaxIdentifier": Known(), "APAccountRef": Known(), "GSTIN": Known(),
}  # fmt: skip
_EMPLOYEE = _PERSON | {
    "EmployeeNumber": Text(100), "SSN": Known(), "PrimaryAddr": ADDRESS, "BillableTime": Flag(), "HiredDate": Day(),
}  # fmt: skip
_ITEM: dict[str, Shape] = {
    "Name": Text(100), "Sku": Text(100), "Description": Text(4000), "PurchaseDesc": Text(4000), "Active": Flag(),
    "Type": Choice(("Service", "NonInventory", "Inventory")), "UnitPrice": Number(), "PurchaseCost": Number(),
    "Taxable": Flag(), "SalesTaxIncluded": Flag(), "PurchaseTaxIncluded": Flag(), "TrackQtyOnHand": Flag(),
    "QtyOnHand": Number(), "InvStartDate": Day(), "SubItem": Flag(), "ParentRef": Ref("Item"), "Level": Known(),
    "IncomeAccountRef": Ref("Account", ("Income", "Other Income")),
    "ExpenseAccountRef": Ref("Account", ("Cost of Goods Sold", "Expense", "Other Expense")),
    "AssetAccountRef": Ref("Account", ("Other Current Asset",)), "SalesTaxCodeRef": Ref("TaxCode"),
    "PurchaseTaxCodeRef": Ref("TaxCode"), "FullyQualifiedName": Known(), "DeferredRevenue": Known(),
    "TaxClassificationRef": Known(), "ClassRef": Ref("Class"), "Source": Known(), "ReorderPoint": Known(),
}  # fmt: skip
ACCOUNT_TYPES = {
    "Bank": ("Asset", "CashOnHand"), "Accounts Receivable": ("Asset", "AccountsReceivable"),
    "Other Current Asset": ("Asset", "OtherCurrentAssets"), "Fixed Asset": ("Asset", "FurnitureAndFixtures"),
    "Other Asset": ("Asset", "Licenses"), "Accounts Payable": ("Liability", "AccountsPayable"),
    "Credit Card": ("Liability", "CreditCard"), "Other Current Liability": ("Liability", "OtherCurrentLiabilities"),
    "Long Term Liability": ("Liability", "NotesPayable"), "Equity": ("Equity", "OpeningBalanceEquity"),
    "Income": ("Revenue", "SalesOfProductIncome"), "Cost of Goods Sold": ("Expense", "SuppliesMaterialsCogs"),
    "Expense": ("Expense", "OtherMiscellaneousServiceCost"), "Other Income": ("Revenue", "OtherMiscellaneousIncome"),
    "Other Expense": ("Expense", "OtherMiscellaneousExpense"),
}  # fmt: skip
"""Account types with their classification and the sub-type that QuickBooks takes when none is sent."""
_ACCOUNT: dict[str, Shape] = {
    "Name": Text(100), "AcctNum": Text(20), "Description": Text(100), "Active": Flag(), "SubAccount": Flag(),
    "AccountType": Choice(tuple(ACCOUNT_TYPES)), "AccountSubType": Text(), "ParentRef": Ref("Account"),
    "Classification": Known(), "CurrentBalance": Known(), "CurrentBalanceWithSubAccounts": Known(),
    "FullyQualifiedName": Known(), "CurrencyRef": Ref(""), "TaxCodeRef": Ref("TaxCode"),
}  # fmt: skip

_SALE_FILTERS = ("TxnDate", "DocNumber", "CustomerRef", "TotalAmt", "Balance")
_LISTS: dict[str, Shape] = {"Name": Text(31), "Active": Flag()}
_KINDS = (
    # FullyQualifiedName and PrimaryEmailAddr can be filtered by on Customer; a captured answer refuses the latter on
    # Vendor, where Nytely-Official/quickbooks-api still lists it.
    _kind("Customer", "names", _CUSTOMER, filters=(*_PERSON_FILTERS, "FullyQualifiedName", "PrimaryEmailAddr", "Job")),
    _kind("Vendor", "names", _VENDOR, filters=_PERSON_FILTERS),
    _kind("Employee", "names", _EMPLOYEE, filters=_PERSON_FILTERS),
    _kind(
        "Item", "items", _ITEM, required=("Name",),
        filters=("Name", "Sku", "Type", "Description", "Active", "FullyQualifiedName"),
    ),
    _kind(
        "Account", "accounts", _ACCOUNT, required=("Name",),
        filters=("Name", "AccountType", "AccountSubType", "Classification", "Active", "FullyQualifiedName"),
    ),
    _kind(
        "PaymentMethod", "lists", _LISTS | {"Type": Choice(("CREDIT_CARD", "NON_CREDIT_CARD"))}, required=("Name",),
        filters=("Name", "Active", "Type"),
    ),
    _kind(
        "Term", "lists", _LISTS | {"DueDays": Number(), "Type": Known(), "DiscountPercent": Number()},
        required=("Name",), filters=("Name", "Active"),
    ),
    _kind("TaxCode", "lists", _LISTS, filters=("Name", "Active"), writable=False),
    _kind("TaxRate", "lists", _LISTS, filters=("Name", "Active"), writable=False),
    _kind("Class", "lists", _LISTS, filters=("Name", "Active"), writable=False),
    _kind("Department", "lists", _LISTS, filters=("Name", "Active"), writable=False),
    _kind(
        "Invoice", "sales", INVOICE, required=("CustomerRef", "Line"),
        filters=(*_SALE_FILTERS, "DueDate", "SalesTermRef"),
    ),
    _kind("SalesReceipt", "sales", SALE, required=("Line",), filters=_SALE_FILTERS),
    # DepositToAccountRef: the account the money leaves (Intuit reference; quickbooks-ruby refund_receipt.xml).
    _kind("RefundReceipt", "sales", SALE, required=("Line", "DepositToAccountRef"), filters=_SALE_FILTERS),
    _kind("CreditMemo", "sales", CREDIT, required=("CustomerRef", "Line"), filters=_SALE_FILTERS),
    _kind("Payment", "payments", PAYMENT, required=("CustomerRef",), filters=("CustomerRef", "TotalAmt", "TxnDate")),
    _kind("CompanyInfo", "settings", {}, writable=False),
    _kind("Preferences", "settings", {}, writable=False),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
PATHS: dict[str, Kind] = {kind.path: kind for kind in _KINDS}
NAMES = ("Customer", "Vendor", "Employee")
SALES = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo")
TRANSACTIONS = (*SALES, "Payment")
