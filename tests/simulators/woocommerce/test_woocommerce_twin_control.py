"""The control API, the clock and the request log."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from simulators.woocommerce.server import Twin

ROOT = "/wp-json/wc/v3"
# Loading certificates takes longer than a test, and plain http never looks at them.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def control(twin: Twin) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{twin.url}/_control", verify=NO_CERTIFICATES) as connected:
        yield connected


def test_the_world_is_changed_from_outside(control: httpx.Client, client: httpx.Client) -> None:
    edit = {"action": "edit", "kind": "orders", "id": 519, "fields": {"customer_note": "x"}}
    actions = [
        edit,
        {"action": "refund", "id": 519, "amount": "1.00"},
        {"action": "trash", "kind": "orders", "id": 518},
    ]

    answer = control.post("/world", json={"actions": actions})

    assert answer.status_code == 200
    assert answer.json()["done"][0]["customer_note"] == "x"
    order = client.get(f"{ROOT}/orders/519").json()
    assert (order["customer_note"], order["refunds"][0]["total"]) == ("x", "-1.00")
    assert client.get(f"{ROOT}/orders/518").json()["status"] == "trash"


def test_every_action_can_be_asked_for(control: httpx.Client) -> None:
    made = control.post("/world", json={"action": "insert", "kind": "orders", "like": 519}).json()["done"][0]["id"]
    refund = control.post("/world", json={"action": "refund", "id": made}).json()["done"][0]["id"]
    actions: list[dict[str, Any]] = [
        {"action": "delete_refund", "id": refund},
        {"action": "trash", "kind": "orders", "id": made},
        {"action": "restore", "kind": "orders", "id": made},
        {"action": "delete", "kind": "orders", "id": made},
        {"action": "advance", "minutes": 5},
    ]

    answer = control.post("/world", json={"actions": actions})

    assert answer.json()["done"][-1] == "2026-12-01T12:05:00+00:00"
    assert control.get("/checksum").json()["orders"]["count"] == 321


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({}, "None is no action. Known: edit, insert, "),
        ({"action": "edit", "kind": "orders"}, "The action 'edit' also needs id."),
        ({"action": "edit", "kind": "orders", "id": 1}, "The shop has no orders with the id 1."),
        ({"action": "edit", "kind": "dragons", "id": 1}, "There is no kind 'dragons'. Known: orders, "),
        ({"action": "advance", "parsecs": 5}, "'parsecs' is an invalid keyword argument"),
    ],
)
def test_a_mistake_is_named(control: httpx.Client, action: dict[str, Any], sentence: str) -> None:
    answer = control.post("/world", json=action)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


def test_faults_and_hooks_come_from_outside(control: httpx.Client, client: httpx.Client) -> None:
    control.post("/faults", json={"path": "/orders", "recording": "store-fatal-error"})
    control.post("/hooks", json={"path": "/products", "perform": [{"action": "trash", "kind": "orders", "id": 519}]})

    assert client.get(f"{ROOT}/orders").status_code == 500
    assert client.get(f"{ROOT}/products").status_code == 200
    assert client.get(f"{ROOT}/orders/519").json()["status"] == "trash"
    control.post("/faults", json={"status": 500, "count": 0})
    assert control.delete("/faults").json() == {"pending": 0}
    assert client.get(f"{ROOT}/orders").status_code == 200


def test_the_clock_stands_moves_and_runs(control: httpx.Client, client: httpx.Client) -> None:
    control.post("/clock", json={"now": "2026-03-29T00:59:59+00:00"})
    assert client.put(f"{ROOT}/orders/519", json={}).json()["date_modified"] == "2026-03-29T01:59:59"
    assert client.get(f"{ROOT}/orders").headers["Date"] == "Sun, 29 Mar 2026 00:59:59 GMT"

    control.post("/clock", json={"advance": {"seconds": 1}})
    order = client.put(f"{ROOT}/orders/519", json={}).json()
    assert (order["date_modified"], order["date_modified_gmt"]) == ("2026-03-29T03:00:00", "2026-03-29T01:00:00")

    released = datetime.fromisoformat(control.post("/clock", json={"release": True}).json()["now"])
    assert released >= datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert control.post("/clock", json={"now": "2026-03-29T00:59:59"}).status_code == 400


def test_switches_are_read_and_changed(control: httpx.Client, client: httpx.Client) -> None:
    assert control.get("/switches").json()["storage"] == "hpos"
    control.put("/switches", json={"version": "9.4.2"})

    assert client.get(f"{ROOT}/refunds").status_code == 200
    assert client.get(f"{ROOT}/variations").status_code == 404
    assert control.put("/switches", json={"storage": "paper"}).status_code == 400
    assert control.put("/switches", json={"colour": "red"}).status_code == 400


def test_latency_is_read_and_changed(control: httpx.Client, twin: Twin) -> None:
    control.put("/latency", json={"seconds": 0.01})

    assert (control.get("/latency").json(), twin.site.latency) == ({"seconds": 0.01}, 0.01)


def test_the_log_tells_what_was_asked_and_hides_every_secret(
    control: httpx.Client, client: httpx.Client, twin: Twin
) -> None:
    client.get(f"{ROOT}/orders?page=2")
    client.get(f"{ROOT}/nonsense")
    httpx.get(f"{twin.url}{ROOT}/taxes?consumer_key={twin.key}&consumer_secret={twin.secret}&page=1")

    answer = control.get("/log")
    kept = [(row["method"], row["path"], row["query"], row["status"], row["kind"]) for row in answer.json()["requests"]]
    assert kept == [
        ("GET", f"{ROOT}/orders", "page=2", 200, "orders"),
        ("GET", f"{ROOT}/nonsense", "", 404, ""),
        ("GET", f"{ROOT}/taxes", "consumer_key=***&consumer_secret=***&page=1", 200, "taxes"),
    ]
    assert twin.secret not in answer.text
    assert twin.key not in answer.text
    assert len(twin.log.lines(kind="orders", method="GET")) == 1
    control.delete("/log")
    assert twin.log.lines() == []


def test_an_unknown_path_says_where_help_is(control: httpx.Client) -> None:
    answer = control.get("/wrold")

    assert answer.status_code == 404
    assert answer.json()["error"] == "There is no GET /_control/wrold; GET /_control/ lists what there is."
    assert all(control.get("/").json().values())
