"""What a bookkeeper does in QuickBooks, behind the API's back."""

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from simulators.quickbooks import writing
from simulators.quickbooks.checksum import checksum
from simulators.quickbooks.company import Body, Company
from simulators.quickbooks.kinds import KINDS, Kind
from simulators.quickbooks.numbers import decode, encode
from simulators.quickbooks.oauth import Tokens
from simulators.quickbooks.writing import Wish

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
    """Changes one company the way its users would; stamps come from the clock, tokens rise as by the API.

    Kinds are called as in the API: Customer, Item, Invoice... Unknown ids and what the rules of bookkeeping forbid
    raise :class:`refusals.Refusal`, unknown kinds ValueError. Hold ``lock`` around what no request may see halfway.
    """

    def __init__(self, company: Company, tokens: Tokens, lock: threading.RLock) -> None:
        self.company = company
        self.lock = lock
        self._tokens = tokens

    @_alone
    def create(self, kind: str, body: Mapping[str, Any]) -> Body:
        """A new object, e.g. a vendor whose name a customer will want; the object as the API shows it."""
        return writing.write(self.company, "create", Wish(_kind(kind), _plain(body)))

    @_alone
    def edit(self, kind: str, number: str, fields: Mapping[str, Any]) -> Body:
        """Change what ``fields`` name, whatever the token; the object as the API shows it."""
        return self._on(kind, number, "update", {**fields, "sparse": True})

    @_alone
    def deactivate(self, kind: str, number: str) -> Body:
        """Make a customer, item, account... inactive; its name gets the suffix " (deleted)"."""
        row = self.company.row(_kind(kind).name, str(number))
        name = "DisplayName" if "DisplayName" in row.body else "Name"
        return self._on(kind, number, "update", {name: row.body[name], "Active": False, "sparse": True})

    @_alone
    def delete(self, kind: str, number: str) -> Body:
        """Delete a transaction; payments of an invoice become unapplied."""
        return self._on(kind, number, "delete", {})

    @_alone
    def void(self, kind: str, number: str) -> Body:
        """Void a transaction."""
        wish = Wish(_kind(kind), self._at(kind, number, {}), "void")
        return writing.write(self.company, "update", wish)

    @_alone
    def read(self, kind: str, number: str) -> Body:
        """An object as the API shows it."""
        return self.company.shown(self.company.row(_kind(kind).name, str(number)))

    @_alone
    def all(self, kind: str) -> list[Body]:
        """All objects of a kind, inactive ones too, oldest first."""
        return [self.company.shown(row) for row in self.company.tables[_kind(kind).name].values()]

    @_alone
    def configure(self, /, **changes: Any) -> None:
        """Change the company's set-up by the names of :class:`modes.Setup`; raises ValueError for unknown ones."""
        self.company.configure(**changes)

    def close_books(self, day: str) -> None:
        """Close the books up to and including ``day``, e.g. "2026-06-30"; "" opens them."""
        self.configure(closed_until=day)

    def turn_on_multicurrency(self) -> None:
        """Allow foreign currencies; as in QuickBooks there is no way back."""
        self.configure(multicurrency=True)

    @_alone
    def end_subscription(self, *, ended: bool = True) -> None:
        """Let the company's subscription end: reads go on, writes get 6190."""
        self.company.subscribed = not ended

    @_alone
    def disconnect(self) -> None:
        """Disconnect the app: all tokens end, refreshing gives invalid_grant."""
        self._tokens.disconnect(self.company.realm)

    @_alone
    def expire_access(self) -> None:
        """Let all access tokens end now; refresh tokens stay."""
        self._tokens.expire(self.company.realm)

    @_alone
    def checksum(self) -> dict[str, Any]:
        """See :func:`checksum.checksum`."""
        return checksum(self.company)

    def _on(self, kind: str, number: str, operation: str, fields: Mapping[str, Any]) -> Body:
        return writing.write(self.company, operation, Wish(_kind(kind), self._at(kind, number, fields)))

    def _at(self, kind: str, number: str, fields: Mapping[str, Any]) -> Body:
        row = self.company.row(_kind(kind).name, str(number))
        return {**_plain(fields), "Id": row.id, "SyncToken": str(row.token)}


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ValueError(f"There is no kind {name!r}. Known: {', '.join(KINDS)}.")
    return KINDS[name]


def _plain(body: Mapping[str, Any]) -> Body:
    """The body as it would arrive over the wire, with exact numbers."""
    plain: Body = decode(encode(dict(body)))
    return plain
