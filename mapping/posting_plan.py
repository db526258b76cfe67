"""From orders and refunds to the plan of postings: the same decision for the dry run and for the real one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from domain.books import Company
from domain.keys import ConnectionName, Kind, RecordKey
from domain.problems import Fate, Problem
from domain.records import LineType, Order, OrderLine, Record, Refund
from domain.writes import DOCUMENT, NEW, Action, Link, LinkState, Plan, Ref, Skipped, Waiting, Write
from mapping.engine import Mappings
from mapping.fingerprint import fingerprint
from mapping.posting import Outcome, Posting, exclude_closed, post_order, post_refund, posting_hash
from mapping.posting_entries import ITEM, PAYMENT, Entry, customer_identity
from mapping.posting_lines import Helper, item_of_line
from mapping.posting_policy import PostingPolicy
from mapping.refusal import Exclusion

Identity = tuple[RecordKey, str]
Content = TypeVar("Content", Order, Refund)
WITHDRAWN = "posted_then_withdrawn"
"""The code of the problem of a posted record that the shop no longer has, or no longer means to be posted."""
_BY_HAND = "Void or correct it in QuickBooks by hand; the sync deletes nothing from the books."


def plan_postings(
    orders: Sequence[Record],
    refunds: Sequence[Record],
    *,
    target: ConnectionName,
    links: Mapping[Identity, Link],
    policy: PostingPolicy,
    company: Company,
    parents: Sequence[Record] = (),
    mappings: Mappings | None = None,
) -> Plan:
    """Decide what these orders and refunds change in the books.

    ``links`` is what the ledger remembers of ``link_identities``. A refund needs its order among ``orders`` or, when
    the order itself is not to be planned, among ``parents``; else it waits for it. A record that stands twice is
    planned once, as it was read last.
    """
    planned = _bodies(orders, Order)
    known = {**_bodies(parents, Order), **planned}
    planner = _Planner(target, links, policy, company, mappings)
    for key, order in planned.items():
        planner.add_order(key, order)
    for key, refund in _bodies(refunds, Refund).items():
        planner.add_refund(key, refund, known.get(_order_of(refund, key)))
    return planner.plan()


def link_identities(
    orders: Iterable[Record],
    refunds: Iterable[Record],
    *,
    policy: PostingPolicy,
    company: Company,
    parents: Iterable[Record] = (),
) -> frozenset[Identity]:
    """Name everything whose link ``plan_postings`` may look for."""
    found: set[Identity] = set()
    for key, order in _bodies((*orders, *parents), Order).items():
        found |= {(key, DOCUMENT), (key, PAYMENT), customer_identity(order, key.connection, policy, company)}
        found |= _item_identities(order.lines, key.connection)
    for key, refund in _bodies(refunds, Refund).items():
        found |= {(key, DOCUMENT), (_order_of(refund, key), DOCUMENT)}
        found |= _item_identities(refund.lines, key.connection)
    return frozenset(found)


def _bodies(records: Iterable[Record], body: type[Content]) -> dict[RecordKey, Content]:
    return {record.key: record.body for record in records if isinstance(record.body, body)}


def _order_of(refund: Refund, key: RecordKey) -> RecordKey:
    return RecordKey(connection=key.connection, kind=Kind.ORDER, id=refund.order_id)


def plan_withdrawals(gone: Iterable[RecordKey], *, target: ConnectionName) -> Plan:
    """Plan for posted records that are gone from the shop: each is a problem, for nothing is deleted in books."""
    text = "It is gone from the shop and still stands in the books."
    problems = (Problem(code=WITHDRAWN, message=text, fate=Fate.SKIP, key=key, advice=_BY_HAND) for key in gone)
    return Plan(target=target, problems=tuple(problems))


def posting_rules(policy: PostingPolicy, company: Company) -> str:
    """Name everything by which records are skipped: the policy, the mappings, and what the books themselves allow."""
    facts = company.model_dump_json(include={"home_currency", "is_multi_currency", "closed_until"})
    return fingerprint(posting_hash(policy).encode(), facts.encode())


def _item_identities(lines: Iterable[OrderLine], source: ConnectionName) -> set[Identity]:
    charged = (line for line in lines if line.type not in (LineType.TAX, LineType.COUPON))
    items = {item_of_line(line) for line in charged} | {(Kind.ITEM, str(helper)) for helper in Helper}
    return {(RecordKey(connection=source, kind=kind, id=identity), ITEM) for kind, identity in items}


class _Planner:
    """Gathers the plan record by record."""

    def __init__(
        self,
        target: ConnectionName,
        links: Mapping[Identity, Link],
        policy: PostingPolicy,
        company: Company,
        mappings: Mappings | None,
    ) -> None:
        self._target = target
        self._links = {identity: link for identity, link in links.items() if link.state is LinkState.LIVE}
        self._policy = policy
        self._company = company
        # What was posted before the books were closed stays as it is: closed days are looked at only before a write.
        self._open_company = company.model_copy(update={"closed_until": None})
        self._mappings = mappings
        self._writes: dict[Identity, Write] = {}
        self._unchanged = 0
        self._skipped: list[Skipped] = []
        self._waiting: list[Waiting] = []
        self._problems: list[Problem] = []

    def add_order(self, key: RecordKey, order: Order) -> None:
        """Plan an order."""
        self._add(key, post_order(order, key.connection, self._policy, self._open_company, self._mappings))

    def add_refund(self, key: RecordKey, refund: Refund, order: Order | None) -> None:
        """Plan a refund, which follows what becomes of its order."""
        on = Ref(key=_order_of(refund, key))
        if order is None:
            self._waiting.append(Waiting(key=key, on=on))
            return
        identity = (on.key, DOCUMENT)
        outcome = post_refund(refund, order, key.connection, self._policy, self._open_company, self._mappings)
        if identity in self._links or identity in self._writes or (key, DOCUMENT) in self._links:
            self._add(key, outcome)
        elif isinstance(outcome, Skipped):
            self._skipped.append(outcome)
        elif isinstance(reason := self._why_not(order, on.key), Skipped):
            text = f"Order {order.id} is not posted. {reason.reason}"
            self._skipped.append(Skipped(key=key, code="order_not_posted", reason=text))
        else:
            self._waiting.append(Waiting(key=key, on=on))

    def plan(self) -> Plan:
        """Give the plan; what others refer to is written first."""
        return Plan(
            target=self._target,
            writes=tuple(sorted(self._writes.values(), key=_rank)),
            unchanged=self._unchanged,
            skipped=tuple(self._skipped),
            waiting=tuple(self._waiting),
            problems=tuple(self._problems),
        )

    def _why_not(self, order: Order, key: RecordKey) -> Outcome:
        return post_order(order, key.connection, self._policy, self._company, self._mappings)

    def _add(self, key: RecordKey, outcome: Outcome) -> None:
        link = self._links.get((key, DOCUMENT))
        if isinstance(outcome, Problem):
            self._problems.append(outcome)
        elif isinstance(outcome, Posting):
            self._add_posting(outcome, link)
        elif link is None:
            self._skipped.append(outcome)
        else:
            self._refuse(key, WITHDRAWN, f"It was posted as {link.target}. {outcome.reason}")

    def _add_posting(self, posting: Posting, link: Link | None) -> None:
        document = posting.documents[0]
        if link is not None and link.target.kind is not document.kind:
            text = f"It was posted as {link.target.kind}, and the policy now makes it a {document.kind}."
            return self._refuse(posting.key, "document_changed", text)
        if self._lost_payment(posting):
            return self._refuse(
                posting.key, "payment_withdrawn", "Its payment was posted, and the shop now states none."
            )
        changed = [entry for entry in posting.documents if self._differs(entry)]
        if not changed:
            self._unchanged += 1
            return None
        try:
            exclude_closed(posting.date, self._company)
        except Exclusion as reason:
            if link is None:
                return self._skipped.append(reason.skipped(posting.key))
            return self._refuse(posting.key, reason.code, f"It changed after it was posted. {reason.reason}")
        for entry in (*(helper for helper in posting.helpers if self._differs_in_being(helper)), *changed):
            self._writes.setdefault((entry.key, entry.role), self._write(entry))
        return None

    def _lost_payment(self, posting: Posting) -> bool:
        roles = {entry.role for entry in posting.documents}
        return PAYMENT not in roles and (posting.key, PAYMENT) in self._links

    def _differs(self, entry: Entry) -> bool:
        link = self._links.get((entry.key, entry.role))
        return link is None or link.fingerprint != entry.fingerprint

    def _differs_in_being(self, helper: Entry) -> bool:
        # Helpers belong to the bookkeeper once they are there: renamed or recategorised, they are never written again.
        return (helper.key, helper.role) not in self._links

    def _write(self, entry: Entry) -> Write:
        link = self._links.get((entry.key, entry.role))
        new = RecordKey(connection=self._target, kind=entry.kind, id=NEW)
        return Write(
            action=Action.UPDATE if link else Action.CREATE,
            source=entry.key,
            target=link.target if link else new,
            role=entry.role,
            fingerprint=entry.fingerprint,
            body=entry.body,
            base_version=link.version if link else None,
            expected_total=entry.total,
            currency=None if entry.total is None else self._currency_of(entry),
        )

    def _currency_of(self, entry: Entry) -> str:
        # A document in the currency of the books does not name it.
        stated = entry.body.get("CurrencyRef")
        return str(stated["value"]) if isinstance(stated, Mapping) else self._company.home_currency

    def _refuse(self, key: RecordKey, code: str, message: str) -> None:
        self._problems.append(Problem(code=code, message=message, fate=Fate.SKIP, key=key, advice=_BY_HAND))


_RANKS = {Kind.CUSTOMER: 0, Kind.ITEM: 1, Kind.INVOICE: 2, Kind.SALES_RECEIPT: 2, Kind.PAYMENT: 3}


def _rank(write: Write) -> int:
    return _RANKS.get(write.target.kind, 4)
