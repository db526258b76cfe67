"""Refusals in the shapes that Intuit gives them.

Sources: Intuit's pages "Error codes" and "Handling common errors", captured answers of sandbox companies, and the enum
of fault codes in Nytely-Official/quickbooks-api (src/types/enums/intuit-fault-codes.ts). Where no source tells the
words they are ours; a client compares codes only.
"""

from typing import Any

import msgspec

VALIDATION = "ValidationFault"
# Captured: an unknown, a deleted and an inactive object all get this text.
INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request Id",
    "610": "Object Not Found",
    "620": "Transaction cannot be linked",
    "800": "Cannot delete object",
    "1040": "Batch size exceeds allowed limit",
    "1050": "Invalid Content Type",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid Date Format",
    "2070": "Invalid Date",
    "2090": "Invalid Number",
    "2130": "Invalid Request Id Format",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address Format",
    "2220": "Invalid Currency Type",
    "2290": "Negative amounts are not supported on transaction lines",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6010": "Invalid Account.AccountType and Account.AccountSubType",
    "6070": "Amount calculation incorrect in the request",
    "6080": "No Name Provided",
    "6090": "Discount Line missing required info",
    "6100": "Invalid Line TaxCode in the request",
    "6140": "Duplicate Document Number Error",
    "6160": "Invalid TaxCodeRef Error",
    "6170": "Invalid TxnTaxDetail Error",
    "6180": "Sub Level Limit",
    "6190": "Invalid Company Status",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6220": "Delete Entity Has Balance Error",
    "6240": "Duplicate Name Exists Error",
    "6270": "Transaction date is prior to start date for inventory item",
    "6420": "Customer Email Required",
    "6430": "Invalid account type used",
    "6520": "Quantity is required for an inventory item",
}


class Problem(msgspec.Struct, frozen=True):
    """One error of a fault; captured answers leave ``element`` out for 500, 2010, 4000 and 4001."""

    code: str
    detail: str
    element: str | None = ""
    message: str = ""

    def shown(self) -> dict[str, Any]:
        """As it stands in the answer."""
        error = {"Message": self.message or MESSAGES[self.code], "Detail": self.detail, "code": self.code}
        return error if self.element is None else error | {"element": self.element}


class Refusal(Exception):
    """A request is refused: one or several problems, a fault type and an HTTP status."""

    def __init__(self, *problems: Problem, status: int = 400, kind: str = VALIDATION, timed: bool = True) -> None:
        super().__init__(problems[0].code, problems[0].detail)
        self.problems = problems
        self.status = status
        self.kind = kind
        # Captured: the refusal of a malformed id (2030) carries no time.
        self.timed = timed

    def fault(self) -> dict[str, Any]:
        """The Fault object."""
        return {"Error": [problem.shown() for problem in self.problems], "type": self.kind}


def refusal(code: str, detail: str, element: str | None = "") -> Refusal:
    """A refusal with one problem."""
    return Refusal(Problem(code, detail, element))


def business(text: str) -> Refusal:
    """Code 6000, the catch-all for what bookkeeping forbids."""
    return refusal("6000", f"Business Validation Error: {text}")


def missing(name: str, element: str = "") -> Problem:
    """A required property was not sent (captured: fault 2020 names it in ``element``)."""
    return Problem("2020", f"Required parameter {name} is missing in the request", element or name)


def not_found(*, deleted: bool = False) -> Refusal:
    """An object that is not there (captured: read of an unknown id; Intuit's page on common errors: a deleted one)."""
    return refusal("610", f"Object Not Found : {'Another user has deleted this transaction.' if deleted else INACTIVE}")


def unsupported(operation: str) -> Refusal:
    """A path or an operation that does not exist (captured: HTTP 400 with code 500, not 404)."""
    return refusal("500", f"Operation {operation} is not supported.", None)


def bad_id(value: str) -> Refusal:
    """An id that is no number (captured: read of customer 1.5)."""
    problem = Problem("2030", f"Id should be a valid number. Supplied value:{value}", "Id")
    return Refusal(problem, timed=False)
