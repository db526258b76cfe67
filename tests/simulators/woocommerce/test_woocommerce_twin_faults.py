"""Faults, cut connections, and a shop that changes between two pages."""

import socket

import httpx
import pytest

from simulators.woocommerce.server import Twin

ROOT = "/wp-json/wc/v3"
WALK = f"{ROOT}/orders?per_page=100&_fields=id"


def walk(client: httpx.Client, query: str) -> list[int]:
    return [item["id"] for page in range(1, 5) for item in client.get(f"{WALK}&{query}&page={page}").json()]


def raw_answer(twin: Twin, path: str) -> bytes:
    """What arrives until the other side closes the connection."""
    address = twin.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=5) as connection:
        query = f"consumer_key={twin.key}&consumer_secret={twin.secret}"
        connection.sendall(f"GET {path}?{query} HTTP/1.1\r\nHost: twin\r\n\r\n".encode())
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


def test_a_fault_hits_the_nth_matching_request_and_is_gone(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(path=r"/orders\?.*page=2", nth=2, status=429, headers={"Retry-After": "1"}, body="busy")

    second_page = f"{ROOT}/orders?page=2"
    answers = [client.get(url) for url in (second_page, f"{ROOT}/orders?page=1", second_page, second_page)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert (answers[2].text, answers[2].headers["Retry-After"]) == ("busy", "1")
    assert twin.faults.pending() == 0


def test_faults_queue_up_and_may_stay(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(path="/orders", status=500)
    twin.faults.add(path="/orders", status=502, count=2)
    twin.faults.add(path="/orders", status=503, count=0)

    assert [client.get(f"{ROOT}/orders").status_code for _ in range(5)] == [500, 502, 502, 503, 503]
    twin.faults.clear()
    assert client.get(f"{ROOT}/orders").status_code == 200


def test_hosts_block_methods_and_agents(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(method="PUT", count=0, recording="store-security-plugin-403-html")
    twin.faults.add(agent="python-httpx", count=0, status=403)

    assert client.put(f"{ROOT}/orders/519", json={}).text.startswith("<html>")
    assert client.get(f"{ROOT}/orders").status_code == 403
    assert client.get(f"{ROOT}/orders", headers={"User-Agent": "Mozilla"}).status_code == 200


def test_a_recorded_header_can_be_replaced(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(recording="store-maintenance-mode", headers={"retry-after": "0"})

    answer = client.get(f"{ROOT}/orders")
    assert (answer.status_code, answer.headers.get_list("retry-after")) == (503, ["0"])


def test_cut_before_the_shop_does_nothing(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(method="PUT", cut="before")

    with pytest.raises(httpx.RemoteProtocolError):
        client.put(f"{ROOT}/orders/519", json={"status": "failed"})
    assert client.get(f"{ROOT}/orders/519").json()["status"] == "completed"


def test_cut_after_the_work_is_done_and_nobody_hears_of_it(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(method="PUT", cut="after")

    with pytest.raises(httpx.RemoteProtocolError):
        client.put(f"{ROOT}/orders/519", json={"status": "failed"})
    assert client.get(f"{ROOT}/orders/519").json()["status"] == "failed"
    assert [(line.method, line.status, line.cut) for line in twin.log.lines()] == [
        ("PUT", 0, "after"),
        ("GET", 200, ""),
    ]


def test_cut_really_closes_the_connection_halfway(twin: Twin, caplog: pytest.LogCaptureFixture) -> None:
    whole = httpx.get(f"{twin.url}{ROOT}/orders/519", auth=(twin.key, twin.secret)).content
    twin.faults.add(cut="half")
    twin.faults.add(cut="before")

    head, _, body = raw_answer(twin, f"{ROOT}/orders/519").partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(whole) in head.lower()
    assert body == whole[: len(whole) // 2]
    assert raw_answer(twin, f"{ROOT}/orders/519") == b""
    assert caplog.records == [], "the server takes the cut for a lost client, not for a mistake of its own"


def test_a_gateway_may_time_out_although_the_shop_works(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(method="POST", status=504, works=True)

    assert client.post(f"{ROOT}/orders", json={}).status_code == 504
    assert client.get(f"{ROOT}/orders/520").status_code == 200


def test_a_delay_makes_the_client_wait(twin: Twin, client: httpx.Client) -> None:
    twin.faults.add(delay=0.2)

    with pytest.raises(httpx.ReadTimeout):
        client.get(f"{ROOT}/orders", timeout=0.05)
    assert client.get(f"{ROOT}/orders").status_code == 200


def test_latency_is_waited_by_every_answer(twin: Twin, client: httpx.Client) -> None:
    twin.site.latency = 0.03
    client.get(f"{ROOT}/orders")

    assert twin.log.lines()[0].ms >= 30


def test_edits_between_pages_hide_orders_when_sorted_by_modified(twin: Twin, client: httpx.Client) -> None:
    """woocommerce-observed: by modified asc with 5 edits, 5 orders are never seen and 5 twice."""
    first = walk(client, "orderby=modified&order=asc")[:5]
    edits = [{"action": "edit", "kind": "orders", "id": number} for number in first]
    twin.faults.after(path=r"page=1$", perform=edits)

    seen = walk(client, "orderby=modified&order=asc")

    assert len(seen) == 308
    assert len(set(seen)) == 303
    assert sorted(number for number in seen if seen.count(number) == 2) == sorted(2 * first)


def test_new_orders_between_pages_show_others_twice(twin: Twin, client: httpx.Client) -> None:
    twin.faults.after(
        path=r"page=1$", perform=lambda: [twin.world.insert("orders", like=519) for _ in range(5)] and None
    )

    seen = walk(client, "")

    assert len(seen) - len(set(seen)) == 5


def test_deletions_between_pages_hide_orders(twin: Twin, client: httpx.Client) -> None:
    newest = walk(client, "")[:5]

    def delete() -> None:
        for number in newest:
            twin.world.delete("orders", number)

    twin.faults.after(path=r"page=1$", perform=delete)
    seen = walk(client, "")

    assert len(set(seen)) == 303
    kept = {
        entry.facts.id
        for entry in twin.shop.kinds["orders"].values()
        if entry.facts.status not in ("trash", "checkout-draft")
    }
    assert len(kept - set(seen)) == 5


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({}, "A fault needs a status, a recording, a delay or a cut."),
        ({"recording": "store-on-fire"}, "No recording is called 'store-on-fire'. Known: "),
        ({"path": "(", "status": 500}, "'(' is no regular expression"),
        ({"cut": "never"}, "A connection is cut before, half or after, not 'never'."),
    ],
)
def test_a_mistake_in_a_fault_is_named(twin: Twin, client: httpx.Client, fault: dict[str, str], sentence: str) -> None:
    answer = client.post("/_control/faults", json=fault)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert twin.faults.pending() == 0
