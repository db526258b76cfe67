"""The properties of sales documents and payments, line by line."""

from simulators.quickbooks.contacts import ADDRESS, MAIL
from simulators.quickbooks.shapes import Choice, Day, Flag, Group, Known, Many, Number, Ref, Shape, Text

MEMO = Group("MemoRef", {"value": Text(1000)})
LINK = Group("LinkedTxn", {"TxnId": Text(), "TxnType": Text(), "TxnLineId": Known()}, ("TxnId", "TxnType"))
_SALE_DETAIL = Group(
    "SalesItemLineDetail",
    {
        "ItemRef": Ref("Item"), "UnitPrice": Number(), "Qty": Number(), "TaxCodeRef": Ref("TaxCode"),
        "ServiceDate": Day(), "ClassRef": Ref("Class"), "TaxInclusiveAmt": Number(), "ItemAccountRef": Known(),
        "DiscountRate": Known(), "DiscountAmt": Known(), "TaxClassificationRef": Known(), "RatePercent": Known(),
        "PriceLevelRef": Known(), "MarkupInfo": Known(), "UOMRef": Known(), "DeferredRevenue": Known(),
    },
)  # fmt: skip
_DISCOUNT_DETAIL = Group(
    "DiscountLineDetail",
    {
        "PercentBased": Flag(), "DiscountPercent": Number(), "DiscountAccountRef": Ref("Account"),
        "DiscountRef": Known(), "TaxCodeRef": Ref("TaxCode"), "ClassRef": Ref("Class"), "ServiceDate": Known(),
    },
)  # fmt: skip
_LINE = Group(
    "Line",
    {
        "Id": Text(), "LineNum": Number(), "Description": Text(4000), "Amount": Number(), "LinkedTxn": Known(),
        "DetailType": Choice(
            ("SalesItemLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "DescriptionOnly", "GroupLineDetail")
        ),
        "SalesItemLineDetail": _SALE_DETAIL, "DiscountLineDetail": _DISCOUNT_DETAIL, "SubTotalLineDetail": Known(),
        "DescriptionLineDetail": Known(), "GroupLineDetail": Known(), "CustomField": Known(), "LineEx": Known(),
        "CustomExtensions": Known(), "Received": Known(),
    },
    ("DetailType",),
)  # fmt: skip
_TAX_LINE = Group(
    "TaxLine",
    {
        "Id": Known(), "LineNum": Known(), "Amount": Number(), "DetailType": Choice(("TaxLineDetail",)),
        "TaxLineDetail": Group(
            "TaxLineDetail",
            {
                "TaxRateRef": Ref("TaxRate"), "PercentBased": Flag(), "TaxPercent": Number(),
                "NetAmountTaxable": Number(), "TaxInclusiveAmount": Known(), "OverrideDeltaAmount": Known(),
            },
            ("TaxRateRef",),
        ),
    },
    ("Amount", "DetailType", "TaxLineDetail"),
)  # fmt: skip
_TAX = Group(
    "TxnTaxDetail",
    {
        "TxnTaxCodeRef": Ref("TaxCode"), "TotalTax": Number(), "TaxLine": Many(_TAX_LINE), "TaxReviewStatus": Known(),
        "UseAutomatedSalesTax": Known(), "DefaultTaxCodeRef": Known(),
    },
)  # fmt: skip
SALE: dict[str, Shape] = {
    "DocNumber": Text(21), "TxnDate": Day(), "PrivateNote": Text(4000), "CustomerRef": Ref("Customer"),
    "CustomerMemo": MEMO, "BillAddr": ADDRESS, "ShipAddr": ADDRESS, "ShipFromAddr": ADDRESS, "BillEmail": MAIL,
    "BillEmailCc": MAIL, "BillEmailBcc": MAIL, "Line": Many(_LINE), "TxnTaxDetail": _TAX, "CurrencyRef": Ref(""),
    "ExchangeRate": Number(), "ClassRef": Ref("Class"), "DepartmentRef": Ref("Department"),
    "ShipMethodRef": Ref("", limit=30),
    "ShipDate": Day(), "TrackingNum": Text(), "ApplyTaxAfterDiscount": Flag(), "FreeFormAddress": Known(),
    "GlobalTaxCalculation": Choice(("TaxExcluded", "TaxInclusive", "NotApplicable")), "PaymentRefNum": Text(21),
    "PaymentMethodRef": Ref("PaymentMethod"), "DepositToAccountRef": Ref("Account", ("Bank", "Other Current Asset")),
    "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")),
    "EmailStatus": Choice(("NotSet", "NeedToSend", "EmailSent")), "PONumber": Text(15), "TxnSource": Known(),
    "LinkedTxn": Known(), "TotalAmt": Known(), "Balance": Known(), "HomeTotalAmt": Known(), "HomeBalance": Known(),
    "TransactionLocationType": Known(), "DeliveryInfo": Known(), "RecurDataRef": Known(), "TaxExemptionRef": Known(),
    "ShippingTaxIncludedInTotalTax": Known(), "CustomExtensions": Known(),
}  # fmt: skip
INVOICE = {name: shape for name, shape in SALE.items() if not name.startswith("Payment")} | {
    "DueDate": Day(), "SalesTermRef": Ref("Term"), "Deposit": Known(), "AllowIPNPayment": Flag(),
    "AllowOnlinePayment": Flag(), "AllowOnlineCreditCardPayment": Flag(), "AllowOnlineACHPayment": Flag(),
    # Known to Intuit, as a captured refusal of an unknown property lists them.
    **dict.fromkeys(
        (
            "AutoDocNumber", "ConvenienceFeeDetail", "DiscountRate", "ECloudStatusTimeStamp", "FOB", "InvoiceEx",
            "LessCIS", "PaymentDetailsMessage", "RecurringInfo", "RemitToRef", "SalesRepRef", "Tag", "TaxFormNum",
            "TaxFormType", "TxnApprovalInfo", "TxnStatus", "callToAction", "invoiceStatusLog",
        ),
        Known(),
    ),
    "InvoiceLink": Known(), "EInvoiceStatus": Known(), "PaymentMethodRef": Ref("PaymentMethod"),
    "PaymentRefNum": Known(),
}  # fmt: skip
CREDIT = {name: shape for name, shape in SALE.items() if name != "DepositToAccountRef"} | {
    "RemainingCredit": Known(), "SalesTermRef": Ref("Term"), "InvoiceRef": Known(),
}  # fmt: skip
PAYMENT: dict[str, Shape] = {
    "CustomerRef": Ref("Customer"), "TotalAmt": Number(), "UnappliedAmt": Known(), "TxnDate": Day(),
    "CurrencyRef": Ref(""), "ExchangeRate": Number(), "PrivateNote": Text(4000), "PaymentRefNum": Text(21),
    "PaymentMethodRef": Ref("PaymentMethod"), "DepositToAccountRef": Ref("Account", ("Bank", "Other Current Asset")),
    "ARAccountRef": Ref("Account", ("Accounts Receivable",)), "ProcessPayment": Flag(), "LinkedTxn": Known(),
    "Line": Many(
        Group(
            "Line",
            {
                "Id": Known(), "LineNum": Known(), "Amount": Number(), "LinkedTxn": Many(LINK), "LineEx": Known(),
                "DetailType": Known(), "Description": Known(),
            },
            ("Amount",),
        )
    ),
    "TransactionLocationType": Known(), "TxnSource": Known(), "CreditCardPayment": Known(), "DocNumber": Known(),
}  # fmt: skip
