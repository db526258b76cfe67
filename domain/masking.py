"""Keeping personal data and secrets out of what is logged: e-mail addresses, phone numbers, tokens, known names."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

EMAIL, NUMBER, SECRET, NAME = "<e-mail>", "<number>", "<secret>", "<name>"

_EMAIL = re.compile(r"(?<![\w.!#$&'*+?^`{|}~-])[\w.!#$%&'*+?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*")

_SECRETS = (
    # A password may hold @ and /, unescaped, so everything up to the last @ may be part of it.
    (re.compile(r"(?<=://)(?:[^\s/@:]+:\S*|[^\s/?#]*)@"), f"{SECRET}@"),
    (re.compile(r"(?i)([?&](?:code|state|key)=)[^\s&#]+"), rf"\1{SECRET}"),
    (
        re.compile(r"(?i)\b([\w-]*(?:secret|token|passw(?:or)?d|pwd|api_?key|consumer_key)=)[^\s&;,'\"]+"),
        rf"\1{SECRET}",
    ),
    (re.compile(r'(?i)("[\w-]*(?:secret|token|passw(?:or)?d|key)"\s*:\s*")[^"]+'), rf"\1{SECRET}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+(?:[\w.~+/-]{16,}=*|(?=[a-z.~+/_-]*\d)[\w.~+/-]{8,}=*)"), rf"\1 {SECRET}"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){0,4}"), SECRET),
    (re.compile(r"\b(?:[cr]k|cs|sb_secret|sb_publishable|unisync|uds)_[\w-]{8,}"), SECRET),
    # Long, of small and capital letters and digits: no word, no UUID, no fingerprint of ours looks like that.
    (re.compile(r"(?<![\w+-])(?=[\w+-]*[a-z])(?=[\w+-]*[A-Z])(?=[\w+-]*\d)[\w+-]{32,}={0,2}"), SECRET),
)

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_KEPT = re.compile(rf"{_UUID}|[a-z0-9-]+:[a-z_]+:[\w-]+")
_DIGITS = re.compile(rf"(?<!\w)(?:{_KEPT.pattern})|(?<!\w)\+\d[\d ()./-]*|(?<![\w./#@-])\(?\d[\d ()./-]*")
# Dates, decimals and addresses of machines are made of groups of digits too.
_PLAIN = re.compile(
    r"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./-])\d{1,2}\1\d{4}|\d{1,3}(?:\.\d{1,3}){3}|\d+\.\d+)(?![\d.]*\d)"
)
_GROUPED = re.compile(r"\d{2,5}([ -])\d{2,4}(?:\1\d{2,4})+|\d{3}\.\d{3}\.\d{4}")

# Which fields of a payload tell who somebody is, as WooCommerce, QuickBooks and our own records spell them.
_PERSONAL = {
    *("first_name", "last_name", "company", "address_1", "address_2", "phone", "email", "username", "customer_note"),
    *("displayname", "givenname", "middlename", "familyname", "companyname", "printoncheckname", "fullyqualifiedname"),
    *("line1", "line2", "freeformnumber", "address", "customermemo"),
}


def mask(text: str, known: Collection[str] = ()) -> str:
    """Put marks in the place of e-mail addresses, phone and card numbers, tokens, passwords and the ``known`` words.

    What records are called by (ids up to nine digits, ``shop:order:794``, UUIDs), amounts, dates and addresses of
    machines stay. Masking twice changes nothing more.
    """
    for word in sorted(filter(_is_telling, known), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", NAME, text, flags=re.IGNORECASE)
    for pattern, mark in _SECRETS:
        text = pattern.sub(mark, text)
    return _DIGITS.sub(_without_numbers, _EMAIL.sub(EMAIL, text))


def personal_words(payload: object) -> frozenset[str]:
    """Give the names, addresses and numbers of people in a payload: JSON text, or mappings and lists of values."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return frozenset()
    return frozenset(_personal(payload))


def _personal(value: object, field: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _personal(part, str(name).lower())
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for part in value:
            yield from _personal(part, field)
    elif isinstance(value, str) and field in _PERSONAL:
        yield value.strip()


def _is_telling(word: str) -> bool:
    return len(word) > 1 and not word.isdecimal()


def _without_numbers(found: re.Match[str]) -> str:
    if _KEPT.fullmatch(found[0]):
        return found[0]
    kept: list[str] = []
    at = 0
    for plain in _PLAIN.finditer(found[0]):
        kept += [_masked_number(found[0][at : plain.start()]), plain[0]]
        at = plain.end()
    return "".join([*kept, _masked_number(found[0][at:])])


def _masked_number(text: str) -> str:
    number = text.strip(" .-/" if "(" in text else " .-/)")
    return text.replace(number, NUMBER) if _is_phone(number) else text


def _is_phone(number: str) -> bool:
    """Whether digits look like the number of a phone or a card rather than like an id or an amount."""
    digits = sum(character.isdecimal() for character in number)
    if number.startswith("+"):
        return digits >= 7
    if number.isdecimal():
        # Ids of companies at Intuit have 15 digits and more, those of shops rarely more than nine.
        return 10 <= digits <= 13 or (digits >= 9 and number.startswith("0"))
    if number.startswith(("0", "(")):
        return digits >= 7
    return 8 <= digits <= 19 and _GROUPED.fullmatch(number) is not None
