"""The webhooks that a shop keeps for us: made, mended, given another secret, taken away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from config.settings import settings
from connectors.woocommerce.deliveries import TOPICS
from db.ledger.webhooks import load_webhooks
from domain.errors import AccessDenied, Misconfigured, Unavailable
from domain.refusals import Clash, Unknown
from operations.caller import Caller
from operations.credentials import disconnect
from operations.registration import check, register, require_reachable, rotate, unregister
from operations.webhook_secrets import valid_secrets
from operations.webhooks import show_webhooks
from simulators.woocommerce.auth import READ_KEY, READ_SECRET
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.operations.arriving import inbox, tell
from tests.operations.people import audited
from tests.operations.places import SHOP, connect_books, connect_shop, connect_warehouse


@pytest.fixture
def connected(boss: Caller, shop: Twin) -> Twin:
    """The shop, connected; it sends nothing by itself."""
    connect_shop(boss, shop)
    shop.switches.webhooks_live = False
    return shop


@pytest.fixture
def owner(connected: Twin) -> Iterator[httpx.Client]:
    """Somebody who looks after the shop."""
    base, key = f"{connected.url}/wp-json/wc/v3/", (connected.key, connected.secret)
    with httpx.Client(base_url=base, auth=key, transport=httpx.HTTPTransport(verify=False)) as client:
        yield client


def kept(owner: httpx.Client) -> list[dict[str, str]]:
    """The webhooks of the shop."""
    rows: list[dict[str, str]] = owner.get("webhooks", params={"per_page": 100}).json()
    return rows


def one_of(owner: httpx.Client, topic: str) -> dict[str, str]:
    return next(row for row in kept(owner) if row["topic"] == topic)


def secrets_of(caller: Caller) -> tuple[str, ...]:
    with caller.ledger() as session:
        stored = load_webhooks(session, SHOP)
    return () if stored is None else valid_secrets(caller.tenant, stored)


def signed_with(shop: Twin) -> set[str]:
    """The secrets that the shop's webhooks have."""
    return {hook.secret for hook in shop.site.webhooks._hooks.values()}


def test_the_shop_is_asked_to_tell_of_everything_that_is_synced(
    boss: Caller, connected: Twin, owner: httpx.Client
) -> None:
    found = register(boss, SHOP)

    assert sorted(row["topic"] for row in kept(owner)) == sorted(TOPICS)
    assert {(row["delivery_url"], row["status"]) for row in kept(owner)} == {(found.address, "active")}
    assert (found.state, found.problem, found.repairs) == ("active", "", 0)
    assert signed_with(connected) == set(secrets_of(boss))
    assert ("user:boss@example.org", "webhooks.register", SHOP, "done") in audited(boss.engine)


def test_registering_twice_makes_nothing_twice(boss: Caller, owner: httpx.Client) -> None:
    register(boss, SHOP)
    before = kept(owner)

    assert register(boss, SHOP).repairs == 0
    assert kept(owner) == before


@pytest.mark.parametrize("harm", ["disabled", "led astray", "removed", "doubled"])
def test_what_the_shop_broke_is_mended_and_said(boss: Caller, connected: Twin, owner: httpx.Client, harm: str) -> None:
    register(boss, SHOP)
    before = kept(owner)
    hook = one_of(owner, "order.updated")
    if harm == "disabled":
        connected.site.webhooks.find(int(hook["id"])).status = "disabled"  # type: ignore[union-attr]
        connected.site.webhooks.save(connected.site.webhooks.find(int(hook["id"])))  # type: ignore[arg-type]
    elif harm == "led astray":
        former = hook["delivery_url"].replace("http://127.0.0.1:4280", "https://former.example")
        owner.put(f"webhooks/{hook['id']}", json={"delivery_url": former})
    elif harm == "removed":
        owner.delete(f"webhooks/{hook['id']}", params={"force": "true"})
    else:
        owner.post("webhooks", json={"topic": hook["topic"], "delivery_url": hook["delivery_url"], "secret": "x"})

    found = check(boss, SHOP)

    shown = ("topic", "status", "delivery_url")
    assert sorted(tuple(row[name] for name in shown) for row in kept(owner)) == sorted(
        tuple(row[name] for name in shown) for row in before
    )
    assert (found.state, found.repairs) == ("active", 1)
    assert found.repaired_at is not None
    assert signed_with(connected) == set(secrets_of(boss))
    assert ("user:boss@example.org", "webhooks.repair", SHOP, "done") in audited(boss.engine)
    assert check(boss, SHOP).repairs == 1


def test_what_somebody_paused_stays_paused_until_it_is_registered_again(boss: Caller, owner: httpx.Client) -> None:
    register(boss, SHOP)
    owner.put(f"webhooks/{one_of(owner, 'order.updated')['id']}", json={"status": "paused"})

    found = check(boss, SHOP)
    assert (found.state, found.repairs) == ("ill", 0)
    assert "order.updated was paused" in found.problem
    assert one_of(owner, "order.updated")["status"] == "paused"

    assert register(boss, SHOP).state == "active"
    assert one_of(owner, "order.updated")["status"] == "active"


def test_webhooks_of_others_are_left_alone(boss: Caller, owner: httpx.Client) -> None:
    owner.post("webhooks", json={"topic": "order.created", "delivery_url": "https://other.example/hook"})
    register(boss, SHOP)
    unregister(boss, SHOP)

    assert [row["delivery_url"] for row in kept(owner)] == ["https://other.example/hook"]
    assert show_webhooks(boss, SHOP).state == "missing"


def test_another_secret_takes_the_place_of_the_first_which_counts_for_two_days_more(
    boss: Caller, connected: Twin
) -> None:
    register(boss, SHOP)
    (first,) = secrets_of(boss)

    found = rotate(boss, SHOP)

    second, former = secrets_of(boss)
    assert former == first != second
    assert signed_with(connected) == {second}
    assert found.former_secret_until is not None
    left = found.former_secret_until - datetime.now(UTC)
    assert timedelta(hours=47) < left <= timedelta(hours=48)


def test_a_rotation_that_broke_off_is_finished_by_the_next_look_and_loses_no_secret(
    boss: Caller, connected: Twin
) -> None:
    register(boss, SHOP)
    (first,) = secrets_of(boss)
    connected.faults.add(path="webhooks/", method="PUT", nth=3, count=100, status=400, body='{"code": "no_luck"}')

    with pytest.raises(Exception, match="no_luck"):
        rotate(boss, SHOP)
    second = next(iter(signed_with(connected) - {first}))
    assert signed_with(connected) == {first, second}
    assert secrets_of(boss) == (second, first)
    assert show_webhooks(boss, SHOP).former_secret_until is None

    connected.faults.clear()
    check(boss, SHOP)
    assert signed_with(connected) == {second}
    assert secrets_of(boss) == (second, first)


def test_a_key_that_may_only_read_is_told_what_it_lacks(boss: Caller, connected: Twin) -> None:
    connect_shop(boss, connected, consumer_key=READ_KEY, consumer_secret=READ_SECRET)

    with pytest.raises(AccessDenied, match="Read/Write"):
        register(boss, SHOP)
    found = show_webhooks(boss, SHOP)
    assert (found.state, "Read/Write" in found.problem) == ("ill", True)


def test_a_shop_that_is_away_is_noted_and_comes_back(boss: Caller, connected: Twin, owner: httpx.Client) -> None:
    register(boss, SHOP)
    connected.faults.add(path="webhooks", count=1, status=404, body="<title>gone</title>")
    with pytest.raises((Misconfigured, Unavailable)):
        check(boss, SHOP)
    assert show_webhooks(boss, SHOP).state == "ill"

    assert check(boss, SHOP).state == "active"


def test_a_shop_elsewhere_must_be_able_to_reach_us() -> None:
    require_reachable("http://127.0.0.1:4280/api/webhooks/woocommerce/x", "http://127.0.0.1:8088")
    require_reachable("https://sync.example/api/webhooks/woocommerce/x", "https://shop.example")
    with pytest.raises(Misconfigured, match="UNISYNC_PUBLIC_URL"):
        require_reachable("http://127.0.0.1:4280/api/webhooks/woocommerce/x", "https://shop.example")
    with pytest.raises(Misconfigured, match="80, 443 and 8080"):
        require_reachable("https://sync.example:4280/api/webhooks/woocommerce/x", "https://shop.example")


def test_under_a_new_public_url_the_webhooks_follow(
    boss: Caller, owner: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(boss, SHOP)
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", "https://sync.example.org")
    settings.cache_clear()

    check(boss, SHOP)

    assert {row["delivery_url"].partition("/api/")[0] for row in kept(owner)} == {"https://sync.example.org"}
    assert len(kept(owner)) == len(TOPICS)


def tell_us(boss: Caller) -> None:
    """Let the registered shop tell of an order."""
    address = UUID(show_webhooks(boss, SHOP).address.rpartition("/")[2])
    assert tell(boss.engine, address, "order.updated", {"id": 7}, secret=secrets_of(boss)[0]).stored == 1


@pytest.mark.parametrize("is_there", [True, False], ids=["shop lets us", "shop is gone"])
def test_what_waits_of_a_connection_that_is_removed_is_carried_nowhere(
    boss: Caller, connected: Twin, is_there: bool
) -> None:
    register(boss, SHOP)
    tell_us(boss)
    if not is_there:
        connected.faults.add(path="webhooks", count=9, status=404, body="<title>gone</title>")

    disconnect(boss, SHOP)

    assert [state for *_, state, _ in inbox(boss.engine)] == ["ignored"]
    with boss.ledger() as session:
        assert load_webhooks(session, SHOP) is None


def test_what_waits_of_a_connection_that_leads_to_another_shop_now_is_carried_nowhere(
    boss: Caller, connected: Twin
) -> None:
    register(boss, SHOP)
    tell_us(boss)
    with Twin.start(shop=recorded_shop()) as other:
        connect_shop(boss, other)

    assert [state for *_, state, _ in inbox(boss.engine)] == ["ignored"]
    assert show_webhooks(boss, SHOP).state == "missing"


def test_only_shops_are_registered(boss: Caller, company: object, warehouse_url: str) -> None:
    connect_books(boss, company)  # type: ignore[arg-type]
    connect_warehouse(boss, warehouse_url)
    with pytest.raises(Clash, match=r"developer\.intuit\.com"):
        register(boss, "books")
    with pytest.raises(Clash):
        register(boss, "lake")
    with pytest.raises(Unknown):
        register(boss, "nothing")
    assert check(boss, "books").state == "missing"
