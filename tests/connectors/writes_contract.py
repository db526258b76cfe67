"""What every connector that writes must keep; a test class of its own for each connector inherits this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.connector import Writes
from domain.keys import RecordKey
from domain.records import Record
from domain.writes import Action, LinkState, Plan, Result, Write, WriteOutcome

MakeRecord = Callable[..., Record]
"""Makes a record of the kind under test: ``make(number, version="1", connection="shop")``; each version has a print."""


def write_of(record: Record, target: str, action: Action = Action.CREATE) -> Write:
    """The intention to carry one record."""
    key = RecordKey(connection=target, kind=record.key.kind, id=record.key.id)
    gone = action is Action.REMOVE
    return Write(
        action=action,
        source=record.key,
        target=key,
        fingerprint="removed" if gone else record.fingerprint,
        record=None if gone else record,
    )


def plan_of(target: str, records: Iterable[Record], action: Action = Action.CREATE) -> Plan:
    """The intention to do the same with some records."""
    return Plan(target=target, writes=tuple(write_of(record, target, action) for record in records))


def results(outcomes: Iterable[WriteOutcome]) -> list[Result]:
    """What became of the writes, in order."""
    return [outcome.result for outcome in outcomes]


class WritesContract:
    """Inherit, and give two fixtures: ``target``, prepared and empty, and ``make``, for one kind after the other."""

    def held(self, target: Writes, records: Iterable[Record]) -> dict[str, str]:
        first, *others = records
        return dict(target.held(first.key.kind, first.key.connection, [one.key.id for one in (first, *others)]))

    def prints(self, records: Iterable[Record]) -> dict[str, str]:
        return {record.key.id: record.fingerprint for record in records}

    def carry(self, target: Writes, records: Iterable[Record], action: Action = Action.CREATE) -> list[Result]:
        return results(target.write(plan_of(target.connection, records, action)))

    def test_nothing_is_held_before_it_is_written(self, target: Writes, make: MakeRecord) -> None:
        assert self.held(target, [make(1), make(2)]) == {}

    def test_what_was_written_is_held_under_its_print(self, target: Writes, make: MakeRecord) -> None:
        records = [make(number) for number in range(1, 4)]

        assert self.carry(target, records) == [Result.CREATED] * 3
        assert self.held(target, [*records, make(99)]) == self.prints(records)

    def test_a_second_write_finds_nothing_to_do(self, target: Writes, make: MakeRecord) -> None:
        records = [make(number) for number in range(1, 4)]
        self.carry(target, records)

        assert self.carry(target, records) == [Result.UNCHANGED] * 3
        assert self.carry(target, records, Action.UPDATE) == [Result.UNCHANGED] * 3

    def test_a_new_version_replaces_the_old_one(self, target: Writes, make: MakeRecord) -> None:
        self.carry(target, [make(1), make(2)])

        assert self.carry(target, [make(1, "2")], Action.UPDATE) == [Result.UPDATED]
        assert self.held(target, [make(1), make(2)]) == self.prints([make(1, "2"), make(2)])

    def test_every_write_has_one_outcome_in_order(self, target: Writes, make: MakeRecord) -> None:
        self.carry(target, [make(1), make(2), make(3)])
        writes = (
            write_of(make(4), target.connection),
            write_of(make(3), target.connection, Action.REMOVE),
            write_of(make(1, "2"), target.connection, Action.UPDATE),
            write_of(make(2), target.connection),
            write_of(make(5), target.connection, Action.REMOVE),
        )

        outcomes = target.write(Plan(target=target.connection, writes=writes))

        assert [outcome.write for outcome in outcomes] == list(writes)
        assert [outcome.link for outcome in outcomes] == [write.link() for write in writes]
        assert results(outcomes) == [
            Result.CREATED,
            Result.REMOVED,
            Result.UPDATED,
            Result.UNCHANGED,
            Result.UNCHANGED,
        ]

    def test_a_removed_record_is_held_no_more_and_removed_once(self, target: Writes, make: MakeRecord) -> None:
        self.carry(target, [make(1), make(2)])

        (outcome,) = target.write(plan_of(target.connection, [make(1)], Action.REMOVE))

        assert (outcome.result, outcome.link and outcome.link.state) == (Result.REMOVED, LinkState.UNDONE)
        assert self.carry(target, [make(1), make(3)], Action.REMOVE) == [Result.UNCHANGED] * 2
        assert self.held(target, [make(1), make(2)]) == self.prints([make(2)])

    def test_a_removed_record_that_is_back_is_written_again(self, target: Writes, make: MakeRecord) -> None:
        self.carry(target, [make(1)])
        self.carry(target, [make(1)], Action.REMOVE)

        assert self.carry(target, [make(1)]) in ([Result.CREATED], [Result.UPDATED])
        assert self.held(target, [make(1)]) == self.prints([make(1)])

    def test_the_same_id_in_two_sources_names_two_records(self, target: Writes, make: MakeRecord) -> None:
        here, there = make(1), make(1, "2", connection="other-shop")

        assert self.carry(target, [here]) == [Result.CREATED]
        assert self.held(target, [there]) == {}
        assert self.carry(target, [there]) == [Result.CREATED]
        assert self.carry(target, [here], Action.REMOVE) == [Result.REMOVED]
        assert self.held(target, [there]) == self.prints([there])

    def test_an_empty_plan_does_nothing(self, target: Writes, make: MakeRecord) -> None:
        assert target.write(Plan(target=target.connection)) == ()
        assert dict(target.held(make(1).key.kind, make(1).key.connection, [])) == {}

    def test_preparing_again_keeps_what_is_there(self, target: Writes, make: MakeRecord) -> None:
        self.carry(target, [make(1)])
        target.prepare()

        assert self.held(target, [make(1)]) == self.prints([make(1)])
