"""Webhooks of QuickBooks: what is told, in which format, and to whom."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simulators.quickbooks.modes import Setup
from simulators.quickbooks.server import QuickBooksTwin
from simulators.quickbooks.switches import Switches
from tests.simulators.quickbooks.books import VERIFIER, Books
from tests.simulators.quickbooks.conftest import OpenBooks
from tests.simulators.receiver import Received, Receiver

RECEIPT = {"Line": [{"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}]}


def events(twin: QuickBooksTwin, receiver: Receiver) -> list[tuple[str, str]]:
    """Type and id of each event of a flush, in order of arrival."""
    twin.courier.flush()
    arrived = [event for request in receiver.take() for event in json.loads(request.body)]
    return [(event["type"], event["intuitentityid"]) for event in arrived]


def test_an_event_is_a_cloud_event(told: Books, receiver: Receiver) -> None:
    customer = told.twin.world.create("Customer", {"DisplayName": "Anna"})

    told.twin.courier.flush()

    (request,) = receiver.take()
    (event,) = json.loads(request.body)
    assert event | {"id": "", "source": ""} == {
        "specversion": "1.0", "id": "", "source": "", "type": "qbo.customer.created.v1",
        "datacontenttype": "application/json", "time": "2026-12-01T20:00:00.000000000Z",
        "intuitentityid": customer["Id"], "intuitaccountid": told.realm, "data": {},
    }  # fmt: skip
    assert (len(event["id"]), event["source"][:7]) == (36, "intuit.")
    assert told.realm not in event["source"]


def test_the_former_format_groups_events_by_company(told: Books, receiver: Receiver) -> None:
    told.twin.switches.webhooks_format = "legacy"
    receipt = told.twin.world.create("SalesReceipt", RECEIPT)["Id"]
    told.twin.world.void("SalesReceipt", receipt)

    told.twin.courier.flush()

    when = {"lastUpdated": "2026-12-01T20:00:00.000Z"}
    entities = [
        {"name": "SalesReceipt", "id": receipt, "operation": operation, **when} for operation in ("Create", "Void")
    ]
    notification = {"realmId": told.realm, "dataChangeEvent": {"entities": entities}}
    assert json.loads(receiver.take()[0].body) == {"eventNotifications": [notification]}


@pytest.mark.parametrize("format_", ["cloudevents", "legacy"])
def test_the_raw_bytes_are_signed_with_the_verifier_token(
    told: Books, receiver: Receiver, signed: Callable[[bytes, str], str], format_: Any
) -> None:
    told.twin.switches.webhooks_format = format_
    told.twin.world.create("Customer", {"DisplayName": "Ünal"})

    told.twin.courier.flush()

    (request,) = receiver.take()
    assert request.headers["intuit-signature"] == signed(request.body, VERIFIER)
    assert (request.method, request.path) == ("POST", "/hooks/quickbooks")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["intuit-created-time"] == "2026-12-01T12:00:00-0800"
    assert VERIFIER not in repr(told.twin.site.webhooks)
    assert VERIFIER not in repr(told.twin.courier.deliveries())


def test_every_operation_has_its_verb(told: Books, receiver: Receiver) -> None:
    world = told.twin.world
    customer = world.create("Customer", {"DisplayName": "Anna"})["Id"]
    receipts = [world.create("SalesReceipt", RECEIPT)["Id"] for _ in range(2)]
    told.twin.courier.flush()
    receiver.take()

    world.deactivate("Customer", customer)
    world.void("SalesReceipt", receipts[0])
    world.delete("SalesReceipt", receipts[1])
    world.close_books("2026-06-30")

    assert events(told.twin, receiver) == [
        ("qbo.customer.updated.v1", customer), ("qbo.salesreceipt.voided.v1", receipts[0]),
        ("qbo.salesreceipt.deleted.v1", receipts[1]), ("qbo.preferences.updated.v1", "1"),
    ]  # fmt: skip


def test_the_apps_own_writes_come_back_with_what_they_moved(told: Books, receiver: Receiver) -> None:
    customer = told.customer()["Id"]
    invoice = told.invoice(customer)["Id"]
    told.twin.courier.flush()
    receiver.take()

    line = {"Amount": 100, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    paid = told.make("Payment", {"CustomerRef": {"value": customer}, "TotalAmt": 100, "Line": [line]})

    assert events(told.twin, receiver) == [("qbo.payment.created.v1", paid["Id"]), ("qbo.invoice.updated.v1", invoice)]


def test_quick_edits_are_one_event_of_the_last_moment(told: Books, receiver: Receiver) -> None:
    customer = told.customer()["Id"]
    told.twin.courier.flush()
    receiver.take()
    for note in ("a", "b", "c"):
        told.twin.clock.advance(seconds=1)
        told.twin.world.edit("Customer", customer, {"Notes": note})

    told.twin.courier.flush()

    (event,) = json.loads(receiver.take()[0].body)
    assert (event["type"], event["time"]) == ("qbo.customer.updated.v1", "2026-12-01T20:00:03.000000000Z")


def test_a_change_that_changes_nothing_is_not_told(told: Books, receiver: Receiver) -> None:
    customer = told.customer()["Id"]
    told.twin.courier.flush()
    receiver.take()

    told.twin.world.edit("Customer", customer, {"DisplayName": "Anna Arm"})

    assert events(told.twin, receiver) == []


@pytest.mark.parametrize(("one_company", "posts"), [(False, 1), (True, 2)])
def test_one_notification_tells_of_several_companies_or_of_one(
    open_books: OpenBooks, receiver: Receiver, one_company: bool, posts: int
) -> None:
    first = open_books(others=[Setup("eu")], webhooks_to=receiver.url, verifier=VERIFIER)
    twin = first.twin
    second = Books(twin, twin.realms[1])
    twin.switches.webhooks_live, twin.switches.webhooks_one_company = False, one_company
    for books in (first, second, first):
        books.make("PaymentMethod", {"Name": f"Method {len(twin.courier.waiting())}"})

    twin.courier.flush()

    requests = receiver.take()
    realms = [event["intuitaccountid"] for request in requests for event in json.loads(request.body)]
    assert (len(requests), sorted(realms)) == (posts, [first.realm, first.realm, second.realm])
    second.http.close()


def test_a_company_that_is_not_connected_is_not_told_of(receiver: Receiver) -> None:
    switches = Switches(webhooks_live=False)
    with QuickBooksTwin.start(switches=switches, webhooks_to=receiver.url, verifier=VERIFIER) as twin:
        twin.world.create("Customer", {"DisplayName": "before"})
        twin.tokens()
        known = twin.world.create("Customer", {"DisplayName": "while"})["Id"]
        twin.world.disconnect()
        twin.world.create("Customer", {"DisplayName": "after"})

        assert events(twin, receiver) == [("qbo.customer.created.v1", known)]


@pytest.mark.parametrize("kind", ["TaxCode", "TaxRate", "CompanyInfo"])
def test_what_has_no_webhooks_is_silent(told: Books, kind: str) -> None:
    told.twin.world.configure(name="New Name")

    assert not [job for job in told.twin.courier.waiting() if job["about"].startswith(kind)]


def test_a_receiver_may_read_the_company_before_it_answers(told: Books, receiver: Receiver) -> None:
    read: list[str] = []

    def ask(request: Received) -> None:
        read.append(told.read("Customer", json.loads(request.body)[0]["intuitentityid"])["DisplayName"])

    receiver.before = ask
    told.customer("Anna Arm")

    answer = httpx.post(f"{told.twin.url}/_control/webhooks/flush", verify=False)  # noqa: S501 -- plain http

    assert (answer.json()["deliveries"][0]["status"], read) == (200, ["Anna Arm"])


def test_a_live_twin_tells_by_itself(books: Books, receiver: Receiver) -> None:
    books.twin.subscribe(receiver.url, VERIFIER)

    customer = books.customer()["Id"]

    assert json.loads(receiver.wait_for(1)[0].body)[0]["intuitentityid"] == customer


def test_webhooks_are_set_up_by_the_control_api(books: Books, receiver: Receiver) -> None:
    control = f"{books.twin.url}/_control/webhooks"
    books.twin.switches.webhooks_live = False

    set_up = books.http.put(control, json={"url": receiver.url, "verifier": VERIFIER})
    books.customer()

    assert (set_up.json(), len(books.http.get(control).json()["waiting"])) == ({"url": receiver.url}, 1)
    books.http.put(control, json={"url": ""})
    books.customer("Berta")
    assert (books.twin.courier.waiting(), books.twin.courier.flush()) == ([], [])


@pytest.mark.parametrize(
    ("sent", "words"),
    [({"url": "example.com", "verifier": "x"}, "is no address"), ({"url": "https://example.com"}, "verifier token")],
)
def test_webhooks_that_cannot_be_are_refused(books: Books, sent: dict[str, str], words: str) -> None:
    answer = books.http.put(f"{books.twin.url}/_control/webhooks", json=sent)

    assert answer.status_code == 400
    assert words in answer.json()["error"]
