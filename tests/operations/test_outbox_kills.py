"""Killed at any point and started again, the outbox loses nothing and doubles nothing but what an answer got lost for.

A kill is an exception that nobody catches, raised at one step after the other: before each statement that writes,
before each commit, before a notice is sent and after it was. As after a real one, the server rolls back what was not
committed. Between two steps nothing but reading is done, so to be killed there is to be killed at the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event

from db.ledger import open_run
from db.session import open_engine, tenant_session
from domain.sync import RunState
from notifications.channels.webhook import Webhook
from notifications.notice import Notice
from operations.closing import close_flow_run_and_tell
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import make_tenants
from tests.operations.telling import AWAY, Story, posted, told

EXPECTED = [("connection_failed", "opened"), ("recovered", "resolved")]


class Killed(BaseException):
    """The process is gone."""


class Steps:
    """Counts steps and, when a number of them is taken, kills."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.most: int | None = None

    def take(self, what: str) -> None:
        self.taken.append(what)
        if self.most is not None and len(self.taken) > self.most:
            raise Killed(what)

    @contextmanager
    def killed_after(self, number: int) -> Iterator[None]:
        self.taken, self.most = [], number
        with suppress(Killed):
            yield
        self.most = None

    @property
    def lost_answers(self) -> int:
        """How many notices were sent, with nothing about it committed before the kill."""
        backwards = self.taken[-2::-1] if self.taken[-1] != "sent" else self.taken[::-1]
        until = [step for step in backwards if step in ("sent", "commit")]
        return int(until[:1] == ["sent"])


@pytest.fixture
def steps(ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    """Every statement that writes, every commit and both ends of every sending."""
    counted = Steps()
    deliver = Webhook.send

    def statement(*arguments: object) -> None:
        if not str(arguments[2]).startswith("SELECT"):
            counted.take(str(arguments[2]))

    def commit(_: object) -> None:
        counted.take("commit")

    def send(channel: Webhook, notice: Notice, target: str) -> str:
        counted.take("about to send")
        answer = deliver(channel, notice, target)
        counted.take("sent")
        return answer

    event.listen(ledger_engine, "before_cursor_execute", statement)
    event.listen(ledger_engine, "commit", commit)
    monkeypatch.setattr(Webhook, "send", send)
    yield counted
    event.remove(ledger_engine, "before_cursor_execute", statement)
    event.remove(ledger_engine, "commit", commit)


def begin_run(story: Story) -> str:
    flow_run_id = str(uuid4())
    with tenant_session(story.engine, story.tenant) as session:
        open_run(session, UUID(flow_run_id), story.request(), flow_run_id)
    return flow_run_id


def live(story: Story, failed: str, succeeded: str) -> None:
    """A run fails and the next one goes through: each is closed, then the outbox is emptied."""
    close_flow_run_and_tell(story.engine, failed, RunState.FAILED, AWAY, at=story.now)
    story.flush()
    close_flow_run_and_tell(story.engine, succeeded, RunState.COMPLETED, at=story.now + timedelta(minutes=1))
    story.flush()


def test_whenever_it_is_killed_nothing_is_lost_and_nothing_doubled_but_for_a_lost_answer(
    installation: None, ledger_engine: Engine, steps: Steps, receiver: HttpReceiver
) -> None:
    number, is_whole = 0, False
    while not is_whole:
        receiver.requests.clear()
        make_tenants(ledger_engine, f"tenant-{number}")
        story = Story(ledger_engine, f"tenant-{number}")
        story.subscribe(receiver)
        runs = [begin_run(story) for _ in range(2)]

        with steps.killed_after(number):
            live(story, *runs)
        is_whole = len(steps.taken) <= number
        doubled = 0 if is_whole else steps.lost_answers
        where = f"killed at step {number}: {steps.taken[-1]}"
        # Everything begins anew, and the claims of the dead run out.
        live(story, *runs)
        story.later(minutes=15)

        times = Counter((notice["id"], notice["event"], notice["stage"]) for notice in posted(receiver))
        assert [(what, stage) for _, what, stage in times] == EXPECTED, where
        assert sum(times.values()) == len(EXPECTED) + doubled, where
        assert {entry.state for entry in story.history()} == {"delivered"}, where
        number += 1

    assert number > 30
    assert steps.taken.count("sent") == len(EXPECTED)


def test_two_processes_at_once_judge_and_deliver_everything_once(
    installation: None, ledger_engine: Engine, receiver: HttpReceiver
) -> None:
    tenants = [f"tenant-{number}" for number in range(6)]
    make_tenants(ledger_engine, *tenants)
    stories = [Story(ledger_engine, tenant) for tenant in tenants]
    for story in stories:
        story.subscribe(receiver, "one")
        story.subscribe(receiver, "two")
        for _ in range(3):
            story.runs()
        story.succeeds()
    together = Barrier(2)

    def flush(_: int) -> None:
        engine = open_engine(ledger_engine.url.render_as_string(hide_password=False))
        another = Story(engine)
        together.wait()
        another.flush()
        another.flush()
        engine.dispose()

    with ThreadPoolExecutor(2) as processes:
        list(processes.map(flush, range(2)))

    expected = [*EXPECTED, ("consecutive_failures", "escalated")]
    assert Counter(told(receiver)) == dict.fromkeys(expected, 2 * len(tenants))
    assert len({notice["id"] for notice in posted(receiver)}) == len(receiver.requests)


def test_what_one_process_is_sending_no_other_sends(
    installation: None, ledger_engine: Engine, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(ledger_engine)
    story.subscribe(receiver)
    story.runs()
    deliver = Webhook.send

    def send(channel: Webhook, notice: Notice, target: str) -> str:
        story.flush()
        return deliver(channel, notice, target)

    monkeypatch.setattr(Webhook, "send", send)
    story.flush()

    assert told(receiver) == EXPECTED[:1]
    assert [(entry.state, entry.attempts) for entry in story.history()] == [("delivered", 1)]
