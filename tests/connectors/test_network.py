"""Connections that tenants made reach public addresses only, whatever names lead elsewhere and whenever."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from connectors.http import Call, open_client, send
from connectors.network import PrivateAddress, is_public, only_public, public_addresses
from domain.errors import Misconfigured, Unavailable

CALL = Call("shop", "listing orders")
PUBLIC = "93.184.215.14"

Lookup = Callable[..., None]


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "0.1.2.3", "::", "::1", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:0:1::1",
        # Not handed out to anybody: site-local, IPv4-compatible, local translation, and all else outside of 2000::/3.
        "fec0::1", "::7f00:1", "64:ff9b:1::7f00:1", "1fff::1", "4000::1", "5f00::1", "e000::1",
    ],
)  # fmt: skip
def test_an_address_of_this_machine_or_its_network_is_not_public_in_whatever_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.fixture
def answered() -> Iterator[tuple[int, list[str]]]:
    """A service inside, on this machine: its port, and what it was asked."""
    asked: list[str] = []

    class Inside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with HTTPServer(("127.0.0.1", 0), Inside) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Lookup:
    """Let a name lead to these addresses, one list for each time that it is looked up, the last one for ever."""
    look_up = socket.getaddrinfo

    def lead(name: str, *answers: list[str]) -> None:
        left = list(answers)

        def found(host: str, port: int, *arguments: object, **named: object) -> object:
            if host != name:
                return look_up(host, port, *arguments, **named)  # type: ignore[arg-type]
            addresses = left.pop(0) if len(left) > 1 else left[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return lead


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; none of them is there."""
    addresses: list[str] = []

    def refuse(address: tuple[str, int], *_: object, **__: object) -> None:
        addresses.append(address[0])
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "create_connection", refuse)
    return addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_service_inside_is_asked_by_whom_the_operator_trusts_and_by_nobody_else(
    answered: tuple[int, list[str]], host: str
) -> None:
    port, asked = answered
    refused = pytest.raises(Misconfigured, match="is no public address; connect a public one, or let the operator")
    with open_client(f"https://{host}:{port}", public_only=True) as client, refused:
        send(client, CALL, "GET", f"http://{host}:{port}/")
    assert asked == []

    with open_client(f"http://127.0.0.1:{port}") as client:
        assert send(client, CALL, "GET", "here").status_code == 200
    assert asked == ["/here"]


def test_a_name_that_leads_elsewhere_after_it_was_checked_gains_nothing(names: Lookup, tried: list[str]) -> None:
    names("rebinding.example", [PUBLIC], ["127.0.0.1"])
    with open_client("https://rebinding.example", public_only=True) as client:
        with pytest.raises(Unavailable, match=r"cannot reach rebinding\.example"):
            send(client, CALL, "GET", "orders")
        with pytest.raises(Misconfigured, match=r"rebinding\.example is no public address"):
            send(client, CALL, "GET", "orders")
    assert tried == [PUBLIC]


def test_of_a_name_with_addresses_on_both_sides_only_the_public_ones_are_tried(names: Lookup, tried: list[str]) -> None:
    other = "93.184.215.15"
    names("mixed.example", ["10.0.0.1", PUBLIC, "127.0.0.1", other])
    with open_client("https://mixed.example", public_only=True) as client, pytest.raises(Unavailable):
        send(client, CALL, "GET", "orders")
    assert tried == [PUBLIC, other]


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example", "x\0y.example"])
def test_a_name_that_leads_nowhere_is_told_as_such(host: str) -> None:
    with pytest.raises(OSError, match=r"."):
        public_addresses(host, 443)


def postgres(**parts: str) -> dict[str, str]:
    return {"host": "db.example", "port": "6543", "dbname": "shop", "user": "u", "password": "p", **parts}


def test_a_database_is_connected_to_at_the_address_that_was_checked(names: Lookup) -> None:
    names("db.example", [PUBLIC, "10.0.0.1"])

    assert only_public(postgres(sslmode="require")) == postgres(sslmode="require", hostaddr=PUBLIC)


def test_of_several_databases_each_keeps_its_own_port_and_name(names: Lookup) -> None:
    names("db.example", [PUBLIC])
    parts = only_public(postgres(host=f"db.example,{PUBLIC}", port="1,2"))

    assert (parts["host"], parts["hostaddr"], parts["port"]) == (f"db.example,{PUBLIC}", f"{PUBLIC},{PUBLIC}", "1,2")


@pytest.mark.parametrize(
    "parts",
    [{"host": "127.0.0.1"}, {"host": ""}, {"host": "/run/postgresql"}, {"host": "@sock"}, {"host": "10.0.0.1,x"}],
)
def test_a_database_inside_is_refused(parts: dict[str, str]) -> None:
    with pytest.raises(PrivateAddress, match="is no public address"):
        only_public(postgres(**parts))


def test_the_address_beside_the_name_does_not_lead_past_the_check(names: Lookup) -> None:
    names("db.example", [PUBLIC])
    assert only_public(postgres(hostaddr="127.0.0.1"))["hostaddr"] == PUBLIC


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"service": "ours"}, "leave service out of the connection string: it can name a file of this machine"),
        ({"passfile": "/root/.pgpass"}, "leave passfile out"),
        ({"sslkey": "/etc/ssl/private/key.pem"}, "leave sslkey out"),
        ({"password": ""}, "the connection string holds no password"),
        ({"host": "nowhere.invalid"}, r"there is no host nowhere\.invalid"),
        ({"port": "1,2"}, "names more ports than hosts"),
    ],
)
def test_a_connection_string_takes_nothing_from_this_machine(parts: dict[str, str], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        only_public(postgres(**parts))
