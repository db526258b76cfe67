"""From a page of records to the plan of writes: the same decision for the dry run and for the real one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from domain.keys import ConnectionName, RecordKey
from domain.records import Page, Record, Refund, Variation
from domain.writes import Action, Link, LinkState, Plan, Write

REMOVED = "removed"
"""The fingerprint of a record that is gone from its source."""


def target_key(source: RecordKey, target: ConnectionName) -> RecordKey:
    """Name the copy of a source record in a target that keeps the source's ids, as the warehouse does."""
    return RecordKey.model_construct(connection=target, kind=source.kind, id=source.id)


def plan_page(page: Page, *, target: ConnectionName, links: Mapping[RecordKey, Link], held: Mapping[str, str]) -> Plan:
    """Decide what this page changes in the target.

    ``links`` is what the ledger remembers of these records, ``held`` the fingerprint under which the target itself
    holds each source id. The target is believed: a row that was lost there is written again, whatever the ledger says.
    A record that stands twice in the page is planned once, as it was read last.
    """
    writes: list[Write] = []
    adopted: list[Link] = []
    unchanged = 0
    for record in unique_records(page):
        present = held.get(record.key.id)
        if present != record.fingerprint:
            writes.append(_intended_write(record, target, present))
            continue
        unchanged += 1
        if not _is_remembered(links.get(record.key), record.fingerprint):
            adopted.append(_intended_write(record, target, present).link())
    return Plan(
        target=target, writes=tuple(writes), unchanged=unchanged, adopted=tuple(adopted), problems=page.problems
    )


def unique_records(page: Page) -> Collection[Record]:
    """Give each record of the page once; of two with the same key, the later."""
    return {record.key.id: record for record in page.records}.values()


def belongings(records: Iterable[Record]) -> dict[str, str]:
    """Tell of refunds to which order they belong, of variations to which product; by their own ids."""
    found: dict[str, str] = {}
    for record in records:
        match record.body:
            case Refund(id=part, order_id=whole) | Variation(id=part, product_id=whole):
                found[part] = whole
    return found


def plan_removals(gone: Iterable[RecordKey], *, target: ConnectionName) -> Plan:
    """Plan to mark as deleted what is no longer in the source."""
    writes = tuple(
        Write(action=Action.REMOVE, source=key, target=target_key(key, target), fingerprint=REMOVED, record=None)
        for key in gone
    )
    return Plan(target=target, writes=writes)


def _intended_write(record: Record, target: ConnectionName, present: str | None) -> Write:
    return Write(
        action=Action.CREATE if present is None else Action.UPDATE,
        source=record.key,
        target=target_key(record.key, target),
        fingerprint=record.fingerprint,
        record=record,
    )


def _is_remembered(link: Link | None, fingerprint: str) -> bool:
    return link is not None and link.state is LinkState.LIVE and link.fingerprint == fingerprint
