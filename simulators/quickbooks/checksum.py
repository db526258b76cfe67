"""A cheap sum over what a company holds, to compare with what a sync wrote."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from simulators.quickbooks.company import Company, Row
from simulators.quickbooks.kinds import KINDS, TRANSACTIONS


def checksum(company: Company) -> dict[str, Any]:
    """Per kind the count and the ids; for transactions also TotalAmt per currency, as decimal strings."""
    sums: dict[str, Any] = {}
    for kind in KINDS:
        rows = list(company.tables[kind].values())
        sums[kind] = {"count": len(rows), "ids": [row.id for row in rows]}
        if kind in TRANSACTIONS:
            sums[kind]["totals"] = _totals(rows)
    return sums


def _totals(rows: list[Row]) -> dict[str, str]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.body["CurrencyRef"]["value"]] += row.body["TotalAmt"]
    return {currency: str(total) for currency, total in sorted(sums.items())}
