"""Stock: what a sale takes from it."""

from collections.abc import Iterator
from typing import Any

from simulators.woocommerce import php
from simulators.woocommerce.shop import Entry, Shop

_SELLING = frozenset({"processing", "completed", "on-hold"})
_WAITING = frozenset({"", "pending", "failed", "checkout-draft", "auto-draft", "draft"})


def is_sold(before: str, after: str) -> bool:
    """Whether an order of status ``before`` ("" when new) takes its goods from the stock when it becomes ``after``.

    Source: wc-stock-functions.php wc_maybe_reduce_stock_levels. Nothing is ever put back here.
    """
    return before in _WAITING and after in _SELLING


def goods_of(shop: Shop, order: Entry) -> Iterator[tuple[str, Entry, int]]:
    """What manages its stock among an order's lines: its kind, the object, how many are sold."""
    lines = php.decode(php.split(order.body)["line_items"])
    for line in lines if isinstance(lines, list) else ():
        found = _managed(shop, line) if isinstance(line, dict) else None
        if found:
            yield *found, int(_number(line, "quantity"))


def _managed(shop: Shop, line: dict[str, Any]) -> tuple[str, Entry] | None:
    """The variation or product whose stock a line uses; a variation may leave that to its parent."""
    for kind, member in (("variations", "variation_id"), ("products", "product_id")):
        entry = shop.find(kind, int(_number(line, member)))
        if entry and php.decode(php.split(entry.body)["manage_stock"]) is True:
            return kind, entry
    return None


def _number(line: dict[str, Any], member: str) -> float:
    """A member of a line; 0 for what is no number, since orders may be poisoned on purpose."""
    value = line.get(member)
    return value if isinstance(value, int | float) else 0
