"""Many things in one request: batches, change data capture; and request ids."""

from typing import Any

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, ref, sale


def create(number: str, kind: str, body: Body) -> Body:
    return {"bId": number, "operation": "create", kind: body}


RECEIPT = {"Line": [sale("10")]}


def test_a_batch_does_its_items_and_tells_refusals_beside_successes(books: Books) -> None:
    invoice = books.invoice(books.customer()["Id"])["Id"]

    answers = books.batch(
        create("a", "Customer", {"DisplayName": "Bert"}),
        create("b", "Vendor", {"DisplayName": "bert"}),
        {"bId": "c", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
        {"bId": "d", "operation": "update", "Invoice": {"Id": invoice, "SyncToken": "7", "sparse": True}},
        {"bId": "e", "Query": "select * from Invoice where TotalAmt > '30.00'"},
        {"bId": "f", "operation": "delete", "Invoice": {"Id": invoice, "SyncToken": "0"}},
        {"bId": "g", "operation": "merge", "Invoice": {"Id": invoice}},
        {"bId": "h", "operation": "create", "Custmoer": {}},
    )

    faults = {number: answer["Fault"]["Error"][0]["code"] for number, answer in answers.items() if "Fault" in answer}
    assert faults == {"b": "6240", "c": "610", "d": "5010", "g": "500", "h": "2010"}
    assert answers["a"]["Customer"]["DisplayName"] == "Bert"
    assert answers["e"]["QueryResponse"]["maxResults"] == 1
    assert answers["f"]["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": invoice}
    assert set(answers["b"]["Fault"]) == {"Error", "type"}


def test_items_are_done_in_order_and_a_refusal_undoes_nothing(books: Books) -> None:
    answers = books.batch(*[create(str(number), "SalesReceipt", RECEIPT) for number in range(3)],
                          create("x", "SalesReceipt", {}))  # fmt: skip

    assert [answers[str(number)]["SalesReceipt"]["DocNumber"] for number in range(3)] == ["1001", "1002", "1003"]
    assert books.twin.world.checksum()["SalesReceipt"]["count"] == 3


def test_an_item_cannot_name_what_another_makes(books: Books) -> None:
    answers = books.batch(
        create("bid1", "Customer", {"DisplayName": "Bert"}),
        create("bid2", "Invoice", {"CustomerRef": ref("bId:bid1"), "Line": [sale("1")]}),
    )

    assert answers["bid2"]["Fault"]["Error"][0]["code"] == "2500"


def test_answers_come_in_another_order_unless_switched_off(books: Books) -> None:
    items = [create(str(number), "SalesReceipt", RECEIPT) for number in range(12)]

    def order() -> list[str]:
        answer = books.http.post("/batch", json={"BatchItemRequest": items}).json()
        return [item["bId"] for item in answer["BatchItemResponse"]]

    shuffled = order()
    books.twin.switches.shuffles_batches = False

    assert (shuffled != order(), sorted(shuffled) == sorted(order())) == (True, True)
    assert order() == [str(number) for number in range(12)]


@pytest.mark.parametrize(("size", "status"), [(30, 200), (31, 400)])
def test_thirty_items_are_the_most(books: Books, size: int, status: int) -> None:
    items = [create(str(number), "SalesReceipt", RECEIPT) for number in range(size)]

    answer = books.http.post("/batch", json={"BatchItemRequest": items})

    assert answer.status_code == status
    assert books.twin.world.checksum()["SalesReceipt"]["count"] == (30 if status == 200 else 0)
    if status == 400:
        assert codes(answer) == ["1040"]


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "2020"), ({"BatchItemRequest": []}, "2020"), ({"BatchItemRequest": ["x"]}, "2010"), ([], "2020")],
)
def test_a_batch_without_items_is_refused(books: Books, body: Any, code: str) -> None:
    assert codes(books.http.post("/batch", json=body)) == [code]


def test_documents_are_voided_in_a_batch_by_options(books: Books) -> None:
    made = books.make("SalesReceipt", RECEIPT)
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}

    answers = books.batch({"bId": "1", "operation": "update", "optionsData": "void", "SalesReceipt": body})

    assert answers["1"]["SalesReceipt"]["PrivateNote"] == "Voided"


def changed(books: Books, entities: str, since: str) -> list[Body]:
    answer = books.http.get("/cdc", params={"entities": entities, "changedSince": since})
    assert answer.status_code == 200, answer.text
    blocks: list[Body] = answer.json()["CDCResponse"][0]["QueryResponse"]
    return blocks


def test_changes_show_whole_objects_stubs_and_empty_blocks(books: Books) -> None:
    customer = books.customer()["Id"]
    gone = books.make("SalesReceipt", RECEIPT)["Id"]
    books.twin.clock.advance(minutes=10)
    invoice = books.invoice(customer)
    books.twin.world.delete("SalesReceipt", gone)

    blocks = changed(books, "Invoice,customer,SalesReceipt,Payment", "2026-12-01T12:05:00-08:00")

    assert blocks[0]["Invoice"][0]["DocNumber"] == invoice["DocNumber"]
    assert (blocks[0]["startPosition"], blocks[0]["maxResults"]) == (1, 1)
    assert blocks[1]["Customer"][0]["Balance"] == 100  # only the balance moved, and with it the time
    stub = {"domain": "QBO", "status": "Deleted", "Id": gone}
    assert blocks[2] == {"SalesReceipt": [{**stub, "MetaData": {"LastUpdatedTime": "2026-12-01T12:10:00-08:00"}}]}
    assert blocks[3] == {}


def test_deactivated_names_come_as_normal_changes(books: Books) -> None:
    books.twin.world.deactivate("Customer", books.customer()["Id"])

    row = changed(books, "Customer", "2026-12-01T11:00:00-08:00")[0]["Customer"][0]

    assert (row["Active"], row["DisplayName"]) == (False, "Anna Arm (deleted)")


@pytest.mark.parametrize(("inclusive", "found"), [(True, 1), (False, 0)])
def test_whether_the_boundary_counts_is_a_switch(books: Books, inclusive: bool, found: int) -> None:
    books.twin.switches.changes_inclusive = inclusive
    books.customer()

    block = changed(books, "Customer", "2026-12-01T12:00:00-08:00")[0]

    assert len(block.get("Customer", [])) == found


@pytest.mark.parametrize(
    ("entities", "since", "code", "words"),
    [
        ("Invoice", "2026-10-31T11:00:00-08:00", "500", "which is older than fixed days is not supported"),
        ("Invoice", "yesterday", "2060", "Date format"),
        ("Invoice", "2026-12-01T00:00:00 08:00", "2060", "Date format"),
        ("Invoice", "", "2020", "changedSince"),
        ("", "2026-12-01", "2020", "entities"),
        ("TaxCode", "2026-12-01", "500", "TaxCode"),
        ("Preferences", "2026-12-01", "500", "Preferences"),
        ("Custmoer", "2026-12-01", "500", "Custmoer"),
    ],
)
def test_what_cannot_be_captured_is_refused(books: Books, entities: str, since: str, code: str, words: str) -> None:
    answer = books.http.get("/cdc", params={"entities": entities, "changedSince": since})

    assert (answer.status_code, codes(answer)) == (400, [code])
    assert words in answer.text


def test_a_thousand_changes_are_the_most_for_all_entities_together(books: Books) -> None:
    for number in range(995):
        books.twin.world.create("Customer", {"DisplayName": f"C{number}"})
    for _ in range(10):
        books.twin.world.create("SalesReceipt", RECEIPT)

    blocks = changed(books, "Customer,SalesReceipt,Item", "2026-12-01")

    assert [len(next(iter(block.values()), [])) for block in blocks] == [995, 5, 0]


def test_changes_may_come_as_plain_text(books: Books) -> None:
    books.twin.switches.changes_plain_text = True

    answer = books.http.get("/cdc", params={"entities": "Item", "changedSince": "2026-12-01"})

    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
