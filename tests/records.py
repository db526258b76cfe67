"""Small hub records for tests of what comes after the reading."""

from __future__ import annotations

from decimal import Decimal

from domain.keys import Kind, RecordKey
from domain.records import Record, TaxRate

SHOP = "shop"
WAREHOUSE = "warehouse"


def key_of(number: int) -> RecordKey:
    return RecordKey(connection=SHOP, kind=Kind.TAX_RATE, id=str(number))


def tax_rate(number: int, fingerprint: str = "print-1") -> Record:
    body = TaxRate(
        id=str(number), country="DE", state="", postcodes=(), cities=(), rate=Decimal("19.0000"), name="MwSt.",
        priority=1, is_compound=False, applies_to_shipping=True, tax_class="standard",
    )  # fmt: skip
    return Record(key=key_of(number), body=body, changed_at=None, version=None, fingerprint=fingerprint, raw="{}")
