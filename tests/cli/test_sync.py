"""unisync sync: a run right now, from the terminal."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import psycopg
import pytest

from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.cli.conftest import Unisync

pytestmark = pytest.mark.prefect

ROUTE = "woocommerce-to-supabase"
BOOKS_ROUTE = "woocommerce-to-quickbooks"


def test_a_shop_is_connected_carried_and_looked_back_upon(unisync: Unisync, prefect_api: str) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
        unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)
        foretold = unisync("sync", ROUTE, "--mode", "full", "--dry-run", "--json", PREFECT_API_URL=prefect_api)
        twin.world.edit("orders", 128, {"customer_note": "\x00"})
        unasked = unisync("sync", ROUTE, "--mode", "full", "--json")
        carried = unisync("sync", ROUTE, "--mode", "full", "--json", "--yes")
        again = unisync("sync", ROUTE, "--kind", "order", "--yes")

    assert foretold.code == 0
    assert json.loads(foretold.out)["tallies"]["order"]["created"] == 321
    assert (unasked.code, unasked.out) == (2, "")
    assert "say --yes in a script" in unasked.err
    assert carried.code == 1
    report = json.loads(carried.out)["tallies"]["order"]
    assert (report["read"], report["created"], report["failed"]) == (321, 320, 1)
    assert again.code == 1
    assert "unisync problems says which and why" in again.err

    problems = json.loads(unisync("problems", "--json").out)
    assert [(each["record"], each["target"], each["code"]) for each in problems] == [
        ("shop:order:128", "warehouse", "warehouse.rejected")
    ]
    runs = json.loads(unisync("runs", "--json").out)
    assert [(run["state"], run["request"]["mode"], run["request"]["dry_run"]) for run in runs] == [
        ("completed", "incremental", False),
        # The first complete run is planned even if nobody is asked, so that it was confirmed.
        ("completed", "full", False),
        ("completed", "full", True),
        ("completed", "full", True),
        ("completed", "full", True),
    ]
    assert "shop to warehouse" in unisync("runs").out


def test_a_shop_is_posted_to_its_books(unisync: Unisync, prefect_api: str, tmp_path: Path) -> None:
    with Twin.start(shop=recorded_shop()) as shop, QuickBooksTwin.start("eu") as books:
        keys = {"UNISYNC_WOOCOMMERCE_KEY": shop.key, "UNISYNC_WOOCOMMERCE_SECRET": shop.secret}
        unisync("connect", "woocommerce", "shop", "--url", shop.url, **keys)
        tokens = {
            "UNISYNC_QUICKBOOKS_CLIENT_SECRET": books.client_secret,
            "UNISYNC_QUICKBOOKS_REFRESH_TOKEN": books.tokens()["refresh_token"],
        }
        company = ("--realm", books.realm, "--client-id", books.client_id, "--twin", books.url)
        unisync("connect", "quickbooks", "books", *company, **tokens)
        policy = tmp_path / "posting.yaml"
        policy.write_text(unisync("posting", "--zone", "Europe/Berlin").out)
        unisync("connect", "posting", "books", "--file", str(policy))
        ended = unisync("sync", BOOKS_ROUTE, "--mode", "full", "--json", "--yes", PREFECT_API_URL=prefect_api)

    report = json.loads(ended.out)
    assert report["request"]["target"] == "books"
    order = report["tallies"]["order"]
    assert (ended.code, order["read"], order["created"], order["failed"]) == (1, 321, 102, 1)
    (problem,) = json.loads(unisync("problems", "--json").out)
    assert (problem["target"], problem["code"]) == ("books", "negative_total")
    skipped = json.loads(unisync("problems", "--skipped", "--json", "--limit", "1000").out)
    assert len(skipped) == order["skipped"] + report["tallies"]["refund"]["skipped"]
    assert {each["target"] for each in skipped} == {"books"}
    assert all(each["code"] and each["reason"] for each in skipped)


def test_a_run_that_fails_says_why_in_one_sentence(unisync: Unisync, prefect_api: str) -> None:
    ended = unisync("sync", ROUTE, PREFECT_API_URL=prefect_api)
    assert ended.code == 2
    assert ended.err.strip().endswith(
        "tenant default has no connection shop: unisync connect --help tells how to make one"
    )
    (run,) = json.loads(unisync("runs", "--json").out)
    assert (run["state"], "no connection shop" in run["error"]) == ("failed", True)
    said = [" ".join(unisync(*words).out.split()) for words in (("runs",), ("status", run["id"]))]
    assert all(step in text for text in said for step in run["guidance"]["steps"])
    assert all(run["guidance"]["cause"] in text and "troubleshooting" in text for text in said)


@pytest.mark.parametrize(("answers", "code", "orders"), [(["y", "n"], 1, 321), (["y", "y"], 0, 281)])
def test_a_person_is_asked_twice_before_much_is_removed(
    unisync: Unisync,
    prefect_api: str,
    warehouse_url: str,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[str],
    code: int,
    orders: int,
) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
        unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)
        full = ("sync", ROUTE, "--mode", "full", "--kind", "order")
        unisync(*full, "--yes", PREFECT_API_URL=prefect_api)
        for number in first_orders(warehouse_url, 40):
            twin.world.delete("orders", number)
        monkeypatch.setattr(sys, "stdin", Terminal("\n".join(answers) + "\n"))
        ended = unisync(*full, "--allow-removals")

    assert "removes 40" in ended.err
    assert (ended.code, len(first_orders(warehouse_url, 1000))) == (code, orders)


class Terminal(StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def first_orders(url: str, most: int) -> list[int]:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        standing = "SELECT source_id::int FROM commerce.orders WHERE deleted_at IS NULL ORDER BY 1 LIMIT %s"
        return [number for (number,) in connection.execute(standing, [most])]


def test_a_plan_is_carried_out_by_its_id_once_somebody_said_yes(
    unisync: Unisync, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = ("schedules", "add", "rates", "--route", ROUTE, "--cron", "0 2 * * *", "--kind", "tax_rate")
    away = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    with Twin.start(shop=recorded_shop()) as twin:
        keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
        unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)
        full = ("sync", ROUTE, "--mode", "full", "--kind", "tax_rate")
        planned = unisync(*full, "--dry-run", "--json", PREFECT_API_URL=prefect_api)
        plan_id = json.loads(planned.out)["request"]["request_id"]
        said = unisync("sync", "--plan", plan_id, "--mode", "full")
        by_plan = ("sync", "--plan", plan_id, "--json")
        unasked = unisync(*by_plan)
        monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
        refused = unisync(*by_plan)
        early = unisync(*schedule, **away)
        carried = unisync(*by_plan, "--yes", PREFECT_API_URL=prefect_api)
        again = unisync(*by_plan, "--yes")
        covered = unisync(*schedule, **away)

    assert f"Carry it out: unisync sync --plan {plan_id}" in " ".join(planned.err.split())
    assert (said.code, "leave --mode out beside --plan" in said.err) == (2, True)
    assert (unasked.code, "say --yes in a script" in unasked.err) == (2, True)
    assert (refused.code, "Schedules and webhooks may carry the same" in refused.err) == (1, True)
    assert (early.code, "nobody has confirmed a run of this" in early.err) == (2, True)
    assert (carried.code, json.loads(carried.out)["tallies"]["tax_rate"]["created"]) == (0, 17)
    assert (again.code, "carried out already" in again.err) == (2, True)
    assert covered.code == 0


def test_without_a_route_and_without_a_plan_it_says_what_to_name(unisync: Unisync) -> None:
    ended = unisync("sync", "--yes")
    assert (ended.code, "name a route, or a plan with --plan" in ended.err) == (2, True)


def test_a_few_records_are_written_without_a_question(unisync: Unisync, prefect_api: str) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
        unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)
        ended = unisync("sync", ROUTE, "--kind", "order", "--id", "128", "--json", PREFECT_API_URL=prefect_api)
        listed = json.loads(unisync("status", "--json").out)
        plan = json.loads(unisync("plan", listed[1]["plan_id"], "--json").out)

    assert "The plan" in ended.err
    assert [(run["state"], run["request"]["dry_run"]) for run in listed] == [("completed", False), ("completed", True)]
    assert listed[0]["plan_id"] == listed[1]["id"] == plan["id"]
    assert [(write["key"]["id"], write["action"]) for write in plan["writes"]] == [("128", "create")]
