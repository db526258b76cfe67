"""What QuickBooks' codes mean: which error of ours, the end of the code of a problem, one sentence, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.quickbooks.wire import ErrorWire
from domain.errors import (
    AccessDenied,
    Ambiguous,
    Conflict,
    ConnectorError,
    Misconfigured,
    Missing,
    RateLimited,
    Rejected,
    Unavailable,
)

THROTTLED = "3001"


@dataclass(frozen=True)
class Meaning:
    """What a code stands for; ``word`` is the end of the code of a problem."""

    error: type[ConnectorError]
    word: str
    sentence: str
    advice: str = ""


RECONNECT = "connect the company anew as one of its administrators"
_REMAP = "activate it again in QuickBooks, or map the record to another one"
_MAPPING = "correct the mapping or the posting policy, or the record in the shop"
_UNPAID = "renew the subscription of the company, or switch the connection off"

# Codes and their meaning: developer.intuit.com "Error codes" and "Handling common errors".
MEANINGS = {
    "": Meaning(Unavailable, "silent", "QuickBooks did not say what became of it"),
    "100": Meaning(AccessDenied, "access", "QuickBooks refuses the token for this company", RECONNECT),
    "110": Meaning(AccessDenied, "access", "QuickBooks refuses the token", RECONNECT),
    "120": Meaning(AccessDenied, "access", "the user who connected the company lost the right to it", RECONNECT),
    "130": Meaning(Unavailable, "away", "QuickBooks looks for the company in the wrong place"),
    "140": Meaning(Unavailable, "away", "the company is locked for the moment"),
    "150": Meaning(Unavailable, "away", "the company is under maintenance"),
    "500": Meaning(Rejected, "unsupported", "QuickBooks does not know this operation", _MAPPING),
    "600": Meaning(Ambiguous, "repeated", "QuickBooks saw this request before"),
    "610": Meaning(Missing, "missing", "something it refers to is not there or was made inactive", _REMAP),
    "620": Meaning(Rejected, "unlinkable", "the documents cannot be linked", "check customer, type and open balance"),
    "630": Meaning(Rejected, "number", "it exists already", "choose another prefix for numbers"),
    "700": Meaning(Rejected, "reference", "what it belongs to cannot be used", _REMAP),
    "800": Meaning(Rejected, "dependent", "something else depends on it", "undo that first in QuickBooks"),
    "900": Meaning(Rejected, "property", "it refers to itself", _MAPPING),
    "1040": Meaning(Misconfigured, "query", "the batch is too large"),
    "1050": Meaning(Misconfigured, "query", "QuickBooks does not take this type of content"),
    "2000": Meaning(Rejected, "property", "QuickBooks does not know this kind of record", _MAPPING),
    "2010": Meaning(Rejected, "property", "QuickBooks does not know a field that was sent", _MAPPING),
    "2020": Meaning(Rejected, "required", "a required field is missing", _MAPPING),
    "2030": Meaning(Rejected, "id", "an id is none", _MAPPING),
    "2040": Meaning(Rejected, "character", "a text holds a character that is not allowed there", _MAPPING),
    "2050": Meaning(Rejected, "length", "a text is too long", _MAPPING),
    "2060": Meaning(Rejected, "value", "a date is none", _MAPPING),
    "2070": Meaning(Rejected, "value", "a date is none", _MAPPING),
    "2080": Meaning(Rejected, "value", "a number is none", _MAPPING),
    "2090": Meaning(Rejected, "value", "a number is none", _MAPPING),
    "2100": Meaning(Rejected, "value", "a number is none", _MAPPING),
    "2110": Meaning(Rejected, "value", "a number is none", _MAPPING),
    "2130": Meaning(Misconfigured, "query", "QuickBooks does not take this request id"),
    "2140": Meaning(Rejected, "amount", "an amount, percentage or quantity cannot be used", _MAPPING),
    "2150": Meaning(Rejected, "amount", "an amount, percentage or quantity cannot be used", _MAPPING),
    "2160": Meaning(Rejected, "amount", "an amount, percentage or quantity cannot be used", _MAPPING),
    "2170": Meaning(Rejected, "value", "a value is none of those allowed", _MAPPING),
    "2200": Meaning(Rejected, "email", "a web address is none", "correct the address in the shop"),
    "2210": Meaning(Rejected, "email", "an e-mail address is none", "correct the address in the shop"),
    "2220": Meaning(Rejected, "currency", "the company does not know this currency", _MAPPING),
    "2250": Meaning(Rejected, "required", "it has no lines", _MAPPING),
    "2280": Meaning(Rejected, "tax", "a tax code came without an amount of tax", _MAPPING),
    "2290": Meaning(Rejected, "negative", "a line is negative where none may be", _MAPPING),
    "2500": Meaning(Rejected, "reference", "it refers to a record that the company does not have", _REMAP),
    "2600": Meaning(Rejected, "property", "two things that were sent contradict each other", _MAPPING),
    "3000": Meaning(Rejected, "custom_field", "a custom field is not switched on in the company", _MAPPING),
    "3001": Meaning(RateLimited, "throttled", "QuickBooks wants fewer calls"),
    "3100": Meaning(AccessDenied, "access", "the token belongs to another company, or lost its right", RECONNECT),
    "3200": Meaning(AccessDenied, "access", "QuickBooks refuses the token", RECONNECT),
    "4000": Meaning(Misconfigured, "query", "QuickBooks cannot read our question"),
    "4001": Meaning(Misconfigured, "query", "QuickBooks does not answer this question"),
    "4002": Meaning(Unavailable, "query", "QuickBooks could not work on our question"),
    "5010": Meaning(Conflict, "changed_meanwhile", "somebody changed it in QuickBooks meanwhile"),
    "5020": Meaning(Rejected, "plan", "the company's plan or the user's role does not allow this", "upgrade the plan"),
    "5030": Meaning(Rejected, "plan", "the company does not have this feature", "switch the feature on in QuickBooks"),
    "6000": Meaning(Rejected, "business", "it breaks a rule of the books", _MAPPING),
    "6010": Meaning(Rejected, "account", "an account has no type", _MAPPING),
    "6070": Meaning(Rejected, "amount", "an amount is not price times quantity", _MAPPING),
    "6080": Meaning(Rejected, "required", "it has no name", _MAPPING),
    "6090": Meaning(Rejected, "required", "a discount has neither amount nor percentage", _MAPPING),
    "6100": Meaning(Rejected, "tax", "a line of a US company takes only the tax codes TAX and NON", _MAPPING),
    "6140": Meaning(Rejected, "number", "another document has this number", "choose another prefix for numbers"),
    "6160": Meaning(Rejected, "tax", "this tax code cannot be used", _MAPPING),
    "6170": Meaning(Rejected, "tax", "tax came for a document without tax", _MAPPING),
    "6180": Meaning(Rejected, "property", "it is nested too deeply", _MAPPING),
    "6190": Meaning(Misconfigured, "subscription", "the company's subscription has ended", _UNPAID),
    "6200": Meaning(
        Rejected, "closed", "the books are closed for its date", "open the period, or leave the record out"
    ),
    "6210": Meaning(
        Rejected, "closed", "the books are closed for its date", "open the period, or leave the record out"
    ),
    "6220": Meaning(Rejected, "dependent", "it has a balance", "settle it first in QuickBooks"),
    "6230": Meaning(Rejected, "tax", "this tax code cannot be used", _MAPPING),
    "6240": Meaning(Rejected, "name", "its name is taken", "rename one of the two"),
    "6250": Meaning(Rejected, "customer", "its customer is missing or inactive", _REMAP),
    "6270": Meaning(Rejected, "stock_start", "it is older than the item's stock", "move the item's start date back"),
    "6420": Meaning(Rejected, "email", "the customer has no e-mail address", "add the address in the shop"),
    "6430": Meaning(Rejected, "account", "the account is of the wrong type", _MAPPING),
    "6440": Meaning(Rejected, "line", "a line with an amount has no item", _MAPPING),
    "6450": Meaning(Rejected, "dependent", "it is settled already", "undo the settlement first in QuickBooks"),
    "6480": Meaning(Rejected, "matched", "it is matched to a bank transaction", "unmatch it in QuickBooks"),
    "6520": Meaning(Rejected, "inventory", "an item that keeps stock has no quantity", _MAPPING),
    "6530": Meaning(Rejected, "card", "a text looks like a card number", "remove the number in the shop"),
    "6540": Meaning(Rejected, "deposited", "it is part of a deposit", "take it out of the deposit in QuickBooks"),
    "10000": Meaning(Unavailable, "failure", "QuickBooks failed inside"),
    "10100": Meaning(Misconfigured, "query", "the answer would be too large"),
    "10200": Meaning(Misconfigured, "reset", "the company was reset and its ids are gone", "start a full run anew"),
}
# Code 6000 stands for many rules; only the words tell which. Seen in public threads, and worded by country.
_RULES = (
    (
        re.compile(r"(GST/HST|VAT) rate|tax code associated|calculating tax", re.IGNORECASE),
        Meaning(Rejected, "tax", "a line has no tax code, or one that does not work", _MAPPING),
    ),
    (
        re.compile(r"Track quantity on hand|As of date for initial quantity", re.IGNORECASE),
        Meaning(Rejected, "inventory", "the stock of an item does not allow it", _MAPPING),
    ),
    (
        re.compile(r"Unexpected Internal Error", re.IGNORECASE),
        Meaning(Unavailable, "failure", "QuickBooks failed inside"),
    ),
)
_OTHER = Meaning(Rejected, "refused", "QuickBooks refuses it", _MAPPING)
_FAILURE = Meaning(Unavailable, "failure", "QuickBooks failed inside")


def meaning_of(error: ErrorWire) -> Meaning:
    """Tell what an error means; a code nobody heard of is a refusal, unless it says that the operation broke."""
    if error.code in ("1000", "1010", "1020") or (error.code.isdecimal() and int(error.code) > 10200):
        return MEANINGS.get(error.code, _FAILURE)
    if error.code == "6000":
        told = (meaning for rule, meaning in _RULES if rule.search(f"{error.message} {error.detail}"))
        return next(told, MEANINGS["6000"])
    return MEANINGS.get(error.code, _OTHER)


def sentence_of(error: ErrorWire) -> str:
    """Say what is wrong in one sentence, with QuickBooks' code and the name of the field, but none of its values."""
    field = f", field {error.element}" if re.fullmatch(r"[A-Za-z][\w.\[\]]{0,80}", error.element) else ""
    return f"{meaning_of(error).sentence} (QuickBooks error {error.code or 'without code'}{field})"
