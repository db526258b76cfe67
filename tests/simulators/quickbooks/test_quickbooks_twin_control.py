"""The control API, the request log, and the twin as a process of its own."""

import json
import signal
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest

from simulators.quickbooks.modes import MODES, Setup
from simulators.quickbooks.server import QuickBooksTwin
from tests.simulators.quickbooks.books import NO_CERTIFICATES, VERIFIER, Body, Books, codes, ref, sale
from tests.simulators.quickbooks.conftest import OpenBooks
from tests.simulators.receiver import Receiver

COMMAND = [sys.executable, "-m", "simulators.quickbooks"]
RECEIPT = {"Line": [sale("10")]}


def control(books: Books, method: str, name: str, body: Any = None) -> httpx.Response:
    with httpx.Client(base_url=f"{books.twin.url}/_control", verify=NO_CERTIFICATES) as client:
        return client.request(method, f"/{name}", json=body)


def test_a_bookkeeper_acts_from_outside(books: Books) -> None:
    number = books.customer()["Id"]
    receipt = books.make("SalesReceipt", RECEIPT)["Id"]
    actions: list[Body] = [
        {"action": "create", "kind": "Vendor", "fields": {"DisplayName": "Voss"}},
        {"action": "edit", "kind": "Customer", "id": number, "fields": {"Notes": "x"}},
        {"action": "deactivate", "kind": "Customer", "id": number},
        {"action": "void", "kind": "SalesReceipt", "id": receipt},
        {"action": "read", "kind": "SalesReceipt", "id": receipt},
        {"action": "delete", "kind": "SalesReceipt", "id": receipt},
        {"action": "configure", "custom_numbers": True},
        {"action": "close_books", "day": "2026-06-30"},
        {"action": "turn_on_multicurrency"},
        {"action": "end_subscription"},
        {"action": "expire_access"},
        {"action": "disconnect"},
        {"action": "advance", "minutes": 5},
    ]

    answer = control(books, "POST", "world", {"actions": actions})

    assert answer.status_code == 200, answer.text
    done = answer.json()["done"]
    assert done[2]["DisplayName"] == "Anna Arm (deleted)"
    assert (done[4]["PrivateNote"], done[5]["status"], done[-1]) == ("Voided", "Deleted", "2026-12-01T20:05:00+00:00")
    setup = control(books, "GET", "companies").json()[books.realm]
    assert (setup["custom_numbers"], setup["closed_until"], setup["multicurrency"]) == (True, "2026-06-30", True)


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (
            {"action": "edit", "kind": "Customer", "id": "9", "fields": {}},
            "QuickBooks refuses this: 610 Object Not Found",
        ),
        ({"action": "edit", "kind": "Shoe", "id": "9", "fields": {}}, "There is no kind 'Shoe'. Known: Customer"),
        ({"action": "edit", "kind": "Shoe"}, "The action 'edit' also needs id and fields."),
        ({"action": "dance"}, "'dance' is no action. Known: create"),
        ({"action": "configure", "mode": "xx"}, "There is no company mode 'xx'. Known: us-ast"),
        ({"action": "configure", "shoes": 1}, "contains unknown field `shoes`"),
        ({"action": "read", "kind": "Item", "id": "1", "realm": "5"}, "There is no company '5'. Known: 93"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(books: Books, action: Body, sentence: str) -> None:
    answer = control(books, "POST", "world", action)

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


def test_more_companies_can_be_opened_and_have_books_of_their_own(books: Books) -> None:
    opened = control(books, "POST", "companies", {"mode": "eu", "multicurrency": True}).json()
    second = list(opened)[1]
    tokens = control(books, "POST", "tokens", {"realm": second}).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}

    other = httpx.get(f"{books.twin.url}/v3/company/{second}/preferences", headers=headers, verify=NO_CERTIFICATES)
    books.customer()

    assert other.json()["Preferences"]["CurrencyPrefs"] == {
        "MultiCurrencyEnabled": True,
        "HomeCurrency": {"value": "EUR"},
    }
    counts = {realm: sums["Customer"]["count"] for realm, sums in control(books, "GET", "checksum").json().items()}
    assert counts == {books.realm: 1, second: 0}
    assert books.twin.world_of(second).all("Customer") == []


def test_the_checksum_tells_counts_ids_and_totals(books: Books) -> None:
    made = [books.make("SalesReceipt", {"Line": [sale(amount)]}) for amount in ("10.10", "0.05")]

    sums = books.twin.world.checksum()

    assert sums["SalesReceipt"] == {"count": 2, "ids": [row["Id"] for row in made], "totals": {"USD": "10.15"}}
    assert sums["Invoice"] == {"count": 0, "ids": [], "totals": {}}


def test_the_log_tells_what_was_wanted(books: Books) -> None:
    books.twin.log.reset()
    made = books.make("SalesReceipt", RECEIPT)
    books.http.get(f"/salesreceipt/{made['Id']}")
    books.ask("SELECT * FROM Customer")
    books.ask("nonsense")
    books.http.get("/cdc", params={"entities": "Item", "changedSince": "2026-12-01"})
    item = {"bId": "1", "operation": "create", "SalesReceipt": RECEIPT}
    for _ in range(2):
        books.batch(item, item | {"bId": "2"}, {"bId": "3", "Query": "select * from Item"}, requestid="b1")
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    books.send("SalesReceipt", body | {"PrivateNote": "x"})
    books.send("SalesReceipt", body, operation="update", include="void")
    books.send("SalesReceipt", body, operation="delete")

    lines = books.twin.log.lines()

    assert [(line.kind, line.action, line.items, line.status) for line in lines] == [
        ("SalesReceipt", "create", 1, 200),
        ("SalesReceipt", "read", 0, 200),
        ("Customer", "query", 0, 200),
        ("query", "query", 0, 400),
        ("cdc", "cdc", 0, 200),
        ("batch", "batch", 2, 200),
        ("batch", "batch", 2, 200),
        ("SalesReceipt", "update", 1, 200),
        ("SalesReceipt", "void", 1, 400),
        ("SalesReceipt", "delete", 1, 400),
    ]
    assert lines[5].digest == lines[6].digest != lines[0].digest
    assert len(books.twin.log.lines(kind="SalesReceipt", action="create")) == 1


def test_faults_hooks_clock_and_switches_are_reached_from_outside(books: Books) -> None:
    edit = {"action": "edit", "kind": "Item", "id": "1", "fields": {"Description": "x"}}
    control(books, "POST", "faults", {"path": "/item/2", "recording": "maintenance"})
    control(books, "POST", "hooks", {"path": "/item/1", "perform": [edit]})
    control(books, "PUT", "switches", {"shuffles_batches": False})
    control(books, "POST", "clock", {"advance": {"minutes": 1}})

    first, second = books.http.get("/item/1").json()["Item"], books.http.get("/item/1").json()["Item"]

    assert ("Description" in first, second["Description"]) == (False, "x")
    assert books.http.get("/item/2").status_code == 503
    assert books.twin.switches.shuffles_batches is False
    assert second["MetaData"]["LastUpdatedTime"] == "2026-12-01T12:01:00-08:00"
    assert control(books, "PUT", "switches", {"shuffles": 1}).status_code == 400


def test_help_names_everything(books: Books) -> None:
    told = control(books, "GET", "").json()

    assert "disconnect" in told["actions"]
    assert "throttled-xml" in told["recordings"]
    assert all(told[name] for name in ("GET /_control/companies", "POST /_control/tokens", "GET /_control/checksum"))


def test_several_actions_can_be_one_piece(books: Books) -> None:
    world = books.twin.world

    with world.lock:
        world.create("Vendor", {"DisplayName": "Anna Arm"})
        world.create("Customer", {"DisplayName": "Bert"})

    assert books.refused("Customer", {"DisplayName": "anna arm"}) == ["6240"]


def test_an_unknown_company_is_named_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="There is no company mode 'xx'"):
        QuickBooksTwin("xx")
    with pytest.raises(ValueError, match="There is no currency 'XXX'"):
        Setup("us", currency="XXX")


@pytest.mark.parametrize("mode", list(MODES))
def test_every_mode_takes_a_sale(open_books: OpenBooks, mode: str) -> None:
    books = open_books(mode)
    code = {"us": "TAX", "us-ast": "TAX"}.get(mode, "2")

    made = books.make("SalesReceipt", {"Line": [sale("10", code)], "DepositToAccountRef": ref("35")})

    assert made["TotalAmt"] >= 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_as_a_process_tells_of_changes_and_ends_cleanly(number: signal.Signals, receiver: Receiver) -> None:
    webhooks = ["--webhooks-to", receiver.url, "--verifier", VERIFIER]
    command = [*COMMAND, "--json", "--company", "gb", "--currency", "EUR", *webhooks]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {about['access_token']}", "Accept": "application/json"}
        answer = httpx.get(
            f"{about['url']}/v3/company/{about['realm']}/preferences", headers=headers, verify=NO_CERTIFICATES
        )
        closed = {"action": "close_books", "day": "2026-06-30"}
        httpx.post(f"{about['url']}/_control/world", json=closed, verify=NO_CERTIFICATES)
        told = receiver.wait_for(1)
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)

    assert b"qbo.preferences.updated.v1" in told[0].body
    assert answer.json()["Preferences"]["CurrencyPrefs"]["HomeCurrency"] == {"value": "EUR"}
    assert (process.returncode, output, errors) == (0, "", "")


def test_webhooks_without_a_token_are_refused_at_the_start() -> None:
    command = [*COMMAND, "--webhooks-to", "https://example.test"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    assert (done.returncode, "they need a verifier token" in done.stderr) == (2, True)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 2
    assert done.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port.\n"


def test_a_world_action_keeps_the_rules(books: Books) -> None:
    books.twin.world.close_books("2026-12-31")

    assert books.refused("SalesReceipt", RECEIPT) == ["6210"]
    assert codes(books.http.get("/salesreceipt/1")) == ["610"]
