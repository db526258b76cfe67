"""What ends an incident, and what does not: the course of a night, and of a connection that is removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from config.checkups import Checkup
from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from db.session import tenant_session
from domain.connector import Vitals
from domain.errors import AccessDenied, Misconfigured, Unavailable
from domain.keys import Kind
from domain.sync import RunState
from notifications.events import EventType
from notifications.incidents import Incident, Told, begin, judge, resolve, strike
from notifications.notice import Stage
from notifications.rules import NoticeFilters
from operations.connection_news import keep_renewal, keep_success, tell_removed
from operations.recoveries import Recovery, Track
from operations.run_endings import recovery_of
from tests.notifications.channels.receivers import HttpReceiver
from tests.notifications.samples import event
from tests.operations.telling import SHOP, WAREHOUSE, Story, posted, told

OPENED, RESOLVED = ("connection_failed", "opened"), ("recovered", "resolved")
ESCALATED = ("consecutive_failures", "escalated")
BOOKS = "books"
ORDERS = Track(route=WOOCOMMERCE_TO_SUPABASE, source=SHOP, target=WAREHOUSE, kinds=(Kind.ORDER,), whole=True)
TO_BOOKS = ORDERS.model_copy(update={"route": WOOCOMMERCE_TO_QUICKBOOKS, "target": BOOKS})
WORKS = Checkup(Vitals("https://shop.example", "10.1"), 0.1)


@dataclass
class Night:
    """One incident at the shop, minute by minute, and what is told of it."""

    now: datetime
    failures: int = 0
    incident: Incident | None = None
    tracks: tuple[Track, ...] = ()
    known: Told = field(default_factory=Told)
    notices: list[tuple[str, Stage]] = field(default_factory=list)

    def fails(self) -> None:
        self.failures += 1
        failure = event(type=EventType.CONNECTION_FAILED, connection=SHOP, failures_in_row=self.failures)
        if self.incident and self.incident.takes(self.now):
            self.incident = strike(self.incident, failure, self.now)
        else:
            self.incident, self.known = begin("i", failure, self.now), Told()
        self.tracks = (ORDERS,)

    def hears(self, recovery: Recovery) -> None:
        if self.incident is None or not self.incident.is_open:
            return
        ends = recovery.ends(self.incident.event, self.tracks)
        self.tracks = () if ends else recovery.left(self.incident.event, self.tracks)
        self.incident = self.incident if self.tracks else resolve(self.incident, self.now)

    def judge(self) -> None:
        if self.incident:
            self.known, stage = judge(self.incident, self.known, NoticeFilters(), self.now)
            self.notices += [(f"{self.now:%H:%M}", stage)] if stage else []


def test_runs_that_fail_all_night_at_a_shop_that_answers_checks_and_others_are_one_incident() -> None:
    night = Night(datetime(2026, 7, 16, 22, 0, tzinfo=UTC))
    morning = night.now.replace(day=17, hour=6, minute=6)
    while night.now <= morning:
        if night.now == morning:
            night.hears(Recovery(track=ORDERS, connections=(SHOP, WAREHOUSE)))
        elif night.now.minute % 15 == 6:  # every 15 minutes, and some minutes of asking in vain
            night.fails()
        elif night.now.minute == 40:  # the hourly check
            night.hears(Recovery(connections=(SHOP,)))
        elif night.now.minute % 15 == 10 and night.failures > 1:  # another route over the same shop
            night.hears(Recovery(track=TO_BOOKS, connections=(SHOP, BOOKS)))
        night.judge()
        night.now += timedelta(minutes=1)

    assert night.notices == [
        ("22:06", Stage.OPENED),
        ("22:36", Stage.ESCALATED),
        ("02:36", Stage.REPEATED),
        ("06:06", Stage.RESOLVED),
    ]


@pytest.fixture
def story(installation: None, ledger_engine: Engine) -> Story:
    # Checks of connections have no other clock.
    return Story(ledger_engine, now=datetime.now(UTC))


@pytest.fixture
def receiver(story: Story) -> Iterator[HttpReceiver]:
    with HttpReceiver() as started:
        story.subscribe(started)
        yield started


def answers(story: Story, name: str = SHOP, *, renewed: bool = False) -> None:
    with tenant_session(story.engine, story.tenant) as session:
        (keep_renewal if renewed else keep_success)(session, name, WORKS)
    story.flush()


def test_an_answer_ends_what_struck_one_run_and_not_what_struck_two(story: Story, receiver: HttpReceiver) -> None:
    story.runs()
    answers(story)
    assert told(receiver) == [OPENED, RESOLVED]

    story.later(minutes=15)
    story.runs()
    answers(story)
    story.succeeds(target=BOOKS)
    story.flush()
    assert told(receiver)[2:] == [OPENED]
    story.succeeds()
    story.flush()
    assert told(receiver)[3:] == [RESOLVED]


def test_new_credentials_end_what_struck_many_runs(story: Story, receiver: HttpReceiver) -> None:
    for _ in range(2):
        story.runs(error=AccessDenied("the key may not write", connection=SHOP, status=403))
    answers(story)
    assert told(receiver) == [("reconnect_needed", "opened")]

    answers(story, renewed=True)
    assert told(receiver)[1:] == [RESOLVED]


def test_a_dry_run_does_not_show_that_its_target_works(story: Story, receiver: HttpReceiver) -> None:
    assert recovery_of(story.request(dry_run=True), ()).connections == (SHOP,)
    story.runs(error=Unavailable("the database is read-only", connection=WAREHOUSE))
    story.succeeds(dry_run=True)
    story.flush()
    assert told(receiver) == [OPENED]

    story.succeeds(target=WAREHOUSE, ids=("1",))
    story.flush()
    assert told(receiver)[1:] == [RESOLVED]


@pytest.mark.parametrize("removed", [SHOP, BOOKS])
def test_what_runs_met_is_over_once_the_connection_at_either_end_is_removed(
    story: Story, receiver: HttpReceiver, removed: str
) -> None:
    for _ in range(2):
        story.runs(error=Misconfigured("the mapping cannot be used"), target=BOOKS)
    remove(story, WAREHOUSE)
    assert told(receiver) == [("sync_failed", "opened")]

    remove(story, removed)
    assert told(receiver)[1:] == [RESOLVED]


def test_what_struck_other_runs_too_waits_for_those_when_a_connection_is_removed(
    story: Story, receiver: HttpReceiver
) -> None:
    for target in (BOOKS, WAREHOUSE):
        story.runs(RunState.CRASHED, None, target=target)
    remove(story, BOOKS)
    assert told(receiver) == [("sync_crashed", "opened")]

    story.succeeds()
    story.flush()
    assert told(receiver)[1:] == [RESOLVED]


def remove(story: Story, name: str) -> None:
    with tenant_session(story.engine, story.tenant) as session:
        tell_removed(session, name)
    story.flush()


def test_a_row_of_failures_is_critical_once_however_many_causes_it_has(story: Story, receiver: HttpReceiver) -> None:
    causes = [None, None, None, AccessDenied("refused", connection=WAREHOUSE), Misconfigured("no mapping"), None]
    for cause in causes:
        story.runs(error=cause or Unavailable("away", connection=SHOP))
        story.later(minutes=15)
    assert told(receiver) == [OPENED, ESCALATED, ("reconnect_needed", "opened"), ("sync_failed", "opened")]

    story.succeeds()
    story.flush()
    assert told(receiver)[4:] == [RESOLVED] * 3


def test_another_cause_is_critical_once_the_first_is_over_and_runs_still_fail(
    story: Story, receiver: HttpReceiver
) -> None:
    for _ in range(3):
        story.runs()
    story.runs(error=Misconfigured("no mapping"))
    answers(story, renewed=True)
    assert told(receiver) == [OPENED, ESCALATED, ("sync_failed", "opened"), RESOLVED]

    story.runs(error=Misconfigured("no mapping"))
    story.flush()
    assert told(receiver)[4:] == [ESCALATED]


def test_what_is_critical_between_other_connections_is_critical_of_its_own(
    story: Story, receiver: HttpReceiver
) -> None:
    for target in (WAREHOUSE, BOOKS):
        for _ in range(3):
            story.runs(error=Unavailable("away", connection=target), target=target)
    story.flush()

    assert told(receiver) == [OPENED, ESCALATED] * 2


def test_what_is_critical_stays_so_when_another_critical_cause_comes_to_its_runs(
    story: Story, receiver: HttpReceiver
) -> None:
    for _ in range(3):
        story.runs(error=Misconfigured("no mapping"), target=BOOKS)
        story.runs()
    story.runs(target=BOOKS)
    story.flush()
    story.later(hours=5)
    story.runs(error=Misconfigured("no mapping"), target=BOOKS)
    story.flush()

    assert (told(receiver)[-1], posted(receiver)[-1]["severity"]) == (("sync_failed", "repeated"), "critical")


def test_what_was_critical_and_fails_again_shortly_after_its_end_is_critical_at_the_threshold(
    story: Story, receiver: HttpReceiver
) -> None:
    for _ in range(3):
        story.runs()
    story.succeeds()
    story.flush()
    assert told(receiver) == [OPENED, ESCALATED, RESOLVED]

    for _ in range(3):
        story.later(minutes=2)
        story.runs()
    story.flush()
    assert told(receiver)[3:] == [ESCALATED]
