"""Where connections that tenants made may lead: to public addresses only, checked at the moment of connecting."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping

import httpcore
import httpx

from domain.errors import Misconfigured

# Networks that carry an address of the older protocol in their own: RFC 6052 in the last four bytes.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_HANDED_OUT = ipaddress.ip_network("2000::/3")

_POSTGRES_PARAMETERS = frozenset(
    {
        "application_name",
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "dbname",
        "gssencmode",
        "host",
        "hostaddr",
        "options",
        "password",
        "port",
        "sslmode",
        "sslnegotiation",
        "target_session_attrs",
        "user",
    }
)


class PrivateAddress(Exception):
    """A host is in a network that is not public; the text is one sentence for people."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host or 'this machine'} is no public address; connect a public one, or let the operator of this "
            "installation allow others with UNISYNC_ALLOW_PRIVATE_ADDRESSES=true"
        )


class PublicTransport(httpx.HTTPTransport):
    """Connects to public addresses only.

    What is connected to is what was checked: a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
    Proxies of the environment are not asked, because they would look names up on their own.
    """

    def __init__(self, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify)
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify,
            # As httpx itself has them.
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_PublicNetwork(),
        )


class _PublicNetwork(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _resolved(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def public_addresses(host: str, port: int) -> list[str]:
    """Look a host up and give its public addresses.

    Raises:
        PrivateAddress: it has none.
        OSError: it cannot be looked up.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError:
        # No name at all: a part of it is too long, or holds what no name may hold.
        raise OSError(f"there can be no host {host!r}") from None
    public = [address for address in dict.fromkeys(str(entry[4][0]) for entry in entries) if is_public(address)]
    if not public:
        raise PrivateAddress(host)
    return public


def is_public(address: str) -> bool:
    """Whether an IP address can be reached from anywhere, and so tells nothing of the network that we are in."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        # All that is handed out so far (IANA, IPv6 global unicast); outside of it lie site-local addresses and
        # addresses that stand for others.
        if parsed not in _HANDED_OUT:
            return False
    return parsed.is_global and not parsed.is_multicast


def only_public(parts: Mapping[str, str]) -> dict[str, str]:
    """Give the parts of a Postgres connection string with the addresses that its hosts have now, all of them public.

    Raises:
        PrivateAddress: a host is in a network that is not public.
        Misconfigured: a host cannot be looked up, or the string would use a file or a password of this machine.
    """
    if local := sorted(parts.keys() - _POSTGRES_PARAMETERS):
        raise Misconfigured(f"leave {local[0]} out of the connection string: it can name a file of this machine")
    if not parts.get("password"):
        raise Misconfigured("the connection string holds no password: postgresql://user:password@host:5432/database")
    hosts = (parts.get("host") or parts.get("hostaddr", "")).split(",")
    ports = parts.get("port", "5432").split(",")
    if len(ports) not in (1, len(hosts)):
        raise Misconfigured("the connection string names more ports than hosts, or fewer")
    places = [
        (host, address, port)
        for host, port in zip(hosts, ports * (len(hosts) // len(ports)), strict=True)
        for address in _looked_up(host, int(port or 5432))
    ]
    names, addresses, numbers = (",".join(column) for column in zip(*places, strict=True))
    return {**parts, "host": names, "hostaddr": addresses, "port": numbers}


def _looked_up(host: str, port: int) -> list[str]:
    if not host or host.startswith(("/", "@")):
        raise PrivateAddress("")
    try:
        return public_addresses(host, port)
    except OSError:
        raise Misconfigured(f"there is no host {host}; correct the connection string") from None


def _resolved(host: str, port: int) -> list[str]:
    try:
        return public_addresses(host, port)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from None
