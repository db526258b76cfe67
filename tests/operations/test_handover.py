"""From a written request to a flow run: whatever breaks in between, it is run once or not at all."""

from __future__ import annotations

from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import UUID, uuid4

import pytest

from config.requests import build_request
from db.ledger.sync_requests import save_request
from domain.errors import AccessDenied, Misconfigured, Unavailable
from domain.keys import Kind
from domain.refusals import Clash, Unknown, Unusable
from domain.requests import Progress, RequestState
from domain.sync import Mode
from operations import runs, sync
from operations.caller import Caller
from operations.handover import hand_over
from operations.mirror import reconcile
from operations.orchestrator import Orchestrator
from operations.runs import RunFilter
from operations.wanted_runs import DryRunWish, RunWish
from tests.operations.people import admin, make_tenants
from tests.operations.steering import ROUTE, asked_of_prefect, connect, let_time_pass, plan, write

pytestmark = pytest.mark.prefect

AWAY = "http://127.0.0.1:9/api"
WISH = DryRunWish(route="woocommerce-to-supabase", mode="full")  # type: ignore[arg-type]


@pytest.fixture
def caller(boss: Caller) -> Caller:
    connect(boss)
    return boss


def left_behind(caller: Caller) -> UUID:
    """A request that was written down just before the service was killed."""
    request = build_request(ROUTE, {"tenant": "default", "source": "shop", "target": "warehouse", "mode": "full"})
    request_id = uuid4()
    with caller.ledger() as session:
        save_request(session, request_id, request, RequestState.ASKED, actor=caller.actor)
    return request_id


def test_a_request_that_a_crash_left_behind_is_handed_over_once(
    caller: Caller, on_demand: str, ledger_url: str
) -> None:
    request_id = left_behind(caller)
    assert reconcile(caller) == 0, "it may still be on its way"
    let_time_pass(ledger_url, "sync_requests", "asked_at", "2 minutes")

    assert reconcile(caller) == 1
    assert reconcile(caller) == 0
    # As if the crash had come after Prefect had heard of it.
    assert hand_over(caller, request_id).state is Progress.SCHEDULED
    (flow_run,) = asked_of_prefect(on_demand)
    assert flow_run["id"] == runs.show_run(caller, request_id).flow_run_id


def test_what_is_asked_for_as_a_dry_run_is_one(caller: Caller, on_demand: str) -> None:
    wish = RunWish(route="woocommerce-to-supabase", mode=Mode.FULL, dry_run=True)
    asked = sync.start(caller, (Kind.ORDER,), wish)

    (flow_run,) = asked_of_prefect(on_demand)
    assert (asked.run.request.dry_run, asked.run.plan_id, asked.confirmation) == (True, asked.run.id, None)
    assert {name: flow_run["parameters"][name] for name in ("dry_run", "mode", "kinds")} == {
        "dry_run": True,
        "mode": "full",
        "kinds": ["order"],
    }
    with pytest.raises(Unusable, match="leave dry_run out"):
        sync.start(caller, (), RunWish(plan=plan(caller, [write(1)]), dry_run=True))


@pytest.mark.parametrize("url", [AWAY, "http://127.0.0.1:9/nothing/api"])
def test_a_request_is_remembered_as_refused_when_prefect_is_away(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(Unavailable, match="does not answer"):
        sync.start_dry_run(caller, WISH)
    (refused,) = runs.list_runs(caller, RunFilter()).items
    assert refused.state is Progress.REFUSED
    assert "does not answer" in str(refused.error)
    with pytest.raises(Clash, match="it is refused"):
        runs.cancel(caller, refused.id)


def test_without_the_deployments_it_says_how_they_are_made(
    caller: Caller, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    with Orchestrator() as prefect, pytest.raises(Misconfigured, match="/nowhere; make it with: unisync prefect up"):
        prefect.create_run(f"{ROUTE}/nowhere", {}, idempotency_key="x", tags=[])


def test_a_request_is_cancelled_before_anything_runs(caller: Caller, on_demand: str) -> None:
    run = sync.start_dry_run(caller, WISH)

    assert runs.cancel(caller, run.id).state is Progress.CANCELLED

    (flow_run,) = asked_of_prefect(on_demand)
    assert flow_run["state_type"] == "CANCELLED"
    with pytest.raises(Clash, match="ended already"):
        runs.cancel(caller, run.id)


def test_what_is_cancelled_while_it_is_handed_over_is_stopped_at_once(caller: Caller, on_demand: str) -> None:
    request_id = left_behind(caller)
    runs.cancel(caller, request_id)

    hand_over(caller, request_id)

    (flow_run,) = asked_of_prefect(on_demand)
    assert (flow_run["state_type"], runs.show_run(caller, request_id).state) == ("CANCELLED", Progress.CANCELLED)


def test_runs_of_another_tenant_are_unknown(caller: Caller, on_demand: str) -> None:
    run = sync.start_dry_run(caller, WISH)
    make_tenants(caller.engine, "mars")
    stranger = admin(caller.engine, "mars")
    for verb in (runs.show_run, runs.cancel):
        with pytest.raises(Unknown):
            verb(stranger, run.id)
    assert runs.list_runs(stranger, RunFilter()).items == ()


def test_runs_are_listed_by_how_they_stand_newest_first_and_in_pages(caller: Caller, on_demand: str) -> None:
    asked = [sync.start_dry_run(caller, WISH) for _ in range(3)]
    runs.cancel(caller, asked[0].id)

    first = runs.list_runs(caller, RunFilter(limit=2))
    rest = runs.list_runs(caller, RunFilter(limit=2, cursor=first.next_cursor))
    assert [run.id for run in (*first.items, *rest.items)] == [run.id for run in reversed(asked)]
    assert rest.next_cursor is None
    for state, expected in ((Progress.CANCELLED, asked[:1]), (Progress.SCHEDULED, asked[:0:-1]), (Progress.FAILED, [])):
        found = runs.list_runs(caller, RunFilter(state=state, route="woocommerce-to-supabase", dry_run=True)).items
        assert [run.id for run in found] == [run.id for run in expected]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"source": "nowhere"}, "there is no connection nowhere"),
        ({"target": "shop"}, "needs a supabase connection where shop leads to woocommerce"),
        ({"ids": ("1",)}, "ids needs exactly one kind"),
        ({"statuses": ("completed",)}, "statuses cannot select tax_rate records; it can select product, variation, or"),
        ({"kinds": ("invoice",)}, "does not carry invoice"),
        ({"mode": "incremental", "allow_removals": True}, "allow_removals needs mode full"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_before_prefect_is_asked(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, wish: dict[str, object], sentence: str
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", AWAY)
    given = {"route": "woocommerce-to-supabase", "mode": "full", **wish}
    with pytest.raises(Unusable, match=sentence):
        sync.start_dry_run(caller, DryRunWish.model_validate(given))
    assert runs.list_runs(caller, RunFilter()).items == ()


class AsksForPassword(BaseHTTPRequestHandler):
    """A server that lets in only who knows the password."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Basic " + b64encode(b"ann:secret").decode()
        self.send_response(404 if known else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Keep quiet."""


def test_a_server_that_asks_for_a_password_is_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), AsksForPassword) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
        with Orchestrator() as prefect, pytest.raises(AccessDenied, match="PREFECT_API_AUTH_STRING"):
            prefect.find_deployment("a/b")
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ann:secret")
        with Orchestrator() as prefect:
            assert prefect.find_deployment("a/b") is None
        server.shutdown()
