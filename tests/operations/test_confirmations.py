"""Plans that start at once, after one word, or after two; each word counts once, for five minutes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from db.ledger.audit import AuditFilter, list_audit
from domain.access import Permission, Role
from domain.errors import Unavailable
from domain.keys import Kind
from domain.refusals import Clash, ConfirmationNeeded, Forbidden, Unknown, Unusable
from domain.requests import Progress
from domain.writes import Action
from operations import confirmations, runs, sync
from operations.caller import Caller
from operations.plans import change_limits, show_plan
from operations.sandbox import SandboxWish, switch_sandbox
from operations.wanted_runs import RunWish
from tests.operations.steering import asked_of_prefect, connect, let_time_pass, plan, write

pytestmark = pytest.mark.prefect

SMALL = [write(1)]
LARGE = [write(number) for number in range(11)]
FINAL = [write(1, None, Action.REMOVE)]


@pytest.fixture
def caller(boss: Caller) -> Caller:
    connect(boss)
    return boss


def start(caller: Caller, plan_id: object) -> confirmations.Asked:
    return sync.start(caller, (), RunWish.model_validate({"plan": plan_id}))


def test_a_small_plan_starts_at_once_and_just_once(caller: Caller, on_demand: str) -> None:
    plan_id = plan(caller, SMALL)

    asked = start(caller, plan_id)

    (flow_run,) = asked_of_prefect(on_demand)
    assert (asked.confirmation, asked.run.state, asked.run.flow_run_id) == (None, Progress.SCHEDULED, flow_run["id"])
    assert flow_run["tags"] == ["tenant:default"]
    assert (flow_run["parameters"]["plan"], flow_run["parameters"]["request_id"]) == (str(plan_id), str(asked.run.id))
    with pytest.raises(Clash, match="carried out already"):
        start(caller, plan_id)
    assert len(asked_of_prefect(on_demand)) == 1


def test_a_small_plan_can_be_confirmed_so_that_schedules_may_follow(caller: Caller, on_demand: str) -> None:
    plan_id = plan(caller, SMALL)
    shown = show_plan(caller, plan_id)
    assert (shown.confirmations_needed, shown.would_cover) == (0, True)

    asked = sync.start(caller, (), RunWish(plan=plan_id, confirm=True))
    assert asked.confirmation is not None
    assert (asked.confirmation.confirmations_left, asked_of_prefect(on_demand)) == (1, [])
    confirmations.confirm(caller, asked.confirmation.token)

    assert (show_plan(caller, plan_id).confirmed_by, len(asked_of_prefect(on_demand))) == (caller.actor, 1)
    unasked = plan(caller, SMALL)
    start(caller, unasked)
    assert (show_plan(caller, unasked).confirmed_by, show_plan(caller, unasked).confirmed_at) == (None, None)
    with pytest.raises(Unusable, match="make a dry run and come back with its id as plan"):
        sync.start(caller, (Kind.ORDER,), RunWish(route="woocommerce-to-supabase", ids=("1",), confirm=True))


@pytest.mark.parametrize(
    ("writes", "needed"), [(SMALL, 0), (LARGE, 1), ([write(1, "1000.01")], 1), (FINAL, 2)], ids=str
)
def test_how_many_confirmations_a_plan_takes(caller: Caller, writes: list[object], needed: int) -> None:
    assert show_plan(caller, plan(caller, writes)).confirmations_needed == needed  # type: ignore[arg-type]


def test_the_amount_that_needs_no_confirmation_is_the_tenants_to_choose(caller: Caller) -> None:
    plan_id = plan(caller, [write(1, "1500.00")])
    change_limits(caller, show_plan(caller, plan_id).amounts["EUR"])
    assert show_plan(caller, plan_id).confirmations_needed == 0


def test_a_large_plan_starts_with_the_word_that_asking_gave(caller: Caller, on_demand: str) -> None:
    asked = start(caller, plan(caller, LARGE))
    assert asked.confirmation is not None
    assert (asked.run.state, asked_of_prefect(on_demand)) == (Progress.AWAITING_CONFIRMATION, [])
    assert asked.run.confirm_until == asked.confirmation.expires_at

    confirmed = confirmations.confirm(caller, asked.confirmation.token)

    assert (confirmed.run.id, confirmed.run.state) == (asked.run.id, Progress.SCHEDULED)
    with pytest.raises(Clash, match="used already"):
        confirmations.confirm(caller, asked.confirmation.token)
    assert len(asked_of_prefect(on_demand)) == 1


def test_a_word_that_two_use_at_the_same_moment_starts_one_run(caller: Caller, on_demand: str) -> None:
    asked = start(caller, plan(caller, LARGE))
    assert asked.confirmation is not None

    def confirm(token: str) -> bool:
        with suppress(Clash):
            return confirmations.confirm(caller, token).confirmation is None
        return False

    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(confirm, [asked.confirmation.token] * 4))

    assert started.count(True) == 1
    assert len(asked_of_prefect(on_demand)) == 1


def test_what_removes_something_takes_two_words_one_after_the_other(caller: Caller, on_demand: str) -> None:
    first = start(caller, plan(caller, FINAL)).confirmation
    assert first is not None
    second = confirmations.confirm(caller, first.token).confirmation
    assert second is not None
    assert (first.confirmations_left, second.confirmations_left, asked_of_prefect(on_demand)) == (2, 1, [])

    assert confirmations.confirm(caller, second.token).confirmation is None
    assert len(asked_of_prefect(on_demand)) == 1


def test_a_word_is_of_no_use_to_other_tenants_other_roles_or_later(
    caller: Caller, agency: Engine, ledger_url: str
) -> None:
    asked = start(caller, plan(caller, LARGE))
    assert asked.confirmation is not None
    token = asked.confirmation.token
    with pytest.raises(Unknown):
        confirmations.confirm(replace(caller, tenant="berlin"), token)
    with pytest.raises(Forbidden, match="role is admin"):
        confirmations.confirm(replace(caller, role=Role.OPERATOR), token)
    with pytest.raises(Forbidden, match="run_sync"):
        confirmations.confirm(replace(caller, role=Role.BOOKKEEPER), token)
    with caller.ledger() as session:
        assert len(list_audit(session, AuditFilter(outcome="refused"), None, 9)) == 2
    let_time_pass(ledger_url, "confirmations", "expires_at", "5 minutes")
    with pytest.raises(Clash, match="is over"):
        confirmations.confirm(caller, token)
    assert runs.show_run(caller, asked.run.id).state is Progress.EXPIRED


def test_a_plan_is_no_longer_carried_out_after_a_day_or_in_another_mode(caller: Caller, ledger_url: str) -> None:
    plan_id = plan(caller, SMALL)
    connect(caller, "staging")
    switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging"}))
    with pytest.raises(Clash, match="sandbox mode was switched"):
        start(caller, plan_id)
    switch_sandbox(caller, SandboxWish(active=False))
    let_time_pass(ledger_url, "plans", "expires_at", "1 day")
    with pytest.raises(Clash, match="older than a day"):
        start(caller, plan_id)


def test_what_is_said_beside_a_plan_must_be_what_it_was_made_for(caller: Caller) -> None:
    plan_id = plan(caller, SMALL)
    with pytest.raises(Unusable, match="another mode"):
        sync.start(caller, (), RunWish.model_validate({"plan": plan_id, "mode": "incremental"}))
    with pytest.raises(Unusable, match="the plan is one of order"):
        sync.start(caller, ("refund",), RunWish.model_validate({"plan": plan_id}))  # type: ignore[arg-type]


def test_without_a_plan_only_a_few_named_records_start_and_within_limits(caller: Caller, on_demand: str) -> None:
    few = RunWish(route="woocommerce-to-supabase", ids=("1", "2"))
    sync.start(caller, ("order",), few)  # type: ignore[arg-type]

    (flow_run,) = asked_of_prefect(on_demand)
    assert {name: flow_run["parameters"][name] for name in ("ids", "most_records", "most_amount")} == {
        "ids": ["1", "2"],
        "most_records": 10,
        "most_amount": "1000",
    }
    for larger in (few.model_copy(update={"ids": tuple(map(str, range(11)))}), RunWish(route=few.route)):
        with pytest.raises(ConfirmationNeeded, match="POST /api/sync/dry-run"):
            sync.start(caller, ("order",), larger)  # type: ignore[arg-type]


def test_a_bookkeeper_carries_out_plans_of_retries_only(caller: Caller, on_demand: str) -> None:
    bookkeeper = replace(caller, role=Role.BOOKKEEPER)
    wish = RunWish()
    with pytest.raises(Forbidden, match="run_sync"):
        confirmations.start_plan(bookkeeper, plan(caller, SMALL), (), wish, Permission.RESOLVE_FAILURES)
    of_retry = plan(caller, SMALL, Permission.RESOLVE_FAILURES)
    confirmations.start_plan(bookkeeper, of_retry, (), wish, Permission.RESOLVE_FAILURES)
    assert len(asked_of_prefect(on_demand)) == 1


def test_a_plan_can_be_used_again_when_prefect_was_away(
    caller: Caller, on_demand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = plan(caller, SMALL)
    with monkeypatch.context() as away:
        away.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        with pytest.raises(Unavailable, match="start it with: unisync prefect server"):
            start(caller, plan_id)
    assert start(caller, plan_id).run.state is Progress.SCHEDULED


MOVES = st.lists(st.sampled_from(["ask", "confirm", "confirm again", "expire", "cancel"]), max_size=10)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, final=st.booleans())
def test_whatever_is_asked_confirmed_cancelled_or_late_nothing_starts_twice(
    caller: Caller, on_demand: str, ledger_url: str, moves: list[str], final: bool
) -> None:
    before = len(asked_of_prefect(on_demand))
    plan_id = plan(caller, FINAL if final else LARGE)
    words: list[str] = []
    asked: list[object] = []
    starts = 0
    for move in moves:
        try:
            if move == "ask":
                answer = start(caller, plan_id)
                asked.append(answer.run.id)
            elif move.startswith("confirm") and words:
                answer = confirmations.confirm(caller, words[0 if move == "confirm again" else -1])
            elif move == "cancel" and asked:
                runs.cancel(caller, asked[-1])  # type: ignore[arg-type]
                continue
            elif move == "expire":
                let_time_pass(ledger_url, "confirmations", "expires_at", "5 minutes")
                continue
            else:
                continue
        except Clash:
            continue
        words += [answer.confirmation.token] if answer.confirmation else []
        starts += answer.confirmation is None
    assert starts <= 1
    assert len(asked_of_prefect(on_demand)) - before == starts
