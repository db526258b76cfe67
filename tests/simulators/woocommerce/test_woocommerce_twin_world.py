"""What a shop owner does, and what becomes of stamps, statuses and neighbours."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.woocommerce import php
from simulators.woocommerce.clock import Clock
from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.recorded import recorded_shop, slices
from simulators.woocommerce.refunding import remaining
from simulators.woocommerce.server import Twin
from simulators.woocommerce.site import Site
from simulators.woocommerce.switches import Switches

NOW = ("2026-12-01T13:00:00", "2026-12-01T12:00:00")


def shown(twin: Twin, kind: str, number: int) -> dict[str, Any]:
    entry = twin.shop.find(kind, number)
    assert entry is not None
    body: dict[str, Any] = php.decode(entry.body)
    return body


def stamps(twin: Twin, kind: str, number: int) -> tuple[str, str]:
    body = shown(twin, kind, number)
    return body["date_modified"], body["date_modified_gmt"]


def test_an_edit_changes_what_it_names_and_leaves_every_other_byte(twin: Twin) -> None:
    before = php.split(slices("orders-p1")[1])

    twin.world.edit("orders", 124, {"billing": {"city": "Köln/Bonn"}, "customer_note": "später"})

    entry = twin.shop.find("orders", 124)
    assert entry is not None
    after = php.split(entry.body)
    changed = {name for name in after if bytes(after[name]) != bytes(before[name])}
    assert changed == {"billing", "customer_note", "date_modified", "date_modified_gmt"}
    assert b'"city":"K\\u00f6ln\\/Bonn"' in bytes(after["billing"])
    assert list(after) == list(before)


@pytest.mark.parametrize(
    ("kind", "number"), [("orders", 124), ("products", 114), ("variations", 113), ("customers", 3)]
)
def test_even_an_empty_edit_moves_date_modified(twin: Twin, kind: str, number: int) -> None:
    twin.world.edit(kind, number)

    assert stamps(twin, kind, number) == NOW


def test_legacy_storage_moves_only_for_a_status_or_a_note(twin: Twin) -> None:
    twin.switches.storage = "legacy"
    before = stamps(twin, "orders", 124)

    twin.world.edit("orders", 124, {"total": "1.00", "transaction_id": "x"})
    assert stamps(twin, "orders", 124) == before
    twin.world.edit("orders", 124, {"customer_note": "x"})
    assert stamps(twin, "orders", 124) == NOW


def test_touch_overrules_the_shop(twin: Twin) -> None:
    before = stamps(twin, "orders", 124)

    twin.world.edit("orders", 124, {"total": "1.00"}, touch=False)
    assert (stamps(twin, "orders", 124), shown(twin, "orders", 124)["total"]) == (before, "1.00")


def test_a_variation_moves_its_product(twin: Twin) -> None:
    twin.world.edit("variations", 113, {"regular_price": "30.00"})

    assert stamps(twin, "products", 109) == NOW


def test_a_part_refund_keeps_the_status_and_a_full_one_changes_it(twin: Twin) -> None:
    total = shown(twin, "orders", 519)["total"]

    part = twin.world.refund(519, "1.00", "Kulanz")
    order = shown(twin, "orders", 519)
    assert (order["status"], stamps(twin, "orders", 519)) == ("completed", NOW)
    assert order["refunds"] == [{"id": part["id"], "reason": "Kulanz", "total": "-1.00", "total_tax": "0.00"}]
    assert (part["amount"], part["parent_id"], part["meta_data"][0]["value"]) == ("1.00", 519, "partial")

    rest = twin.world.refund(519)
    order = shown(twin, "orders", 519)
    assert (rest["amount"], order["status"]) == (str(Decimal(total) - 1), "refunded")
    assert [refund["id"] for refund in order["refunds"]] == [rest["id"], part["id"]]


def test_a_refund_has_the_members_of_a_recorded_one_in_their_order(twin: Twin) -> None:
    refund = twin.world.refund(519, "1.00")

    assert list(refund) == list(php.split(slices("refunds")[0]))


def test_a_refunded_line_points_back_and_is_negative(twin: Twin) -> None:
    recorded = php.decode(next(body for body in slices("refunds") if b'"parent_id":436,' in body))["line_items"][0]
    line = shown(twin, "orders", 519)["line_items"][0]
    tax = {"id": line["taxes"][0]["id"], "refund_total": "0.19"}

    lines = [{"id": line["id"], "quantity": 1, "refund_total": "1.00", "refund_tax": [tax]}]
    refund = twin.world.refund(519, "1.19", "", lines)

    item = refund["line_items"][0]
    assert (item["quantity"], item["total"], item["total_tax"], item["taxes"][0]["total"]) == (
        -1,
        "-1.00",
        "-0.19",
        "-0.19",
    )
    assert item["meta_data"][0]["value"] == str(line["id"])
    assert item.keys() == recorded.keys()
    assert shown(twin, "orders", 519)["refunds"][0]["total_tax"] == "-0.19"


def test_a_deleted_refund_moves_nothing_and_the_order_stays_refunded(twin: Twin) -> None:
    refund = twin.world.refund(519)
    twin.clock.advance(hours=1)

    twin.world.delete_refund(refund["id"])

    order = shown(twin, "orders", 519)
    assert (order["status"], order["refunds"], stamps(twin, "orders", 519)) == ("refunded", [], NOW)
    assert twin.shop.find("refunds", refund["id"]) is None


def test_a_gateway_may_refund_without_moving_the_order(twin: Twin) -> None:
    before = stamps(twin, "orders", 519)
    twin.switches.refunds_move_orders = False

    twin.world.refund(519, "1.00")

    assert stamps(twin, "orders", 519) == before


@pytest.mark.parametrize("amount", ["999999.00", "-1.00", "a lot"])
def test_a_refund_that_cannot_be_is_refused(twin: Twin, amount: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid refund amount\."):
        twin.world.refund(519, amount)


def test_the_trash_remembers_the_status(twin: Twin) -> None:
    before = shown(twin, "orders", 124)

    twin.world.trash("orders", 124)
    trashed = shown(twin, "orders", 124)
    assert (trashed["status"], stamps(twin, "orders", 124)) == ("trash", NOW)
    assert [item["key"] for item in trashed["meta_data"]][-2:] == ["_wp_trash_meta_status", "_wp_trash_meta_time"]
    assert [item["value"] for item in trashed["meta_data"]][-2:] == [
        "wc-processing",
        str(int(twin.clock.now().timestamp())),
    ]

    twin.clock.advance(hours=1)
    restored = twin.world.restore("orders", 124)
    assert restored["date_modified_gmt"] == "2026-12-01T13:00:00"
    moved = {"date_modified", "date_modified_gmt"}
    assert {name: restored[name] for name in restored.keys() - moved} == {
        name: before[name] for name in before.keys() - moved
    }


def test_a_recorded_trashed_order_can_be_restored(twin: Twin) -> None:
    assert twin.world.restore("orders", 446)["status"] == "completed"


def test_customers_have_no_trash(twin: Twin) -> None:
    with pytest.raises(ValueError, match="There is no trash for customers"):
        twin.world.trash("customers", 3)


def test_what_is_deleted_for_good_is_gone_with_its_refunds(twin: Twin, client: httpx.Client) -> None:
    twin.world.delete("orders", 124)

    response = client.get("/wp-json/wc/v3/orders/124")
    assert (response.status_code, response.json()["code"]) == (404, "woocommerce_rest_shop_order_invalid_id")
    assert twin.shop.find("refunds", 142) is None
    assert client.get("/wp-json/wc/v3/orders").headers["X-WP-Total"] == "307"


def test_orders_of_a_deleted_customer_become_guest_orders_and_move(twin: Twin) -> None:
    (number, *_) = [entry.facts.id for entry in twin.shop.kinds["orders"].values() if entry.facts.customer_id == 3]

    twin.world.delete("customers", 3)

    order = shown(twin, "orders", number)
    assert (order["customer_id"], stamps(twin, "orders", number)) == (0, NOW)
    assert "customer" not in order["_links"]


def test_lines_of_a_deleted_product_lose_it_and_the_order_does_not_move(twin: Twin) -> None:
    before = stamps(twin, "orders", 123)

    twin.world.delete("products", 45)

    line = shown(twin, "orders", 123)["line_items"][0]
    assert (line["product_id"], line["sku"], line["name"]) == (0, None, "قهوة #34")
    assert stamps(twin, "orders", 123) == before


def test_a_deleted_product_takes_its_variations_along(twin: Twin) -> None:
    twin.world.delete("products", 109)

    assert all(twin.shop.find("variations", number) is None for number in (110, 111, 112, 113))


def test_a_deleted_variation_leaves_its_product(twin: Twin) -> None:
    twin.world.delete("variations", 113)

    assert shown(twin, "products", 109)["variations"] == [110, 111, 112]


def test_a_new_order_shares_nothing_that_must_be_unique(twin: Twin) -> None:
    made = twin.world.insert("orders", {"status": "on-hold"}, like=124)
    source = shown(twin, "orders", 124)

    assert made["id"] == 520
    assert (made["number"], made["status"], made["refunds"], made["total"]) == ("520", "on-hold", [], source["total"])
    assert (made["date_created"], made["date_created_gmt"]) == NOW
    assert made["order_key"] != source["order_key"]
    assert made["_links"]["self"][0]["href"].endswith("/orders/520")
    assert "/order-pay/520/" in made["payment_url"]
    old = {line["id"] for line in source["line_items"]}
    assert old.isdisjoint(line["id"] for line in made["line_items"])
    assert twin.shop.next_id("refunds") == 521


def test_new_products_variations_and_customers_are_unique(twin: Twin) -> None:
    product = twin.world.insert("products", {"name": "Neu"}, like=45)
    variation = twin.world.insert("variations", like=112)
    customer = twin.world.insert("customers", like=3)

    assert (product["sku"], product["name"], product["slug"] == shown(twin, "products", 45)["slug"]) == (
        f"SKU-0034-{product['id']}", "Neu", False,
    )  # fmt: skip
    assert variation["id"] in shown(twin, "products", 109)["variations"]
    assert (customer["id"], customer["email"]) == (43, "customer43@example.test")


def test_an_unknown_object_is_named(twin: Twin) -> None:
    with pytest.raises(KeyError, match="The shop has no orders with the id 1"):
        twin.world.edit("orders", 1)


def test_a_poisoned_order_is_served_as_it_is(twin: Twin, client: httpx.Client) -> None:
    fields = {"total": None, "status": 7, "currency": "\x00", "date_modified_gmt": "never"}
    twin.world.edit("orders", 519, fields, touch=False)

    order = client.get("/wp-json/wc/v3/orders/519").json()
    assert {name: order[name] for name in fields} == fields
    assert client.get("/wp-json/wc/v3/orders").headers["X-WP-Total"] == "308"
    assert client.get("/_control/checksum").status_code == 200


def test_an_empty_shop_has_nothing_to_copy() -> None:
    site = Site(generated_shop(0), Switches())

    with pytest.raises(KeyError, match="The shop has no orders"):
        site.world.insert("orders")
    assert site.world.insert("products", {"name": "x"})["name"] == "x"


def test_new_stamps_are_newer_than_every_recorded_one() -> None:
    clock = Clock()
    future = clock.now().replace(year=clock.now().year + 5)
    clock.start_after(future)

    assert clock.now() >= future.replace(microsecond=0)
    shop = recorded_shop()
    newest = shop.newest()
    assert newest is not None
    assert Site(shop, Switches()).clock.now() >= newest


@given(parts=st.lists(st.decimals(min_value=0, max_value=3, places=2), max_size=4))
def test_refunds_never_add_up_to_more_than_the_order(parts: list[Decimal]) -> None:
    site = SITES.setdefault("one", Site(recorded_shop(), Switches()))
    number = int(site.world.insert("orders", like=519)["id"])
    entry = site.shop.find("orders", number)
    assert entry is not None
    total = Decimal(entry.facts.total)
    for part in parts:
        left = remaining(entry)
        if part <= left:
            site.world.refund(number, str(part))
        else:
            with pytest.raises(ValueError, match="Invalid refund amount"):
                site.world.refund(number, str(part))
        entry = site.shop.find("orders", number)
        assert entry is not None
    refunded = sum((Decimal(refund.facts.amount) for refund in site.shop.children("refunds", number)), Decimal())
    assert refunded + remaining(entry) == total
    assert (entry.facts.status == "refunded") == (refunded == total)


SITES: dict[str, Site] = {}
