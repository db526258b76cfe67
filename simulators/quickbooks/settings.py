"""What CompanyInfo and Preferences say: how the company is set up."""

from typing import Any, Protocol

from simulators.quickbooks.modes import Setup

_SHIPPING, _DISCOUNTS = "82", "86"


class _Show(Protocol):
    def __call__(self, setup: Setup, *, subscribed: bool) -> dict[str, Any]: ...


def company_info(setup: Setup, *, subscribed: bool) -> dict[str, Any]:
    """The members that captured companies show; the country decides the tax model."""
    name = setup.name or f"Twin {setup.mode}"
    region = {"CountrySubDivisionCode": setup.place.region} if setup.place.region else {}
    address = {"Id": "1", "Line1": "1 Main Street", **region, "Country": setup.place.country}
    facts = {
        "NeoEnabled": "true", "IndustryType": "Retail trade", "SubscriptionStatus": "PAID" if subscribed else "EXPIRED",
        "OfferingSku": f"QuickBooks Online {'Plus' if setup.inventory else 'Essentials'}", "PayrollFeature": "false",
        "AccountantFeature": "false",
    }  # fmt: skip
    return {
        "CompanyName": name, "LegalName": name, "CompanyAddr": address, "CustomerCommunicationAddr": address,
        "LegalAddr": address, "PrimaryPhone": {}, "CompanyStartDate": "2020-01-01", "FiscalYearStartMonth": "January",
        "Country": setup.place.country, "Email": {"Address": "owner@example.com"}, "WebAddr": {},
        "SupportedLanguages": "en", "DefaultTimeZone": "America/Los_Angeles",
        "NameValue": [{"Name": name, "Value": value} for name, value in facts.items()],
    }  # fmt: skip


def preferences(setup: Setup, *, subscribed: bool) -> dict[str, Any]:
    """The members that captured companies show and that a connector decides by."""
    del subscribed
    books = {"BookCloseDate": setup.closed_until} if setup.closed_until else {}
    american = setup.place.tax != "coded"
    # PartnerTaxEnabled tells that automated sales tax is on (Intuit's schema: TaxPrefs).
    taxes: dict[str, Any] = {"TaxGroupCodeRef": {"value": "2"}} if american else {}
    taxes |= {"PartnerTaxEnabled": True} if setup.place.tax == "automated" else {}
    fields = [
        {"Name": f"SalesFormsPrefs.UseSalesCustom{number}", "Type": "BooleanType", "BooleanValue": False}
        for number in (1, 2, 3)
    ]
    return {
        "AccountingInfoPrefs": {
            "TrackDepartments": False, "ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False,
            "CustomerTerminology": "Customers", **books,
        },
        "ProductAndServicesPrefs": {
            "ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True, "QuantityOnHand": setup.inventory,
        },
        "SalesFormsPrefs": _sales_forms(setup, fields),
        "TaxPrefs": {"UsingSalesTax": True, **taxes},
        "CurrencyPrefs": {"MultiCurrencyEnabled": setup.multicurrency, "HomeCurrency": {"value": setup.home}},
        "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"}]},
    }  # fmt: skip


def _sales_forms(setup: Setup, fields: list[dict[str, Any]]) -> dict[str, Any]:
    forms: dict[str, Any] = {
        "CustomField": [{"CustomField": fields}], "CustomTxnNumbers": setup.custom_numbers, "AllowDeposit": False,
        "AllowDiscount": setup.discounts, "AllowEstimates": True, "AllowServiceDate": False,
        "AllowShipping": setup.shipping, "AutoApplyCredit": setup.auto_apply_credit,
        "AutoApplyPayments": setup.auto_apply_payments, "ETransactionPaymentEnabled": False,
        "UsingPriceLevels": False,
    }  # fmt: skip
    # Intuit's schema gives these two as plain words, Account ids.
    if setup.shipping:
        forms["DefaultShippingAccount"] = _SHIPPING
    if setup.discounts:
        forms["DefaultDiscountAccount"] = _DISCOUNTS
    return forms


SETTINGS: dict[str, _Show] = {"CompanyInfo": company_info, "Preferences": preferences}
