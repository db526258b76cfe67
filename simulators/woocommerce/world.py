"""What a shop owner does behind the API's back, and what the API's own writes do."""

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from simulators.clock import Clock
from simulators.woocommerce import dates, php
from simulators.woocommerce.inserting import copied
from simulators.woocommerce.refunding import refund_of, remaining
from simulators.woocommerce.shop import KINDS, Entry, Shop
from simulators.woocommerce.switches import Switches

Fields = Mapping[str, Any]
# Legacy storage moves date_modified for these only (woocommerce-observed: what moves date_modified).
_MOVING_IN_LEGACY = frozenset({"status", "customer_note"})
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

    def __init__(self, shop: Shop, clock: Clock, switches: Switches, lock: threading.RLock) -> None:
        self.shop = shop
        self.lock = lock
        self._clock = clock
        self._switches = switches

    @_alone
    def edit(
        self, kind: str, number: int, fields: Fields | None = None, *, touch: bool | None = None
    ) -> dict[str, Any]:
        """Merge ``fields`` into an object: objects merge member by member, everything else is replaced.

        ``touch`` says whether date_modified moves; None leaves that to the shop's rules: order tables move it at every
        edit, even an empty one, legacy storage only for status and note; a variation's edit moves its parent too.
        """
        entry = self._entry(kind, number)
        slices = php.split(entry.body)
        for name, value in (fields or {}).items():
            slices[name] = php.raw(_merged(php.decode(slices[name]) if name in slices else None, value))
        if touch if touch is not None else self._moves(kind, fields or {}):
            slices = self._stamped(slices)
            if kind == "variations":
                self._touch("products", entry.facts.parent_id)
        return self._put(kind, slices)

    @_alone
    def insert(self, kind: str, fields: Fields | None = None, *, like: int | None = None) -> dict[str, Any]:
        """A new object: a copy of ``like`` (the kind's first object when None) under a new id, merged with ``fields``.

        What must be unique is made unique: numbers, keys, SKU, slug, mail, ids of lines. Refunds are not copied.
        """
        source = self._entry(kind, next(iter(self.shop.kinds.get(kind, ())), 0) if like is None else like)
        local, gmt = dates.pair(self._clock.now(), self.shop.zone)
        fresh = copied(self.shop, kind, source, {"date_created": local, "date_created_gmt": gmt})
        self.shop.put(kind, php.join(self._stamped(fresh)))
        number = int(bytes(fresh["id"]))
        parent = self.shop.find("products", source.facts.parent_id) if kind == "variations" else None
        if parent:
            slices = php.split(parent.body)
            self._put("products", slices | {"variations": php.raw([*php.decode(slices["variations"]), number])})
        return self.edit(kind, number, fields)

    @_alone
    def refund(
        self, order: int, amount: str | None = None, reason: str = "", lines: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Refund an order by ``amount`` (all that is left when None), with or without ``lines``; the refund.

        The order becomes ``refunded`` only when nothing is left (woocommerce-observed: shapes). Raises ValueError with
        WooCommerce's own sentence when the amount is more than what is left.
        """
        entry = self._entry("orders", order)
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
            slices = self._stamped(slices)
        self._put("orders", slices)
        result: dict[str, Any] = php.decode(refund.body)
        return result

    @_alone
    def delete_refund(self, number: int) -> None:
        """Take a refund back: the order keeps its status and its date_modified (woocommerce-observed)."""
        order = self._entry("refunds", number).facts.parent_id
        self.shop.drop("refunds", number)
        entry = self.shop.find("orders", order)
        if entry:
            slices = php.split(entry.body)
            kept = [refund for refund in php.decode(slices["refunds"]) if refund["id"] != number]
            self._put("orders", slices | {"refunds": php.raw(kept)})

    @_alone
    def trash(self, kind: str, number: int) -> dict[str, Any]:
        """Move an order or product to the trash; it remembers its status there, as the recorded trash shows.

        Raises ValueError for other kinds: they have no trash.
        """
        if kind not in ("orders", "products"):
            raise ValueError(f"There is no trash for {kind}; delete them for good.")
        slices = php.split(self._entry(kind, number).body)
        now = self._clock.now()
        status = php.decode(slices["status"])
        remembered = f"wc-{status}" if kind == "orders" else status
        meta = php.decode(slices["meta_data"])
        meta.append({"id": self.shop.inner_id(), "key": _TRASH_STATUS, "value": remembered})
        meta.append({"id": self.shop.inner_id(), "key": _TRASH_TIME, "value": str(int(now.timestamp()))})
        slices |= {"status": php.raw("trash"), "meta_data": php.raw(meta)}
        return self._put(kind, self._stamped(slices))

    @_alone
    def restore(self, kind: str, number: int) -> dict[str, Any]:
        """Take an object out of the trash again, with the status it had; ``pending`` or ``draft`` if none is known."""
        slices = php.split(self._entry(kind, number).body)
        meta = php.decode(slices["meta_data"])
        status = next((item["value"] for item in meta if item["key"] == _TRASH_STATUS), None)
        kept = [item for item in meta if item["key"] not in (_TRASH_STATUS, _TRASH_TIME)]
        status = status.removeprefix("wc-") if status else {"orders": "pending"}.get(kind, "draft")
        slices |= {"status": php.raw(status), "meta_data": php.raw(kept)}
        return self._put(kind, self._stamped(slices))

    @_alone
    def delete(self, kind: str, number: int) -> None:
        """Delete for good, with what hangs on it (woocommerce-observed: what moves date_modified).

        An order takes its refunds along, a product its variations. A customer's orders become guest orders and move,
        a product's order lines lose product and SKU and do not.
        """
        if kind == "refunds":
            self.delete_refund(number)
            return
        entry = self._entry(kind, number)
        self.shop.drop(kind, number)
        if kind == "orders":
            for refund in list(self.shop.children("refunds", number)):
                self.shop.drop("refunds", refund.facts.id)
        elif kind == "products":
            for variation in list(self.shop.children("variations", number)):
                self.delete("variations", variation.facts.id)
            self._orphan_lines("product_id", number)
        elif kind == "variations":
            self._drop_from_parent(entry)
            self._orphan_lines("variation_id", number)
        elif kind == "customers":
            self._leave_guests(number)

    def _orphan_lines(self, member: str, number: int) -> None:
        for entry in list(self.shop.kinds["orders"].values()):
            if f'"{member}":{number},'.encode() not in entry.body:
                continue
            slices = php.split(entry.body)
            lines = php.decode(slices["line_items"])
            for line in lines:
                if line[member] == number:
                    line |= {member: 0, "sku": None}
            self._put("orders", slices | {"line_items": php.raw(lines)})

    def _drop_from_parent(self, variation: Entry) -> None:
        parent = self.shop.find("products", variation.facts.parent_id)
        if parent:
            slices = php.split(parent.body)
            kept = [number for number in php.decode(slices["variations"]) if number != variation.facts.id]
            self._put("products", self._stamped(slices | {"variations": php.raw(kept)}))

    def _leave_guests(self, customer: int) -> None:
        for entry in list(self.shop.kinds["orders"].values()):
            if entry.facts.customer_id == customer:
                slices = php.split(entry.body)
                links = php.decode(slices["_links"])
                links.pop("customer", None)
                changed = {"customer_id": php.raw(0), "_links": php.raw(links)}
                self._put("orders", self._stamped(slices | changed))

    def _moves(self, kind: str, fields: Fields) -> bool:
        return kind != "orders" or self._switches.storage == "hpos" or bool(_MOVING_IN_LEGACY & fields.keys())

    def _touch(self, kind: str, number: int) -> None:
        entry = self.shop.find(kind, number)
        if entry:
            self._put(kind, self._stamped(php.split(entry.body)))

    def _stamped(self, slices: php.Slices) -> php.Slices:
        """With date_modified set to now, where an object shows one: refunds and tax rates do not."""
        local, gmt = dates.pair(self._clock.now(), self.shop.zone)
        stamps = {"date_modified": php.raw(local), "date_modified_gmt": php.raw(gmt)}
        return slices | {name: stamp for name, stamp in stamps.items() if name in slices}

    def _entry(self, kind: str, number: int) -> Entry:
        if kind not in KINDS:
            raise ValueError(f"There is no kind {kind!r}. Known: {', '.join(KINDS)}.")
        entry = self.shop.find(kind, number)
        if entry is None:
            raise KeyError(f"The shop has no {kind} with the id {number}.")
        return entry

    def _put(self, kind: str, slices: php.Slices) -> dict[str, Any]:
        entry = self.shop.put(kind, php.join(slices))
        result: dict[str, Any] = php.decode(entry.body)
        return result


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping):
        return old | {name: _merged(old.get(name), value) for name, value in new.items()}
    return new
