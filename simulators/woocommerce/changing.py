"""How a shop's objects change: what moves with what."""

from collections.abc import Mapping
from typing import Any

from simulators.clock import Clock
from simulators.woocommerce import dates, php, stock
from simulators.woocommerce.shop import KINDS, Entry, Shop
from simulators.woocommerce.switches import Switches

Fields = Mapping[str, Any]
# Legacy storage moves date_modified for these only (woocommerce-observed: what moves date_modified).
_MOVING_IN_LEGACY = frozenset({"status", "customer_note"})


class Shelf:
    """The objects of a shop and the rules of their stamps; the caller holds the site's lock."""

    def __init__(self, shop: Shop, clock: Clock, switches: Switches) -> None:
        self.shop = shop
        self._clock = clock
        self._switches = switches

    def edit(self, kind: str, entry: Entry, fields: Fields, touch: bool | None = None) -> dict[str, Any]:
        """An object merged with ``fields``, stamped as the shop's rules or ``touch`` say; the object."""
        slices = php.split(entry.body)
        for name, value in fields.items():
            slices[name] = php.raw(_merged(php.decode(slices[name]) if name in slices else None, value))
        if touch if touch is not None else self._moves(kind, fields):
            slices = self.stamped(slices)
            if kind == "variations":
                self._touch("products", entry.facts.parent_id)
        return self.put(kind, slices)

    def sell(self, order: Entry) -> list[int]:
        """Take an order's goods from their stock, which moves them (woocommerce-observed); the ids of those goods."""
        sold = []
        for kind, goods, quantity in stock.goods_of(self.shop, order):
            # Read anew: two lines may sell the same.
            present = self.entry(kind, goods.facts.id)
            changed = {"stock_quantity": (php.decode(php.split(present.body)["stock_quantity"]) or 0) - quantity}
            if kind == "products":
                changed["total_sales"] = present.facts.total_sales + quantity
            self.edit(kind, present, changed)
            sold.append(goods.facts.id)
        return sold

    def orphan_lines(self, member: str, number: int) -> None:
        """A product or variation is gone: order lines lose it and its SKU, and the orders do not move."""
        for entry in list(self.shop.kinds["orders"].values()):
            if f'"{member}":{number},'.encode() not in entry.body:
                continue
            slices = php.split(entry.body)
            lines = php.decode(slices["line_items"])
            for line in lines:
                if line[member] == number:
                    line |= {member: 0, "sku": None}
            self.put("orders", slices | {"line_items": php.raw(lines)})

    def drop_from_parent(self, variation: Entry) -> None:
        """A product loses a variation, and moves."""
        parent = self.shop.find("products", variation.facts.parent_id)
        if parent:
            slices = php.split(parent.body)
            kept = [number for number in php.decode(slices["variations"]) if number != variation.facts.id]
            self.put("products", self.stamped(slices | {"variations": php.raw(kept)}))

    def leave_guests(self, customer: int) -> None:
        """A customer is gone: the orders become guest orders, and move."""
        for entry in list(self.shop.kinds["orders"].values()):
            if entry.facts.customer_id == customer:
                slices = php.split(entry.body)
                links = php.decode(slices["_links"])
                links.pop("customer", None)
                changed = {"customer_id": php.raw(0), "_links": php.raw(links)}
                self.put("orders", self.stamped(slices | changed))

    def _moves(self, kind: str, fields: Fields) -> bool:
        return kind != "orders" or self._switches.storage == "hpos" or bool(_MOVING_IN_LEGACY & fields.keys())

    def _touch(self, kind: str, number: int) -> None:
        entry = self.shop.find(kind, number)
        if entry:
            self.put(kind, self.stamped(php.split(entry.body)))

    def stamped(self, slices: php.Slices) -> php.Slices:
        """With date_modified set to now, where an object shows one: refunds and tax rates do not."""
        local, gmt = dates.pair(self._clock.now(), self.shop.zone)
        stamps = {"date_modified": php.raw(local), "date_modified_gmt": php.raw(gmt)}
        return slices | {name: stamp for name, stamp in stamps.items() if name in slices}

    def entry(self, kind: str, number: int) -> Entry:
        """An object; raises ValueError for an unknown kind, KeyError for an unknown id."""
        if kind not in KINDS:
            raise ValueError(f"There is no kind {kind!r}. Known: {', '.join(KINDS)}.")
        entry = self.shop.find(kind, number)
        if entry is None:
            raise KeyError(f"The shop has no {kind} with the id {number}.")
        return entry

    def put(self, kind: str, slices: php.Slices) -> dict[str, Any]:
        """Store an object under its id; the object."""
        entry = self.shop.put(kind, php.join(slices))
        result: dict[str, Any] = php.decode(entry.body)
        return result


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping):
        return old | {name: _merged(old.get(name), value) for name, value in new.items()}
    return new
