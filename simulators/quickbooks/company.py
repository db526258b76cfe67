"""One company: its objects, who they are called, and how they are shown."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from simulators.clock import Clock
from simulators.quickbooks.kinds import KINDS, NAMES, SALES
from simulators.quickbooks.modes import CURRENCIES, DOLLARS, Setup
from simulators.quickbooks.numbers import PACIFIC, money, plain, stamp
from simulators.quickbooks.refusals import not_found
from simulators.quickbooks.settings import SETTINGS
from simulators.quickbooks.switches import Switches

Body = dict[str, Any]
Tell = Callable[[str, str, str, str], None]
SHIPPING_ITEM = "SHIPPING_ITEM_ID"
# Captured: these come with a name, tax codes and the accounts and methods of a Payment without one.
_NAMED = {
    "CustomerRef": "Customer", "ItemRef": "Item", "SalesTermRef": "Term", "PaymentMethodRef": "PaymentMethod",
    "DepositToAccountRef": "Account", "IncomeAccountRef": "Account", "ExpenseAccountRef": "Account",
    "AssetAccountRef": "Account", "DiscountAccountRef": "Account",
}  # fmt: skip


class Row(msgspec.Struct):
    """An object: ``body`` is what it says beside id, token and times."""

    kind: str
    id: str
    body: Body
    created: datetime
    updated: datetime
    token: int = 0

    @property
    def active(self) -> bool:
        """Whether it may be referred to."""
        return bool(self.body.get("Active", True))

    @property
    def label(self) -> str:
        """What references call it."""
        return str(self.body.get("DisplayName") or self.body.get("FullyQualifiedName") or self.body.get("Name", ""))


class Gone(msgspec.Struct, frozen=True):
    """A deleted transaction, of which only change data capture still tells."""

    kind: str
    id: str
    when: datetime


class Company:
    """The objects of one company; all changes go through :meth:`add`, :meth:`change` and :meth:`remove`.

    ``tell`` learns of each of them: realm, kind, id and operation.
    """

    def __init__(self, realm: str, setup: Setup, clock: Clock, switches: Switches) -> None:
        self.realm = realm
        self.setup = setup
        self.clock = clock
        self.switches = switches
        self.subscribed = True
        self.tell: Tell = lambda *_: None
        self.tables: dict[str, dict[str, Row]] = {kind: {} for kind in KINDS}
        self.gone: list[Gone] = []
        self.last_number = 1000
        self._last_id: defaultdict[str, int] = defaultdict(int)
        self._index: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self._owed: defaultdict[str, Decimal] = defaultdict(Decimal)

    def __repr__(self) -> str:
        return f"Company(realm={self.realm!r}, mode={self.setup.mode!r})"

    @property
    def today(self) -> str:
        """The date that a transaction without one gets: the server's, which is Pacific."""
        return self.clock.now().astimezone(PACIFIC).date().isoformat()

    def configure(self, **changes: Any) -> None:
        """Change the company's set-up; raises ValueError for what does not exist."""
        self.setup = msgspec.convert(msgspec.to_builtins(self.setup) | changes, Setup)
        for kind in ("Preferences", "CompanyInfo"):
            for row in self.tables[kind].values():
                row.token, row.updated = row.token + 1, self.clock.now()
                self.tell(self.realm, kind, row.id, "Update")

    def next_address(self) -> str:
        """The id of a new address."""
        self._last_id["addresses"] += 1
        return str(self._last_id["addresses"])

    def find(self, kind: str, number: str) -> Row | None:
        """An object, or None."""
        return self.tables[kind].get(number)

    def row(self, kind: str, number: str) -> Row:
        """An object; raises Refusal 610 when there is none."""
        row = self.find(kind, number)
        if row is None:
            raise not_found(deleted=any((gone.kind, gone.id) == (kind, number) for gone in self.gone))
        return row

    def called(self, space: str, name: str) -> Iterator[Row]:
        """The objects that hold a name: ``space`` is "name" (of persons), "item", "number" or the kind of a list."""
        for kind, number in sorted(self._index[space, name.casefold()]):
            yield self.tables[kind][number]

    def add(self, kind: str, body: Body, number: str | None = None) -> Row:
        """Store a new object under the next id of its family."""
        if number is None:
            family = KINDS[kind].family
            sequence = "transactions" if family in ("sales", "payments") else kind if family == "lists" else family
            self._last_id[sequence] += 1
            number = str(self._last_id[sequence])
        elif number.isdigit():
            family = KINDS[kind].family
            self._last_id[kind if family == "lists" else family] = max(
                int(number), self._last_id[kind if family == "lists" else family]
            )
        now = self.clock.now()
        row = Row(kind, number, body, now, now)
        self.tables[kind][number] = row
        self._enter(row)
        self._owe(kind, body, 1)
        self.tell(self.realm, kind, number, "Create")
        return row

    def change(self, row: Row, body: Body, operation: str = "Update") -> None:
        """Give an object a new body: its token rises, unless nothing changed (captured on Account)."""
        if body == row.body:
            return
        self._leave(row)
        self._owe(row.kind, row.body, -1)
        row.body, row.token, row.updated = body, row.token + 1, self.clock.now()
        self._enter(row)
        self._owe(row.kind, body, 1)
        self.tell(self.realm, row.kind, row.id, operation)

    def remove(self, row: Row) -> None:
        """Delete a transaction."""
        self._leave(row)
        self._owe(row.kind, row.body, -1)
        del self.tables[row.kind][row.id]
        self.gone.append(Gone(row.kind, row.id, self.clock.now()))
        self.tell(self.realm, row.kind, row.id, "Delete")

    def rate(self, currency: str) -> Decimal:
        """Home units for one unit of ``currency``, to six places."""
        return plain((Decimal(DOLLARS[currency]) / Decimal(DOLLARS[self.setup.home])).quantize(Decimal("0.000001")))

    def shown(self, row: Row) -> Body:
        """An object as an answer shows it, with names in its references."""
        standing: Body = {"domain": "QBO", "sparse": False, "Id": row.id, "SyncToken": str(row.token)}
        if row.kind == "TaxCode" and not row.id.isdigit():
            # Captured: TAX and NON have neither domain nor token.
            standing = {"Id": row.id}
        times = {"CreateTime": stamp(row.created), "LastUpdatedTime": stamp(row.updated)}
        settings = SETTINGS.get(row.kind)
        body: Body = settings(self.setup, subscribed=self.subscribed) if settings else self._named(row, row.body)
        if row.kind == "Customer":
            owed = money(self._owed[row.id], row.body["CurrencyRef"]["value"])
            body |= {"Balance": owed, "BalanceWithJobs": owed}
        return {**standing, "MetaData": times, **body}

    def owed_by(self, customer: str) -> Decimal:
        """What a customer owes."""
        return self._owed[customer]

    def _named(self, row: Row, value: Any, key: str = "") -> Any:
        if isinstance(value, list):
            return [self._named(row, item, key) for item in value]
        if not isinstance(value, dict):
            return value
        if not key.endswith("Ref"):
            return {name: self._named(row, member, name) for name, member in value.items()}
        label = self._label(row, key, value.get("value", ""))
        return {**value, "name": label} if label else value

    def _label(self, row: Row, key: str, number: str) -> str:
        if key == "CurrencyRef":
            return CURRENCIES.get(number, number)
        if row.kind == "Payment" and key != "CustomerRef":
            return ""
        kind = {"TaxRateRef": "TaxRate", "ParentRef": row.kind}.get(key) if row.kind not in SALES else None
        kind = kind or _NAMED.get(key)
        found = self.find(kind, number) if kind else None
        return found.label if found else ""

    def _enter(self, row: Row) -> None:
        for key in _keys(row.kind, row.body):
            self._index[key].add((row.kind, row.id))

    def _leave(self, row: Row) -> None:
        for key in _keys(row.kind, row.body):
            self._index[key].discard((row.kind, row.id))

    def _owe(self, kind: str, body: Body, sign: int) -> None:
        """Keep the customer's balance, which moves LastUpdatedTime without the token (captured)."""
        if kind not in ("Invoice", "Payment", "CreditMemo"):
            return
        amount: Decimal = (
            body["Balance"] if kind == "Invoice" else -body["Balance" if kind == "CreditMemo" else "UnappliedAmt"]
        )
        customer = self.find("Customer", body["CustomerRef"]["value"])
        if amount and customer:
            self._owed[customer.id] += sign * amount
            customer.updated = self.clock.now()


def _keys(kind: str, body: Body) -> Iterator[tuple[str, str]]:
    if kind in NAMES:
        yield "name", body["DisplayName"].casefold()
    elif kind == "Item":
        yield "item", body["FullyQualifiedName"].casefold()
    elif kind in SALES and body.get("DocNumber"):
        yield "number", body["DocNumber"].casefold()
    elif "Name" in body:
        yield kind, body["Name"].casefold()
