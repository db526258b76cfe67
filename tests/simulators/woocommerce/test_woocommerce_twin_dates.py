"""Date filters of a shop in Berlin: exclusive bounds, local time, and the traps around the zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.woocommerce import dates
from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.server import Twin

BERLIN = ZoneInfo("Europe/Berlin")
Find = Callable[..., list[int]]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def edited_at(twin: Twin, kind: str, moments: dict[int, str]) -> None:
    """Edit objects at moments in UTC."""
    for number, moment in moments.items():
        twin.clock.set(utc(moment))
        twin.world.edit(kind, number)


@pytest.fixture
def find(client: httpx.Client) -> Find:
    def found(kind: str = "orders", **query: str) -> list[int]:
        response = client.get(
            f"/wp-json/wc/v3/{kind}", params={"orderby": "id", "order": "asc", "per_page": 100, **query}
        )
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()]

    return found


@pytest.mark.parametrize("kind", ["orders", "products"])
def test_bounds_are_exclusive_at_one_second(twin: Twin, find: Find, kind: str) -> None:
    number = {"orders": 519, "products": 114}[kind]
    edited_at(twin, kind, {number: "2027-07-01T10:00:00"})

    def changed(**query: str) -> bool:
        return number in find(kind, dates_are_gmt="true", **query)

    assert not changed(modified_after="2027-07-01T10:00:00")
    assert changed(modified_after="2027-07-01T09:59:59")
    assert not changed(modified_after="2027-07-01T09:00:00", modified_before="2027-07-01T10:00:00")
    assert changed(modified_after="2027-07-01T09:00:00", modified_before="2027-07-01T10:00:01")


@pytest.mark.parametrize("kind", ["orders", "products"])
@pytest.mark.parametrize(
    ("after", "gmt", "seen"),
    [
        ("2027-07-01T11:59:59", "false", True),  # naive: the shop's local time
        ("2027-07-01T12:00:00", "false", False),
        ("2027-07-01T09:59:59", "true", True),  # naive and GMT: right
        ("2027-07-01T10:00:00", "true", False),
        ("2027-07-01T09:59:59Z", "false", True),  # a zone without dates_are_gmt: right
        ("2027-07-01T10:00:00Z", "false", False),
        ("2027-07-01T11:59:59+02:00", "false", True),
        ("2027-07-01T12:00:00+02:00", "false", False),
        ("2027-07-01T09:59:59Z", "true", False),  # the trap: the window lies two hours too late
        ("2027-07-01T08:00:01Z", "true", False),
        ("2027-07-01T07:59:59Z", "true", True),
    ],
)
def test_how_a_value_is_read(twin: Twin, find: Find, kind: str, after: str, gmt: str, seen: bool) -> None:
    number = {"orders": 519, "products": 114}[kind]
    edited_at(twin, kind, {number: "2027-07-01T10:00:00"})

    assert (number in find(kind, modified_after=after, dates_are_gmt=gmt)) is seen


def test_west_of_greenwich_the_trap_opens_the_window_too_early() -> None:
    with Twin.start(shop=generated_shop(1, zone="America/New_York")) as twin:
        number = next(iter(twin.shop.kinds["orders"]))
        edited_at(twin, "orders", {number: "2027-07-01T10:00:00"})
        answers = [
            httpx.get(
                f"{twin.url}/wp-json/wc/v3/orders",
                params={"modified_after": after, "dates_are_gmt": "true"},
                auth=(twin.key, twin.secret),
            ).json()
            for after in ("2027-07-01T10:00:00", "2027-07-01T13:59:59Z", "2027-07-01T14:00:00Z")
        ]

    assert [len(answer) for answer in answers] == [0, 1, 0]


def test_the_repeated_hour_of_autumn_shows_one_order_locally_and_both_in_gmt(twin: Twin, find: Find) -> None:
    edited_at(twin, "orders", {518: "2026-10-25T00:30:00", 519: "2026-10-25T01:30:00"})

    stamps = {twin.world.edit("orders", number, touch=False)["date_modified"] for number in (518, 519)}
    assert stamps == {"2026-10-25T02:30:00"}
    local = {"modified_after": "2026-10-25T02:29:00", "modified_before": "2026-10-25T02:31:00"}
    gmt = {"modified_after": "2026-10-25T00:29:00", "modified_before": "2026-10-25T01:31:00", "dates_are_gmt": "true"}
    assert find(**local) == [518]
    assert find(**gmt) == [518, 519]


def test_posts_and_legacy_orders_keep_local_time_so_both_passes_match(twin: Twin, find: Find) -> None:
    edited_at(twin, "products", {105: "2026-10-25T00:30:00", 109: "2026-10-25T01:30:00"})
    edited_at(twin, "orders", {518: "2026-10-25T00:30:00", 519: "2026-10-25T01:30:00"})
    twin.switches.storage = "legacy"
    local = {"modified_after": "2026-10-25T02:29:00", "modified_before": "2026-10-25T02:31:00"}

    assert find("products", **local) == [105, 109]
    assert find("orders", **local) == [518, 519]


def test_the_hour_that_spring_skips_moves_a_naive_gmt_value_on_by_an_hour(twin: Twin, find: Find) -> None:
    """WordPress reads the value in the shop's zone before it looks at the column (class-wp-date-query.php)."""
    edited_at(twin, "orders", {518: "2026-03-29T02:45:00", 519: "2026-03-29T03:15:00"})
    before = {"modified_before": "2026-03-29T04:00:00", "dates_are_gmt": "true"}

    assert find(modified_after="2026-03-29T01:59:59", **before) == [518, 519]
    assert find(modified_after="2026-03-29T02:30:00", **before) == []
    assert find(modified_after="2026-03-29T02:10:00", **before) == [519]


def test_creation_dates_are_filtered_alike(twin: Twin, find: Find) -> None:
    twin.clock.set(utc("2027-01-15T12:00:00"))
    number = twin.world.insert("orders", like=519)["id"]

    assert find(after="2027-01-15T12:59:59") == [number]
    assert find(after="2027-01-15T13:00:00") == []
    assert find(after="2027-01-15T11:59:59", before="2027-01-15T12:00:01", dates_are_gmt="1") == [number]


def test_a_refund_has_no_modified_date_but_is_filtered_by_one(twin: Twin, find: Find) -> None:
    refund = twin.world.refund(519, "1.00")

    assert "date_modified" not in refund
    assert find("refunds", modified_after="2026-12-01T11:59:59", dates_are_gmt="true") == [refund["id"]]
    assert find("refunds", modified_after="2026-12-01T12:00:00", dates_are_gmt="true") == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-05-05",
        "yesterday",
        "1777975199",
        "2026-05-05T11:59",
        "2026-05-05T11:59:59 02:00",
        "2026-13-01T00:00:00",
        "2026-05-05T25:00:00",
        "2026-05-05T11:59:59+0200",
    ],
)
@pytest.mark.parametrize("name", ["modified_after", "modified_before", "after", "before"])
def test_what_is_no_date_is_refused(reader: httpx.Client, name: str, value: str) -> None:
    response = reader.get("/orders", params={name: value})

    assert response.status_code == 400
    assert response.json()["data"]["params"] == {name: "Invalid date."}


@pytest.mark.parametrize(
    "value", ["2026-05-05T11:59:59", "2026-05-05 11:59:59", "2026-05-05t11:59:59.5", "2026-05-05T11:59:59+02"]
)
def test_what_is_a_date_is_taken(reader: httpx.Client, value: str) -> None:
    assert reader.get("/orders", params={"modified_after": value}).status_code == 200


def test_a_fraction_beside_a_zone_is_taken_for_local_time_by_order_tables() -> None:
    """wc_string_to_datetime knows a zone only without a fraction (wc-formatting-functions.php)."""
    assert dates.gmt_text("2027-07-01T10:00:00+00:00", BERLIN) == "2027-07-01T10:00:00"
    assert dates.gmt_text("2027-07-01T10:00:00.123456+00:00", BERLIN) == "2027-07-01T08:00:00"
    assert dates.local_text("2027-07-01T10:00:00.123456+00:00", BERLIN) == "2027-07-01T12:00:00"


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 1, 1)))  # noqa: DTZ001
def test_a_local_value_means_the_same_moment_for_order_tables_and_posts(moment: datetime) -> None:
    text = dates.stamp(moment)
    local, gmt = dates.local_text(text, BERLIN), dates.gmt_text(text, BERLIN)

    assert dates.pair(utc(gmt), BERLIN) == (local, gmt)
    assert utc(local) - utc(gmt) in (timedelta(hours=1), timedelta(hours=2))
    assert dates.local_text(f"{gmt}Z", BERLIN) == local
