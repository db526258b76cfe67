"""What to do about a failure is told in the same words wherever somebody looks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from config.requests import build_request
from config.settings import settings
from db.ledger import open_run, save_problems
from db.ledger.runs import close_run
from db.ledger.sync_requests import save_request
from db.session import tenant_session
from domain.errors import ConnectorError, RateLimited
from domain.keys import System
from domain.problems import Fate, Problem
from domain.requests import Progress, RequestState
from domain.sync import RunState
from notifications.advice import advise, cause_of_error
from notifications.guide import guide
from operations import failures, runs
from operations.closing import close_run_and_tell
from operations.failures import FailureFilter
from operations.runs import RunFilter
from tests.operations.people import in_database
from tests.operations.steering import connect, order
from tests.operations.telling import NOON, SHOP, Story

# Of the kind that its text alone does not name.
TOO_FAST = RateLimited("the shop wants fewer calls", connection=SHOP, operation="listing orders", status=429)
STRANGER = "shop listing orders: the shop takes us for a stranger: either it does not know the consumer key"


def ended(story: Story, state: RunState, error: ConnectorError | str | None, *, told: bool) -> runs.Run:
    """A run that was asked for and ended so, and what is shown of it."""
    run_id = uuid4()
    with tenant_session(story.engine, story.tenant) as session:
        save_request(session, run_id, story.request(), RequestState.STARTED, actor="user:ann", flow_run_id=str(run_id))
        open_run(session, run_id, story.request(), str(run_id))
        if told:
            close_run_and_tell(session, run_id, state, error, at=NOON)
        else:
            close_run(session, run_id, state, str(error) if error else None)
    return runs.show_run(story.caller, run_id)


def test_a_failed_run_says_what_its_notice_says(story: Story) -> None:
    shown = ended(story, RunState.FAILED, TOO_FAST, told=True)

    advice = advise(cause_of_error(TOO_FAST, System.WOOCOMMERCE))
    assert advice.topic == "shop-too-many-calls"
    assert shown.guidance is not None
    assert (shown.guidance.title, shown.guidance.cause, shown.guidance.steps) == (
        advice.title,
        advice.cause,
        advice.steps,
    )
    ((told,),) = in_database(story.engine, "SELECT event -> 'advice' ->> 'cause' FROM unisync.events")
    assert told == shown.guidance.cause
    assert runs.list_runs(story.caller, RunFilter()).items[0].guidance == shown.guidance


@pytest.mark.parametrize(
    ("state", "error", "topic"),
    [
        (RunState.FAILED, STRANGER, "shop-header-dropped"),
        (RunState.CRASHED, None, "run-crashed"),
        (RunState.CANCELLED, "it was cancelled", "run-cancelled"),
        (RunState.FAILED, "the moon is in the wrong house", "unknown"),
    ],
)
def test_a_run_of_which_nothing_was_told_is_advised_by_what_its_row_says(
    story: Story, state: RunState, error: str | None, topic: str
) -> None:
    guidance = ended(story, state, error, told=False).guidance
    assert guidance is not None
    assert guidance.guide.endswith(f"#{topic}")
    assert f'<a id="{topic}"></a>\n\n### {guidance.title}\n\n{guidance.cause}' in guide()


def test_a_run_that_went_through_or_goes_on_needs_no_advice(story: Story) -> None:
    assert ended(story, RunState.COMPLETED, None, told=True).guidance is None
    request, run_id = build_request("woocommerce-to-supabase", asdict(story)), uuid4()
    with tenant_session(story.engine, story.tenant) as session:
        save_request(session, run_id, request, RequestState.ASKED, actor="user:ann")
    assert runs.show_run(story.caller, run_id).guidance is None


def test_a_request_that_prefect_never_took_says_what_to_do(story: Story) -> None:
    run_id = uuid4()
    with tenant_session(story.engine, story.tenant) as session:
        save_request(session, run_id, story.request(), RequestState.ASKED, actor="user:ann")
    in_database(
        story.engine,
        "UPDATE unisync.sync_requests SET state = 'refused',"
        " error = 'the Prefect server at http://127.0.0.1:9/api does not answer (ConnectError)'",
    )
    shown = runs.show_run(story.caller, run_id)
    assert shown.state is Progress.REFUSED
    assert shown.guidance is not None
    assert shown.guidance.title == "The Prefect server does not answer"


def asdict(story: Story) -> dict[str, Any]:
    return {"tenant": story.tenant, "source": SHOP, "target": "warehouse", "mode": "full"}


def test_a_failed_record_says_what_to_do_by_its_code_and_its_target(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = story.caller
    connect(caller, "books", System.QUICKBOOKS)
    closed = Problem(code="6210", message="The books are closed for its date.", fate=Fate.SKIP, key=order(1))
    refused = Problem(code="warehouse.rejected", message="It breaks a rule.", fate=Fate.SKIP, key=order(2))
    with caller.ledger() as session:
        save_problems(session, uuid4(), "books", [closed])
        save_problems(session, uuid4(), "warehouse", [refused])
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", "https://sync.example.org")
    settings.cache_clear()

    found = {each.target_connection: each for each in failures.search_failures(caller, FailureFilter()).items}

    assert found["books"].guidance.title == "The books are closed for this date"
    assert len(found["books"].guidance.steps) > 1
    assert found["books"].guidance.guide.startswith("https://sync.example.org/docs/troubleshooting")
    assert found["books"].guidance.guide.endswith("#quickbooks-books-closed")
    assert failures.find_failure(caller, found["books"].id) == found["books"]
    assert found["warehouse"].guidance.guide.endswith("#warehouse-refuses-record")
