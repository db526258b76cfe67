"""The story that notices are for, as Prefect's own server and worker play it: a shop breaks and recovers."""

from __future__ import annotations

import pytest

from db.models.notifications import IncidentState
from flows.notices import deliver_notifications
from flows.woocommerce_to_supabase import woocommerce_to_supabase
from operations.incidents import IncidentFilter, search_incidents
from simulators.woocommerce.server import Twin
from tests.flows.conftest import wait_until
from tests.flows.story import deployed, ends, working
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.telling import Story, mailed, told, trusted_mail

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

TOLD = [("connection_failed", "opened"), ("consecutive_failures", "escalated"), ("recovered", "resolved")]


def test_a_schedule_that_fails_three_times_is_told_once_then_as_critical_and_once_when_the_shop_is_back(
    shop: Twin,
    prefect_api: str,
    story: Story,
    receiver: HttpReceiver,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story.subscribe(receiver)
    with (
        trusted_mail(tmp_path_factory.mktemp("authority"), monkeypatch) as mail,
        deployed(prefect_api, woocommerce_to_supabase, every=4, mode="full", kinds=["tax_rate"]) as sync,
        deployed(prefect_api, deliver_notifications, every=10),
        working(),
    ):
        mailed(story, mail, "ann@example.org")
        # As if somebody had switched off the plugin WooCommerce.
        shop.faults.add(status=404, count=0)
        wait_until(lambda: told(receiver) == TOLD[:2] and len(mail.inbox.mails) == 2, seconds=120)
        shop.faults.clear()
        wait_until(lambda: told(receiver) == TOLD and len(mail.inbox.mails) == 3, seconds=120)
        ended = ends(prefect_api, sync)
        subjects = [message["Subject"] for _, message in mail.inbox.mails]

    failures = ended.count("FAILED")
    assert failures >= 3
    assert ended == ["FAILED"] * failures + ["COMPLETED"] * (len(ended) - failures)
    what = "shop cannot be used"
    assert subjects == [f"[default] {what}", f"[default] Still failing: {what}", f"[default] Resolved: {what}"]
    (incident,) = search_incidents(story.caller, IncidentFilter()).items
    assert (incident.state, incident.count) == (IncidentState.RESOLVED, failures)
    history = [entry for entry in story.history() if entry.channel == "webhook"]
    assert [(entry.event_type, entry.stage) for entry in history if entry.delivered] == TOLD
    assert {entry.why for entry in history if not entry.delivered} == {
        "told already; it is told again every 4 hours while it lasts"
    }
    assert {entry.incident_id for entry in history} == {incident.id}
