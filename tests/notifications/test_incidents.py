"""Who is told of an incident, and when: told examples first, then what holds for every course of events."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from notifications.events import LARGEST_SAMPLE, EventType, Severity
from notifications.incidents import (
    FLAPPING,
    Incident,
    Told,
    acknowledge,
    begin,
    beside_worse,
    judge,
    mutes,
    resolve,
    severity,
    silence,
    strike,
    suppressed,
)
from notifications.notice import Stage
from notifications.rules import NoticeFilters, QuietHours
from tests.notifications.samples import NOON, event

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLAIN = NoticeFilters()
NIGHT = QuietHours(begin=time(22), end=time(7))
EVENING = datetime(2026, 7, 16, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 7, 17, 7, 0, tzinfo=UTC)


def failing(in_row: int = 1, **changes: Any) -> Any:
    return event(failures_in_row=in_row, **changes)


def opened(now: datetime = NOON, filters: NoticeFilters = PLAIN) -> tuple[Incident, Told]:
    """An incident of one failure, and what a configuration was told of it."""
    incident = begin("i", failing(), now)
    return incident, judge(incident, Told(), filters, now)[0]


def stage(incident: Incident, told: Told, now: datetime, filters: NoticeFilters = PLAIN, **how: bool) -> Stage | None:
    return judge(incident, told, filters, now, **how)[1]


def test_the_first_failure_is_told_at_once_and_only_once() -> None:
    incident = begin("i", failing(), NOON)
    told, first = judge(incident, Told(), PLAIN, NOON)
    assert first is Stage.OPENED
    assert judge(incident, told, PLAIN, NOON + MINUTE) == (told, None)
    assert stage(strike(incident, failing(2), NOON + HOUR), told, NOON + HOUR) is None


def test_it_is_escalated_once_when_it_failed_often_enough_in_a_row() -> None:
    incident, told = opened()
    stages = []
    for number in range(2, 8):
        now = NOON + number * MINUTE
        incident = strike(incident, failing(number), now)
        told, due = judge(incident, told, PLAIN, now)
        stages.append(due)
    assert stages == [None, Stage.ESCALATED, None, None, None, None]
    assert severity(incident, PLAIN) is Severity.CRITICAL
    assert (incident.count, suppressed(incident, told)) == (7, 4)


def test_a_threshold_of_one_tells_of_the_first_failure_as_escalated() -> None:
    incident = begin("i", failing(), NOON)
    eager = NoticeFilters(threshold=1)
    told, first = judge(incident, Told(), eager, NOON)
    assert first is Stage.ESCALATED
    assert stage(incident, told, NOON + MINUTE, eager) is None


def test_who_wants_only_what_is_critical_hears_of_it_when_it_is_and_when_it_is_over() -> None:
    critical = NoticeFilters(minimum_severity=Severity.CRITICAL)
    incident, told = opened(filters=critical)
    assert told == Told()
    incident = strike(incident, failing(3), NOON + MINUTE)
    told, due = judge(incident, told, critical, NOON + MINUTE)
    assert due is Stage.ESCALATED
    assert stage(resolve(incident, NOON + HOUR), told, NOON + HOUR, critical) is Stage.RESOLVED


def test_another_schedule_that_met_the_same_cause_does_not_hide_that_it_fails_in_a_row() -> None:
    incident, told = opened()
    incident = strike(strike(incident, failing(3), NOON), failing(1), NOON)
    assert stage(incident, told, NOON) is Stage.ESCALATED


def test_it_is_repeated_after_the_interval_when_it_struck_again() -> None:
    incident, told = opened()
    assert stage(incident, told, NOON + 5 * HOUR) is None
    incident = strike(incident, failing(2), NOON + 3 * HOUR)
    assert stage(incident, told, NOON + 4 * HOUR - MINUTE) is None
    told, due = judge(incident, told, PLAIN, NOON + 4 * HOUR)
    assert due is Stage.REPEATED
    assert stage(incident, told, NOON + 9 * HOUR) is None


def test_what_somebody_took_note_of_is_not_repeated_but_resolved() -> None:
    incident, told = opened()
    incident = acknowledge(strike(incident, failing(2), NOON + HOUR), "ann", NOON + HOUR)
    assert stage(incident, told, NOON + 5 * HOUR) is None
    assert stage(resolve(incident, NOON + 6 * HOUR), told, NOON + 6 * HOUR) is Stage.RESOLVED


def test_success_is_told_once_with_what_it_is_the_end_of() -> None:
    incident, told = opened()
    incident = resolve(strike(incident, failing(2), NOON + HOUR), NOON + 2 * HOUR)
    told, due = judge(incident, told, PLAIN, NOON + 2 * HOUR)
    assert due is Stage.RESOLVED
    assert (incident.lasted(NOON + 9 * HOUR), incident.count) == (2 * HOUR, 2)
    assert stage(incident, told, NOON + 3 * HOUR) is None
    assert resolve(incident, NOON + 5 * HOUR) == incident


def test_a_silenced_incident_is_told_of_again_when_the_silence_ends() -> None:
    incident, told = opened()
    incident = silence(strike(incident, failing(9), NOON), "ann", NOON + 6 * HOUR)
    assert stage(incident, told, NOON + 5 * HOUR) is None
    assert stage(resolve(incident, NOON + HOUR), told, NOON + HOUR) is None
    assert stage(incident, told, NOON + 6 * HOUR) is Stage.ESCALATED
    assert stage(silence(incident, "ann", None), told, NOON + 5 * HOUR) is Stage.ESCALATED


def test_quiet_hours_put_off_what_is_not_critical_and_lose_nothing() -> None:
    quiet = NoticeFilters(quiet_hours=NIGHT)
    incident, told = opened(EVENING, quiet)
    assert told == Told(put_off=True)
    assert judge(incident, told, quiet, MORNING - MINUTE) == (told, None)
    told, due = judge(incident, told, quiet, MORNING)
    assert (due, told.put_off) == (Stage.OPENED, False)


def test_what_was_over_before_the_morning_is_not_told_at_all() -> None:
    quiet = NoticeFilters(quiet_hours=NIGHT)
    incident, told = opened(EVENING, quiet)
    incident = resolve(incident, EVENING + HOUR)
    told, due = judge(incident, told, quiet, MORNING)
    assert (due, told.put_off, suppressed(incident, told)) == (None, False, 1)


def test_what_becomes_critical_at_night_wakes_people_and_its_end_does_not() -> None:
    quiet = NoticeFilters(quiet_hours=NIGHT)
    incident, told = opened(EVENING, quiet)
    incident = strike(incident, failing(3), EVENING + HOUR)
    told, due = judge(incident, told, quiet, EVENING + HOUR)
    assert due is Stage.ESCALATED
    incident = resolve(incident, EVENING + 2 * HOUR)
    told, due = judge(incident, told, quiet, EVENING + 2 * HOUR)
    assert due is None
    assert stage(incident, told, MORNING, quiet) is Stage.RESOLVED


def test_failing_again_within_ten_minutes_is_the_same_incident_and_told_only_when_it_lasts() -> None:
    incident, told = opened()
    incident = resolve(incident, NOON + HOUR)
    told, _ = judge(incident, told, PLAIN, NOON + HOUR)
    assert incident.takes(NOON + HOUR + FLAPPING - MINUTE)
    assert not incident.takes(NOON + HOUR + FLAPPING)

    again = NOON + HOUR + 5 * MINUTE
    incident = strike(incident, failing(1), again)
    assert stage(incident, told, again) is None
    assert stage(resolve(incident, again + MINUTE), told, again + MINUTE) is None
    told, due = judge(incident, told, PLAIN, again + FLAPPING)
    assert due is Stage.REPEATED
    assert stage(resolve(incident, again + HOUR), told, again + HOUR) is Stage.RESOLVED


def test_flapping_that_is_escalated_is_told_at_once_and_again_only_after_its_end_was_told() -> None:
    incident, told = opened()
    incident = resolve(incident, NOON + MINUTE)
    told, _ = judge(incident, told, PLAIN, NOON + MINUTE)
    incident = strike(incident, failing(3), NOON + 2 * MINUTE)
    told, due = judge(incident, told, PLAIN, NOON + 2 * MINUTE)
    assert due is Stage.ESCALATED
    again = strike(resolve(incident, NOON + 3 * MINUTE), failing(3), NOON + 4 * MINUTE)
    assert stage(again, told, NOON + 4 * MINUTE) is None

    told, due = judge(resolve(incident, NOON + 3 * MINUTE), told, PLAIN, NOON + 3 * MINUTE)
    assert due is Stage.RESOLVED
    assert stage(again, told, NOON + 4 * MINUTE) is Stage.ESCALATED


def test_beside_a_worse_cause_it_is_told_as_what_it_is_for_itself() -> None:
    minor = beside_worse(begin("i", failing(9), NOON))
    assert severity(minor, PLAIN) is Severity.ERROR
    assert stage(minor, Told(), NOON) is Stage.OPENED


def test_what_nobody_heard_of_is_told_though_it_flaps() -> None:
    quiet = NoticeFilters(quiet_hours=NIGHT)
    incident, told = opened(EVENING, quiet)
    incident = strike(resolve(incident, MORNING - 2 * MINUTE), failing(), MORNING - MINUTE)
    assert stage(incident, told, MORNING, quiet) is Stage.OPENED


def test_a_lost_authorization_drowns_what_follows_from_it() -> None:
    child = begin("i", failing(), NOON, muted=True)
    assert stage(child, Told(), NOON, muted=True) is None
    child = strike(child, failing(2), NOON + MINUTE, muted=True)
    # Connected again: only what fails once more is worth a word.
    assert stage(child, Told(), NOON + HOUR) is None
    assert stage(strike(child, failing(2), NOON + HOUR), Told(), NOON + HOUR) is Stage.OPENED

    heard, told = opened()
    heard, told = resolve(heard, NOON), judge(resolve(heard, NOON), told, PLAIN, NOON)[0]
    assert stage(strike(heard, failing(), NOON, muted=True), told, NOON + HOUR) is None
    assert stage(resolve(child, NOON + HOUR), Told(), NOON + HOUR) is None


def test_a_lost_authorization_explains_other_events_of_its_connection_while_it_lasts() -> None:
    lost = begin("l", event(type=EventType.RECONNECT_NEEDED), NOON)
    assert mutes(lost, event())
    assert not mutes(lost, event(type=EventType.RECONNECT_NEEDED))
    assert not mutes(lost, event(connection="other"))
    assert not mutes(lost, event(tenant="other"))
    assert not mutes(lost, event(connection=None))
    assert not mutes(resolve(lost, NOON), event())
    assert not mutes(begin("l", event(), NOON), event(kind=None))


def test_an_incident_keeps_the_latest_event_and_a_sample_of_all_records() -> None:
    incident = begin("i", failing(records=("a", "b")), NOON)
    incident = strike(incident, failing(2, records=("b", "c"), message="latest", record_count=7), NOON)
    assert (incident.event.records, incident.event.message, incident.event.record_count) == (
        ("a", "b", "c"),
        "latest",
        7,
    )
    incident = strike(incident, failing(3, records=[f"r{number}" for number in range(10)]), NOON)
    assert len(incident.event.records) == LARGEST_SAMPLE


@pytest.mark.parametrize("kind", EventType)
def test_what_passes_by_itself_opens_no_incident(kind: EventType) -> None:
    passing = {"sync_cancelled", "recovered", "channel_switched_off", "test"}
    assert kind.opens_incident is (kind not in passing)
