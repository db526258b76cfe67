"""Request ids: the same work is asked for twice and done once."""

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, ref, sale

RECEIPT = {"Line": [sale("10")]}


def create(number: str, kind: str, body: Body) -> Body:
    return {"bId": number, "operation": "create", kind: body}


def test_the_same_request_id_replays_the_answer(books: Books) -> None:
    first = books.send("SalesReceipt", RECEIPT, requestid="order-1")
    books.twin.clock.advance(days=400)
    books.sign_in()

    again = books.send("SalesReceipt", RECEIPT, requestid="order-1")

    assert again.content == first.content
    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 1


def test_another_request_id_does_the_work_again(books: Books) -> None:
    for number in ("1", "2", ""):
        books.make("SalesReceipt", RECEIPT, requestid=number)

    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 3


def test_a_batch_is_replayed_as_a_whole(books: Books) -> None:
    items = [create("1", "Customer", {"DisplayName": "Bert"}), create("2", "Customer", {"DisplayName": "bert"})]

    first, again = books.batch(*items, requestid="batch-1"), books.batch(*items, requestid="batch-1")

    assert first == again
    assert books.twin.world.checksum()["Customer"]["count"] == 1


def test_request_ids_may_be_ignored_altogether(books: Books) -> None:
    books.twin.switches.honours_request_ids = False

    for _ in range(2):
        books.make("SalesReceipt", RECEIPT, requestid="order-1")

    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 2


@pytest.mark.parametrize(("reuse", "found"), [("replay", ["1001"]), ("600", ["600"])])
def test_the_same_request_id_with_another_body(books: Books, reuse: str, found: list[str]) -> None:
    books.twin.site.switch({"request_id_reuse": reuse})
    books.make("SalesReceipt", RECEIPT, requestid="order-1")

    answer = books.send("SalesReceipt", {"Line": [sale("99")]}, requestid="order-1")

    body = answer.json()
    assert (codes(answer) if "Fault" in body else [body["SalesReceipt"]["DocNumber"]]) == found


def test_a_request_id_may_be_forgotten(books: Books) -> None:
    books.twin.switches.request_id_seconds = 60
    books.make("SalesReceipt", RECEIPT, requestid="order-1")
    books.twin.clock.advance(seconds=60)

    assert books.make("SalesReceipt", RECEIPT, requestid="order-1")["DocNumber"] == "1002"


@pytest.mark.parametrize(("remembers", "found"), [(False, 200), (True, 400)])
def test_a_refusal_is_remembered_only_by_switch(books: Books, remembers: bool, found: int) -> None:
    books.twin.switches.remembers_faults = remembers
    books.refused("SalesReceipt", {"Line": [sale("1", item="3")]}, requestid="order-1")
    books.make("Item", {"Name": "Pump", "IncomeAccountRef": ref("79")})

    assert books.send("SalesReceipt", {"Line": [sale("1", item="3")]}, requestid="order-1").status_code == found


@pytest.mark.parametrize(
    ("path", "name", "number", "status"),
    [
        ("/salesreceipt", "r" * 50, "1", 200),
        ("/salesreceipt", "r" * 51, "1", 400),
        ("/batch", "r" * 36, "b" * 10, 200),
        ("/batch", "r" * 37, "b" * 10, 400),
        ("/batch", "r" * 36, "b" * 11, 400),
        ("/batch", "", "b" * 11, 200),
    ],
)
def test_request_ids_and_batch_ids_have_a_length(books: Books, path: str, name: str, number: str, status: int) -> None:
    body = RECEIPT if path == "/salesreceipt" else {"BatchItemRequest": [create(number, "SalesReceipt", RECEIPT)]}

    answer = books.http.post(path, json=body, params={"requestid": name} if name else {})

    assert answer.status_code == status
    assert status == 200 or codes(answer) == ["2130"]
