"""A cheap sum over what a shop holds, to compare with what a sync wrote."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.woocommerce.shop import KINDS, Entry, Shop


def checksum(shop: Shop) -> dict[str, Any]:
    """Per kind the count and the sum of ids; for orders and refunds also money per currency, as decimal strings.

    Orders count in every status, trash and drafts included; ``by_status`` tells them apart.
    """
    sums: dict[str, Any] = {kind: _counted(shop.kinds[kind].values()) for kind in KINDS}
    orders = shop.kinds["orders"]
    sums["orders"] |= {
        "totals": _totals((entry.facts.currency, entry.facts.total) for entry in orders.values()),
        "by_status": dict(sorted(Counter(entry.facts.status for entry in orders.values()).items())),
    }
    sums["refunds"]["amounts"] = _totals(
        (orders[entry.facts.parent_id].facts.currency, entry.facts.amount)
        for entry in shop.kinds["refunds"].values()
        if entry.facts.parent_id in orders
    )
    return sums


def _counted(entries: Iterable[Entry]) -> dict[str, Any]:
    numbers = [entry.facts.id for entry in entries]
    return {"count": len(numbers), "ids": sum(numbers)}


def _totals(amounts: Iterable[tuple[str, str]]) -> dict[str, str]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        with suppress(InvalidOperation):  # a poisoned object adds nothing
            sums[currency] += Decimal(amount)
    return {currency: str(total) for currency, total in sorted(sums.items())}
