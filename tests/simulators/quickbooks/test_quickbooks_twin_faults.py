"""Throttles by the clock, and what else goes wrong."""

import time
from collections.abc import Callable

import httpx
import pytest

from simulators.faults import Cut
from tests.simulators.quickbooks.books import Books, codes, sale
from tests.simulators.quickbooks.conftest import OpenBooks

RECEIPT = {"Line": [sale("10")]}
BATCH = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Item"}]}


def test_ten_requests_a_second_are_the_most(open_books: OpenBooks) -> None:
    books = open_books(throttles=True)

    seen = [books.http.get("/item/1").status_code for _ in range(11)]
    books.twin.clock.advance(seconds=0.9)
    seen.append(books.http.get("/item/1").status_code)
    books.twin.clock.advance(seconds=0.1)
    seen.append(books.http.get("/item/1").status_code)

    assert seen == [200] * 10 + [429, 429, 200]


def test_five_hundred_requests_a_minute_are_the_most(open_books: OpenBooks) -> None:
    books = open_books(throttles=True)
    books.twin.site.switch({"per_second": 1000, "per_minute": 20})

    seen = [books.http.get("/item/1").status_code for _ in range(21)]
    books.twin.clock.advance(seconds=60)

    assert seen == [200] * 20 + [429]
    assert books.http.get("/item/1").status_code == 200


def test_forty_batches_a_minute_are_the_most_and_other_requests_go_on(open_books: OpenBooks) -> None:
    books = open_books(throttles=True)
    seen = []
    for _ in range(41):
        seen.append(books.http.post("/batch", json=BATCH).status_code)
        books.twin.clock.advance(seconds=1)

    assert seen == [200] * 40 + [429]
    assert books.http.get("/item/1").status_code == 200
    books.twin.clock.advance(seconds=20)
    assert books.http.post("/batch", json=BATCH).status_code == 200


def test_the_throttle_answers_as_intuit_does(open_books: OpenBooks) -> None:
    books = open_books(throttles=True)
    books.twin.switches.per_second = 1
    books.http.get("/item/1")

    plain = books.http.get("/item/1")
    books.twin.site.switch({"throttle_xml": True, "retry_after": 30})
    marked = books.http.get("/item/1")

    fault = plain.json()["Fault"]
    assert (plain.status_code, fault["type"], codes(plain)) == (429, "SERVICE", ["3001"])
    assert fault["Error"][0]["Message"] == "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    assert "Retry-After" not in plain.headers
    assert marked.headers["Retry-After"] == "30"
    assert '<Fault type="SERVICE"><Error code="3001">' in marked.text


def test_a_throttled_write_does_nothing(open_books: OpenBooks) -> None:
    books = open_books(throttles=True)
    books.twin.switches.per_second = 1
    books.http.get("/item/1")

    assert books.send("SalesReceipt", RECEIPT).status_code == 429
    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 0


@pytest.mark.parametrize("cut", ["before", "half", "after"])
def test_a_cut_connection_leaves_the_work_done_or_not(books: Books, cut: Cut) -> None:
    books.twin.faults.add(path="/salesreceipt", cut=cut)

    with pytest.raises(httpx.TransportError):
        books.send("SalesReceipt", RECEIPT, requestid="order-1")

    done = books.twin.world.checksum()["SalesReceipt"]["count"]
    line = books.twin.log.lines(method="POST")[-1]
    assert (done, line.cut) == (0 if cut == "before" else 1, cut)
    # The same id afterwards: exactly one document, whatever happened.
    assert books.make("SalesReceipt", RECEIPT, requestid="order-1")["DocNumber"] == "1001"
    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 1


def test_a_batch_whose_answer_was_cut_is_replayed_without_a_second_document(books: Books) -> None:
    items = [{"bId": str(number), "operation": "create", "SalesReceipt": RECEIPT} for number in range(5)]
    books.twin.faults.add(path="/batch", cut="after")
    with pytest.raises(httpx.TransportError):
        books.batch(*items, requestid="batch-1")

    again = books.batch(*items, requestid="batch-1")

    assert sorted(item["SalesReceipt"]["DocNumber"] for item in again.values()) == [
        "1001",
        "1002",
        "1003",
        "1004",
        "1005",
    ]
    assert books.twin.world.checksum()["SalesReceipt"] | {"ids": []} == {
        "count": 5,
        "ids": [],
        "totals": {"USD": "50.00"},
    }


def test_a_gateway_may_time_out_although_the_work_is_done(books: Books) -> None:
    books.twin.faults.add(path="/salesreceipt", recording="gateway-timeout-html", works=True)

    answer = books.send("SalesReceipt", RECEIPT)

    assert (answer.status_code, answer.headers["Content-Type"]) == (504, "text/html")
    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 1


def wait_until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + 5
    while not done():
        assert time.monotonic() < limit, "It never happened."
        time.sleep(0.005)


@pytest.mark.parametrize(("honours", "documents"), [(True, 1), (False, 2)])
def test_work_may_be_done_after_the_client_has_gone(books: Books, honours: bool, documents: int) -> None:
    books.twin.switches.honours_request_ids = honours
    books.twin.faults.add(path="/salesreceipt", stall=0.2)
    with pytest.raises(httpx.ReadTimeout):
        books.http.post("/salesreceipt", json=RECEIPT, params={"requestid": "order-1"}, timeout=0.05)
    before = books.twin.world.checksum()["SalesReceipt"]["count"]

    books.make("SalesReceipt", RECEIPT, requestid="order-1")
    wait_until(lambda: len(books.twin.log.lines(action="create")) == 2)

    assert (before, books.twin.world.checksum()["SalesReceipt"]["count"]) == (0, documents)


def test_an_answer_may_be_late(books: Books) -> None:
    books.twin.faults.add(path="/item/1", delay=0.2)
    started = time.monotonic()

    books.http.get("/item/1")

    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("throttled", 429, '"code":"3001"'),
        ("throttled-xml", 429, "<Error code"),
        ("throttled-403-xml", 403, "statusCode=403"),
        ("system-failure", 500, '"code":"10000"'),
        ("system-failure-xml", 500, '<Fault type="SystemFault">'),
        ("system-failure-in-200", 200, '"code":"10000"'),
        ("company-locked", 400, '"code":"140"'),
        ("maintenance", 503, '"code":"150"'),
        ("maintenance-html", 503, "<html>"),
        ("bad-gateway-html", 502, "<html>"),
        ("authentication-xml", 401, '<Error code="100">'),
    ],
)
def test_a_fault_may_send_a_ready_answer(books: Books, name: str, status: int, words: str) -> None:
    books.twin.faults.add(recording=name, headers={"Retry-After": "1"})

    answer = books.http.get("/item/1")

    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "1")
    assert words in answer.text
    assert books.http.get("/item/1").status_code == 200


def test_an_unknown_ready_answer_is_named(books: Books) -> None:
    with pytest.raises(ValueError, match=r"No recording is called 'x'. Known: authentication-xml, bad-gateway-html"):
        books.twin.faults.add(recording="x")


def test_the_world_may_change_between_two_requests(books: Books) -> None:
    made = books.make("SalesReceipt", RECEIPT)
    world = books.twin.world

    def delete() -> None:
        world.delete("SalesReceipt", made["Id"])

    books.twin.faults.after(path="/salesreceipt/", perform=delete)

    assert books.read("SalesReceipt", made["Id"])["Id"] == made["Id"]
    assert codes(books.http.get(f"/salesreceipt/{made['Id']}")) == ["610"]
