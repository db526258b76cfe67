"""What every connector that reads must keep; a test class of its own for each connector inherits this one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.connector import Reads
from domain.keys import Kind
from domain.problems import Problem
from domain.records import Page, Record

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

# More pages than any test shop has; a cursor that never ends fails instead of hanging.
ENDLESS = 1000


def walk(source: Reads, kind: Kind, since: datetime | None = None) -> list[Page]:
    """All pages of a kind, in order."""
    pages = [source.read(kind, since=since, at=None)]
    while pages[-1].next is not None:
        assert len(pages) < ENDLESS, "the walk does not end"
        pages.append(source.read(kind, since=since, at=pages[-1].next))
    return pages


def records(pages: list[Page]) -> list[Record]:
    """What the pages hold, in order."""
    return [record for page in pages for record in page.records]


def problems(pages: list[Page]) -> list[Problem]:
    """What could not be read in the pages, in order."""
    return [problem for page in pages for problem in page.problems]


def ids(pages: list[Page]) -> list[str]:
    """The ids of the records of the pages, in order."""
    return [record.key.id for record in records(pages)]


class ReadsContract:
    """Inherit, and give two fixtures: ``source``, open on a system that nobody changes, and ``kind``."""

    def test_a_walk_gives_every_record_once_and_ends(self, source: Reads, kind: Kind) -> None:
        pages = walk(source, kind)

        assert len(ids(pages)) == len(set(ids(pages)))
        assert pages[0].expected in (None, len(ids(pages)) + len(problems(pages)))
        assert ids(pages), "a contract is only tested on a system that holds something of each kind"

    def test_a_second_walk_gives_the_same_records(self, source: Reads, kind: Kind) -> None:
        assert records(walk(source, kind)) == records(walk(source, kind))

    def test_a_page_can_be_asked_for_again(self, source: Reads, kind: Kind) -> None:
        pages = walk(source, kind)
        cursors = [None, *(page.next for page in pages[:-1])]

        assert [source.read(kind, since=None, at=at) for at in cursors] == pages

    def test_every_record_is_named_after_its_connection_and_kind(self, source: Reads, kind: Kind) -> None:
        for record in records(walk(source, kind)):
            assert (record.key.connection, record.key.kind) == (source.connection, kind)
            assert record.key.id == record.body.id

    def test_records_asked_for_by_id_are_those_of_the_walk(self, source: Reads, kind: Kind) -> None:
        walked = {record.key: record for record in records(walk(source, kind))}

        page = source.read_ids(kind, [key.id for key in walked])

        assert {record.key: record for record in page.records} == walked
        assert page.next is None

    @pytest.mark.parametrize("unknown", ["999999999", "", "no-number", "-1", "1 2", "é"])
    def test_an_unknown_id_is_simply_absent(self, source: Reads, kind: Kind, unknown: str) -> None:
        known = ids(walk(source, kind))[0]

        assert ids([source.read_ids(kind, [unknown, known])]) == [known]
        assert source.read_ids(kind, []).records == ()

    def test_a_sweep_tells_id_and_version_of_what_the_walk_gives(self, source: Reads, kind: Kind) -> None:
        assert source.sweep(kind) == {record.key.id: record.version for record in records(walk(source, kind))}

    def test_changes_since_long_ago_are_all_there_is(self, source: Reads, kind: Kind) -> None:
        assert set(ids(walk(source, kind, LONG_AGO))) == set(ids(walk(source, kind)))

    def test_nothing_has_changed_since_tomorrow_where_changes_are_listed(self, source: Reads, kind: Kind) -> None:
        changed = ids(walk(source, kind, source.clock() + timedelta(days=1)))

        assert changed == ([] if source.lists_changes(kind) else ids(walk(source, kind)))

    def test_the_clock_is_in_utc(self, source: Reads) -> None:
        assert source.clock().utcoffset() == timedelta(0)
