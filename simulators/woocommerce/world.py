"""What a shop owner does behind the API's back, and what the API's own writes do."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from simulators.clock import Clock
from simulators.woocommerce import dates, events, php, stock
from simulators.woocommerce.changing import Fields, Shelf
from simulators.woocommerce.inserting import copied
from simulators.woocommerce.refunding import refund_of, remaining
from simulators.woocommerce.shop import Entry, Shop
from simulators.woocommerce.switches import Switches

Announce = Callable[[str, int], None]
_TRASH_STATUS, _TRASH_TIME = "_wp_trash_meta_status", "_wp_trash_meta_time"


P = ParamSpec("P")
R = TypeVar("R")


def _alone(act: Callable[Concatenate["World", P], R]) -> Callable[Concatenate["World", P], R]:
    """No request is answered while the world changes."""

    @wraps(act)
    def acting(self: "World", /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return act(self, *args, **kwargs)

    return acting


class World:
    """Changes a shop the way its owner would; every change is stamped by the shop's clock.

    Kinds are called as in the API: orders, refunds, products, variations, customers. Unknown ids raise KeyError.
    Every action is done in one piece; hold ``lock`` around several that no request may see halfway.
    """

    def __init__(self, shop: Shop, clock: Clock, switches: Switches, lock: threading.RLock, announce: Announce) -> None:
        """``announce`` gets the topic and the id of everything that webhooks tell of."""
        self.shop = shop
        self.lock = lock
        self._clock = clock
        self._switches = switches
        self._shelf = Shelf(shop, clock, switches)
        self._announce = announce

    @_alone
    def edit(
        self, kind: str, number: int, fields: Fields | None = None, *, touch: bool | None = None
    ) -> dict[str, Any]:
        """Merge ``fields`` into an object: objects merge member by member, everything else is replaced.

        ``touch`` says whether date_modified moves; None leaves that to the shop's rules: order tables move it at every
        edit, even an empty one, legacy storage only for status and note; a variation's edit moves its parent too.
        """
        entry = self._shelf.entry(kind, number)
        edited = self._shelf.edit(kind, entry, fields or {}, touch)
        now = self._shelf.entry(kind, number)
        for topic in events.of_edit(kind, entry.facts, now.facts, in_tables=self._switches.storage == "hpos"):
            self._announce(topic, number)
        if kind == "orders" and stock.is_sold(entry.facts.status, now.facts.status):
            self._sell(now)
        return edited

    @_alone
    def insert(self, kind: str, fields: Fields | None = None, *, like: int | None = None) -> dict[str, Any]:
        """A new object: a copy of ``like`` (the kind's first object when None) under a new id, merged with ``fields``.

        What must be unique is made unique: numbers, keys, SKU, slug, mail, ids of lines. Refunds are not copied.
        """
        source = self._shelf.entry(kind, next(iter(self.shop.kinds.get(kind, ())), 0) if like is None else like)
        local, gmt = dates.pair(self._clock.now(), self.shop.zone)
        fresh = copied(self.shop, kind, source, {"date_created": local, "date_created_gmt": gmt})
        number = int(bytes(fresh["id"]))
        parent = self.shop.find("products", source.facts.parent_id) if kind == "variations" else None
        if parent:
            slices = php.split(parent.body)
            self._shelf.put("products", slices | {"variations": php.raw([*php.decode(slices["variations"]), number])})
        return self.add(kind, fresh, fields)

    @_alone
    def add(self, kind: str, slices: php.Slices, fields: Fields | None = None) -> dict[str, Any]:
        """Store a new object, merged with ``fields``; what an order sells leaves the stock."""
        entry = self.shop.put(kind, php.join(self._shelf.stamped(slices)))
        made = self._shelf.edit(kind, entry, fields or {})
        now = self._shelf.entry(kind, entry.facts.id)
        for topic in events.of_addition(kind, now.facts):
            self._announce(topic, now.facts.id)
        if kind == "orders" and stock.is_sold("", now.facts.status):
            self._sell(now)
        return made

    @_alone
    def refund(
        self, order: int, amount: str | None = None, reason: str = "", lines: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Refund an order by ``amount`` (all that is left when None), with or without ``lines``; the refund.

        The order becomes ``refunded`` only when nothing is left (woocommerce-observed: shapes). Raises ValueError with
        WooCommerce's own sentence when the amount is more than what is left.
        """
        entry = self._shelf.entry("orders", order)
        left = remaining(entry)
        local, gmt = dates.pair(self._clock.now(), self.shop.zone)
        stamps = {"date_created": local, "date_created_gmt": gmt}
        refund = refund_of(self.shop, entry, amount, reason, lines or [], stamps)
        self.shop.put("refunds", refund.body)
        slices = php.split(entry.body)
        slices["refunds"] = php.raw([refund.summary, *php.decode(slices["refunds"])])
        if refund.amount >= left:
            slices["status"] = php.raw("refunded")
        if self._switches.refunds_move_orders:
            slices = self._shelf.stamped(slices)
        self._shelf.put("orders", slices)
        self._announce("order.updated", order)
        result: dict[str, Any] = php.decode(refund.body)
        return result

    @_alone
    def delete_refund(self, number: int) -> None:
        """Take a refund back: the order keeps its status and its date_modified (woocommerce-observed)."""
        order = self._shelf.entry("refunds", number).facts.parent_id
        self.shop.drop("refunds", number)
        entry = self.shop.find("orders", order)
        if entry:
            slices = php.split(entry.body)
            kept = [refund for refund in php.decode(slices["refunds"]) if refund["id"] != number]
            self._shelf.put("orders", slices | {"refunds": php.raw(kept)})
            if self._switches.since(11, 2):
                # class-wc-webhook.php process_refund_deleted; 10.9 told nobody (observed).
                self._announce("order.updated", order)

    @_alone
    def trash(self, kind: str, number: int) -> dict[str, Any]:
        """Move an order or product to the trash; it remembers its status there, as the recorded trash shows.

        Raises ValueError for other kinds: they have no trash.
        """
        if kind not in ("orders", "products"):
            raise ValueError(f"There is no trash for {kind}; delete them for good.")
        slices = php.split(self._shelf.entry(kind, number).body)
        now = self._clock.now()
        status = php.decode(slices["status"])
        remembered = f"wc-{status}" if kind == "orders" else status
        meta = php.decode(slices["meta_data"])
        meta.append({"id": self.shop.inner_id(), "key": _TRASH_STATUS, "value": remembered})
        meta.append({"id": self.shop.inner_id(), "key": _TRASH_TIME, "value": str(int(now.timestamp()))})
        slices |= {"status": php.raw("trash"), "meta_data": php.raw(meta)}
        self._announce(f"{events.RESOURCES[kind]}.deleted", number)
        return self._shelf.put(kind, self._shelf.stamped(slices))

    @_alone
    def restore(self, kind: str, number: int) -> dict[str, Any]:
        """Take an object out of the trash again, with the status it had; ``pending`` or ``draft`` if none is known."""
        slices = php.split(self._shelf.entry(kind, number).body)
        meta = php.decode(slices["meta_data"])
        status = next((item["value"] for item in meta if item["key"] == _TRASH_STATUS), None)
        kept = [item for item in meta if item["key"] not in (_TRASH_STATUS, _TRASH_TIME)]
        status = status.removeprefix("wc-") if status else {"orders": "pending"}.get(kind, "draft")
        slices |= {"status": php.raw(status), "meta_data": php.raw(kept)}
        if kind in events.RESOURCES:
            self._announce(f"{events.RESOURCES[kind]}.restored", number)
        return self._shelf.put(kind, self._shelf.stamped(slices))

    @_alone
    def delete(self, kind: str, number: int) -> None:
        """Delete for good, with what hangs on it (woocommerce-observed: what moves date_modified).

        An order takes its refunds along, a product its variations. A customer's orders become guest orders and move,
        a product's order lines lose product and SKU and do not. Webhooks tell of customers only.
        """
        if kind == "refunds":
            self.delete_refund(number)
            return
        entry = self._shelf.entry(kind, number)
        self.shop.drop(kind, number)
        if kind == "orders":
            for refund in list(self.shop.children("refunds", number)):
                self.shop.drop("refunds", refund.facts.id)
        elif kind == "products":
            for variation in list(self.shop.children("variations", number)):
                self.delete("variations", variation.facts.id)
            self._shelf.orphan_lines("product_id", number)
        elif kind == "variations":
            self._shelf.drop_from_parent(entry)
            self._shelf.orphan_lines("variation_id", number)
        elif kind == "customers":
            self._shelf.leave_guests(number)
            if entry.facts.role == "customer":
                self._announce("customer.deleted", number)

    def _sell(self, order: Entry) -> None:
        for number in self._shelf.sell(order):
            self._announce("product.updated", number)
