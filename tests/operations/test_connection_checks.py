"""What people hear of connections that nobody uses at the moment: checks, reconnecting, removing, webhooks."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from config.settings import settings
from domain.errors import AccessDenied, Misconfigured
from domain.keys import System
from operations.connecting import Candidate, connect
from operations.connection_checks import Checked, check_connections
from operations.credentials import disconnect
from operations.health import try_connection
from operations.integrations import disable, enable
from operations.outbox import flush_outbox
from operations.registration import check as look_at_webhooks
from operations.registration import register
from operations.upkeep import check_webhooks
from simulators.woocommerce.server import Twin
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import in_database, make_tenants
from tests.operations.telling import Story, posted, told

SHOP = "shop"
REFUSED, OPENED = ("reconnect_needed", "opened"), ("connection_failed", "opened")
RESOLVED = ("recovered", "resolved")


@pytest.fixture
def story(installation: None, ledger_engine: Engine, shop: Twin, receiver: HttpReceiver) -> Story:
    """Somebody who wants to know everything of a shop that works."""
    told_of = Story(ledger_engine)
    told_of.subscribe(receiver)
    connect_shop(told_of, shop)
    return told_of


def connect_shop(story: Story, shop: Twin, **other: str) -> None:
    credentials = {"consumer_key": shop.key, "consumer_secret": shop.secret, **other}
    connect(story.caller, Candidate(SHOP, System.WOOCOMMERCE, {"url": shop.url}, credentials))


def check(story: Story) -> list[Checked]:
    """An hour's check of everything, and the outbox emptied."""
    found = check_connections(story.engine)
    flush_outbox(story.engine)
    return found


def test_a_shop_that_is_away_is_told_once_however_often_it_is_checked_and_once_when_it_is_back(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    assert check(story) == [Checked(tenant="default", connection=SHOP)]
    shop.faults.add(status=404, count=0)
    (found, _) = (*check(story), *check(story))
    assert "there is no WooCommerce REST API" in found.amiss
    assert told(receiver) == [OPENED]

    shop.faults.clear()
    check(story)
    check(story)
    assert told(receiver) == [OPENED, RESOLVED]


def test_refused_keys_are_told_until_a_person_connects_the_shop_anew(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    shop.faults.add(status=401, body=b'{"code": "woocommerce_rest_authentication_error"}', count=0)
    check(story)
    with pytest.raises(AccessDenied):
        connect_shop(story, shop, consumer_secret="cs_" + "0" * 40)
    flush_outbox(story.engine)
    assert told(receiver) == [REFUSED]

    shop.faults.clear()
    connect_shop(story, shop)
    flush_outbox(story.engine)
    assert told(receiver) == [REFUSED, RESOLVED]


def test_what_runs_keep_meeting_is_over_when_the_shop_is_connected_anew_and_not_when_it_passes_a_check(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    for _ in range(2):
        story.runs(error=AccessDenied("the key may only read", connection=SHOP, status=403))
    check(story)
    assert try_connection(story.caller, SHOP).works
    flush_outbox(story.engine)
    assert told(receiver) == [REFUSED]

    connect_shop(story, shop)
    flush_outbox(story.engine)
    assert told(receiver) == [REFUSED, RESOLVED]


@pytest.mark.parametrize("mend", [try_connection, enable], ids=["tested", "switched on again"])
def test_it_is_over_as_soon_as_somebody_sees_that_it_works(
    story: Story, shop: Twin, receiver: HttpReceiver, mend: object
) -> None:
    shop.faults.add(status=404)
    check(story)
    assert callable(mend)
    mend(story.caller, SHOP)
    flush_outbox(story.engine)

    assert told(receiver) == [OPENED, RESOLVED]


def test_a_test_that_fails_is_told_to_nobody_but_who_made_it(story: Story, shop: Twin, receiver: HttpReceiver) -> None:
    shop.faults.add(status=404)

    assert try_connection(story.caller, SHOP).works is False
    assert flush_outbox(story.engine).judged == 0


def test_nothing_is_wrong_any_more_with_a_connection_that_is_removed(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    shop.faults.add(status=404)
    check(story)
    disconnect(story.caller, SHOP)

    assert check(story) == []
    assert told(receiver) == [OPENED, RESOLVED]


def test_a_connection_that_is_switched_off_is_not_asked(story: Story, shop: Twin) -> None:
    disable(story.caller, SHOP)
    shop.log.reset()

    assert check(story) == []
    assert shop.log.lines() == []


def test_a_busy_shop_works(story: Story, shop: Twin, receiver: HttpReceiver) -> None:
    shop.faults.add(status=429, headers={"Retry-After": "900"}, count=2)
    check(story)
    assert told(receiver) == [("rate_limited", "opened")]

    check(story)
    assert told(receiver) == [("rate_limited", "opened"), RESOLVED]


def test_every_tenant_hears_of_its_own_connections(story: Story, shop: Twin, receiver: HttpReceiver) -> None:
    make_tenants(story.engine, "berlin")
    berlin = Story(story.engine, "berlin")
    berlin.subscribe(receiver)
    connect_shop(berlin, shop)
    shop.faults.add(status=404, count=0)

    assert [each.tenant for each in check(story)] == ["berlin", "default"]
    assert told(receiver) == [OPENED, OPENED]


def test_without_the_key_of_the_installation_no_connection_is_blamed(
    story: Story, monkeypatch: pytest.MonkeyPatch, receiver: HttpReceiver
) -> None:
    monkeypatch.delenv("UNISYNC_SECRET_KEY")
    settings.cache_clear()

    with pytest.raises(Misconfigured, match="UNISYNC_SECRET_KEY"):
        check_connections(story.engine)
    assert in_database(story.engine, "SELECT 1 FROM unisync.events") == []


def test_what_is_removed_while_it_is_checked_is_no_news(story: Story, shop: Twin) -> None:
    def remove() -> None:
        in_database(story.engine, "DELETE FROM unisync.connections")

    shop.faults.add(status=404)
    shop.faults.after(perform=remove)

    assert [each.connection for each in check(story)] == [SHOP]
    assert story.history() == []


def test_webhooks_that_the_shop_switched_off_are_told_until_a_check_finds_them_as_they_should_be(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    shop.switches.webhooks_live = False
    register(story.caller, SHOP)
    one = next(iter(shop.site.webhooks._hooks.values()))
    for status in ("paused", "disabled", "active"):
        one.status = status
        shop.site.webhooks.save(one)
        check_webhooks(story.engine)
        flush_outbox(story.engine)

    assert told(receiver) == [("webhook_disabled", "opened"), RESOLVED]
    assert "order.created was paused in the shop" in posted(receiver)[0]["text"]


def test_a_repair_is_told_with_the_row_that_notes_it_and_is_over_when_somebody_sets_webhooks_going(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    shop.switches.webhooks_live = False
    register(story.caller, SHOP)
    one = next(iter(shop.site.webhooks._hooks.values()))
    one.status = "disabled"
    shop.site.webhooks.save(one)
    look_at_webhooks(story.caller, SHOP)
    together = "SELECT noted.xmin = told.xmin FROM unisync.webhooks AS noted, unisync.events AS told"
    assert in_database(story.engine, together) == [(True,)]
    flush_outbox(story.engine)
    register(story.caller, SHOP)
    flush_outbox(story.engine)

    assert told(receiver) == [("webhook_disabled", "opened"), RESOLVED]
