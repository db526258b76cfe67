"""What holds for every course of failures, successes and time, for every configuration, across restarts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.events import Severity
from notifications.incidents import (
    FLAPPING,
    Incident,
    Told,
    acknowledge,
    begin,
    judge,
    resolve,
    severity,
    silence,
    strike,
)
from notifications.notice import Stage
from notifications.rules import NoticeFilters, QuietHours
from tests.notifications.samples import event

START = datetime(2026, 7, 16, 12, 0, tzinfo=UTC)
CONFIGURATIONS = {
    "plain": NoticeFilters(),
    "eager": NoticeFilters(threshold=1, repeat_hours=0.25),
    "critical": NoticeFilters(minimum_severity=Severity.CRITICAL, threshold=2),
    "quiet": NoticeFilters(quiet_hours=QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin")),
    "lunch": NoticeFilters(quiet_hours=QuietHours(begin=time(11), end=time(13)), repeat_hours=1, threshold=5),
}
FAILURE = event(records=("a", "b"))

steps = st.tuples(
    st.sampled_from(["fail", "fail", "fail", "succeed", "wait", "acknowledge", "silence", "mute", "unmute"]),
    st.one_of(
        st.integers(0, 20).map(lambda minutes: timedelta(minutes=minutes)),
        st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    ),
)
courses = st.lists(steps, min_size=1, max_size=40)


@dataclass(frozen=True)
class Sent:
    """A notice that went out, and what stood against it at that moment."""

    incident: str
    configuration: str
    stage: Stage
    severity: Severity
    at: datetime
    silenced: bool
    quiet: bool
    muted: bool


@dataclass
class Life:
    """One cause as the ledger would carry it: incidents, what was told, and the notices that went out."""

    restarts: bool = False
    now: datetime = START
    in_row: int = 0
    muted: bool = False
    incidents: list[Incident] = field(default_factory=list)
    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    notices: list[Sent] = field(default_factory=list)

    def live(self, course: list[tuple[str, timedelta]]) -> Life:
        for act, span in course:
            self.now += span
            if act in ("mute", "unmute"):
                self.muted = act == "mute"
            elif act == "fail":
                self.fail()
            elif act != "wait" and self.incidents:
                self.incidents[-1] = self.changed(act, self.incidents[-1])
            if act == "succeed":
                self.in_row = 0
            self.judge()
        return self

    def fail(self) -> None:
        self.in_row += 1
        failure = FAILURE.model_copy(update={"failures_in_row": self.in_row})
        if self.incidents and self.incidents[-1].takes(self.now):
            self.incidents[-1] = strike(self.incidents[-1], failure, self.now, muted=self.muted)
        else:
            self.incidents.append(begin(f"i{len(self.incidents)}", failure, self.now, muted=self.muted))

    def changed(self, act: str, incident: Incident) -> Incident:
        match act:
            case "succeed":
                return resolve(incident, self.now)
            case "acknowledge":
                return acknowledge(incident, "ann", self.now)
            case _:
                return silence(incident, "ann", self.now + timedelta(hours=1))

    def judge(self) -> None:
        for incident in self.incidents:
            for name, filters in CONFIGURATIONS.items():
                told = self.told.get((incident.id, name), Told())
                told, stage = judge(incident, told, filters, self.now, muted=self.muted)
                self.told[incident.id, name] = told
                if stage:
                    self.notices.append(self.sent(incident, name, stage))
        if self.restarts:
            self.incidents = [Incident.model_validate_json(one.model_dump_json()) for one in self.incidents]
            self.told = {key: Told.model_validate_json(one.model_dump_json()) for key, one in self.told.items()}

    def sent(self, incident: Incident, name: str, stage: Stage) -> Sent:
        hours = CONFIGURATIONS[name].quiet_hours
        return Sent(
            incident.id,
            name,
            stage,
            Severity.INFO if stage is Stage.RESOLVED else severity(incident, CONFIGURATIONS[name]),
            self.now,
            silenced=incident.silenced_until is not None and self.now < incident.silenced_until,
            quiet=hours is not None and hours.include(self.now),
            muted=self.muted,
        )

    def stages(self) -> dict[tuple[str, str], list[Stage]]:
        found: dict[tuple[str, str], list[Stage]] = {}
        for sent in self.notices:
            found.setdefault((sent.incident, sent.configuration), []).append(sent.stage)
        return found


@given(courses)
def test_an_incident_is_opened_once_and_escalated_once_until_it_ends(
    course: list[tuple[str, timedelta]],
) -> None:
    for stages in Life().live(course).stages().values():
        assert stages.count(Stage.OPENED) <= 1
        until_its_end = " ".join(stages).split(Stage.RESOLVED)
        assert all(told.count(Stage.ESCALATED) <= 1 for told in until_its_end)
        assert stages[0] in (Stage.OPENED, Stage.ESCALATED)
        assert Stage.OPENED not in stages[1:]


@given(courses)
def test_resolved_follows_upon_something_told_and_at_most_once_per_success(course: list[tuple[str, timedelta]]) -> None:
    successes = sum(act == "succeed" for act, _ in course)
    for stages in Life().live(course).stages().values():
        assert stages.count(Stage.RESOLVED) <= successes
        ends = [number for number, stage in enumerate(stages) if stage is Stage.RESOLVED]
        assert all(number > 0 and stages[number - 1] is not Stage.RESOLVED for number in ends)


@given(courses)
def test_without_flapping_an_incident_is_resolved_at_most_once(course: list[tuple[str, timedelta]]) -> None:
    # A success is followed by nothing for longer than flapping takes.
    calm = [
        part
        for act, span in course
        for part in ([(act, span), ("wait", FLAPPING)] if act == "succeed" else [(act, span)])
    ]
    for stages in Life().live(calm).stages().values():
        assert stages.count(Stage.RESOLVED) <= 1


@given(courses)
def test_nothing_is_told_against_silence_quiet_hours_or_a_lost_authorization(
    course: list[tuple[str, timedelta]],
) -> None:
    for sent in Life().live(course).notices:
        assert not sent.silenced
        assert sent.severity is Severity.CRITICAL or not sent.quiet
        assert sent.stage is Stage.RESOLVED or not sent.muted


@given(st.lists(st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)), min_size=1, max_size=60))
def test_an_outage_without_success_is_told_a_bounded_number_of_times(spans: list[timedelta]) -> None:
    life = Life().live([("fail", span) for span in spans])
    lasted = life.now - life.incidents[0].opened_at
    for (_, name), stages in life.stages().items():
        repeats = floor(lasted / timedelta(hours=CONFIGURATIONS[name].repeat_hours))
        assert len(stages) <= 1 + 1 + repeats
        assert set(stages) <= {Stage.OPENED, Stage.ESCALATED, Stage.REPEATED}


@given(courses)
def test_every_incident_that_is_still_open_is_told_when_nothing_stands_against_it(
    course: list[tuple[str, timedelta]],
) -> None:
    life = Life().live([*course, ("unmute", timedelta(0)), ("fail", timedelta(0))])
    # Past silence, quiet hours and flapping.
    life.now = max(life.now + timedelta(hours=2), START.replace(day=1) + timedelta(days=400)).replace(hour=15)
    life.judge()
    for incident in life.incidents:
        for name, filters in CONFIGURATIONS.items():
            concerned = filters.admit(incident.event) or incident.event.failures_in_row >= filters.threshold
            told = life.told[incident.id, name]
            assert not told.put_off
            if incident.is_open:
                assert told.open or not concerned
            else:
                assert not told.open


@given(courses)
def test_time_alone_tells_nothing_twice(course: list[tuple[str, timedelta]]) -> None:
    life = Life().live(course)
    before = len(life.notices)
    life.judge()
    life.judge()
    assert len(life.notices) == before


@settings(max_examples=40)
@given(courses)
def test_a_restart_changes_nothing(course: list[tuple[str, timedelta]]) -> None:
    through, restarted = Life().live(course), Life(restarts=True).live(course)
    assert through.notices == restarted.notices
    assert through.incidents == restarted.incidents
    assert through.told == restarted.told
