"""What an answer of a shop means: rows and their total, or a typed error with the advice that helps."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import httpx
import msgspec

from connectors.http import Call
from connectors.woocommerce.settings import KEY_ADVICE
from domain.errors import (
    AccessDenied,
    ConnectorError,
    Misconfigured,
    Missing,
    RateLimited,
    RecordError,
    Rejected,
    Unavailable,
)


class RefusalWire(msgspec.Struct, gc=False):
    """The body of an error: ``data`` is mostly an object, but a bare number in the refund routes."""

    code: str | int = ""
    message: msgspec.Raw = msgspec.Raw(b'""')
    data: msgspec.Raw = msgspec.Raw(b"null")


class EnvironmentWire(msgspec.Struct, gc=False):
    """What the shop runs on."""

    version: str = ""


class StatusWire(msgspec.Struct, gc=False):
    """The part of ``system_status`` that names the version of WooCommerce."""

    environment: EnvironmentWire = msgspec.field(default_factory=EnvironmentWire)


class InvalidWire(msgspec.Struct, gc=False):
    """The ``data`` of rest_invalid_param: parameter to what is wrong with it."""

    params: dict[str, str] | list[str] = []


_rows = msgspec.json.Decoder(list[msgspec.Raw])
_status = msgspec.json.Decoder(StatusWire)
_refusal = msgspec.json.Decoder(RefusalWire)
_invalid = msgspec.json.Decoder(InvalidWire)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_VERSION = 40

BLOCKED = (
    "a security plugin or firewall in front of the shop blocks us ({title}); "
    "let it through by our address or by the user agent universal-data-sync"
)
UNKNOWN_KEY = (
    "the shop takes us for a stranger: either it does not know the consumer key, or its server drops the Authorization "
    f"header, or it does not know that it is reached by https; check the key or {KEY_ADVICE}"
)
BAD_KEY = f"the shop refuses the consumer key or secret, or the key may not do this; {KEY_ADVICE}"
HALF_A_KEY = (
    "the consumer key may only {right}; give it the permission Read/Write under WooCommerce > Settings > Advanced > "
    "REST API"
)
# WC_REST_Authentication says so under the same code as of a wrong secret; in a shop of another language it is not told.
MISSING_RIGHT = re.compile(rb"does not have (read|write) permissions")
OTHER_RIGHT = {b"read": "write", b"write": "read"}
NO_RIGHT = "the user whose key this is may not see this; take the key of a shop manager or administrator"
NO_ROUTE = (
    "there is no WooCommerce REST API at this address; check the address, that the plugin WooCommerce is active and "
    "that Settings > Permalinks is not set to Plain"
)
PHP_MESSAGE = re.compile(rb"(Warning|Notice|Deprecated|Fatal error|Parse error|Strict Standards)(</b>)?:")
PHP_ADVICE = "switch off WP_DEBUG_DISPLAY in the shop's wp-config.php and tell whoever looks after its plugins"


@dataclass(frozen=True)
class Listing:
    """One page of a list: each record as its exact bytes, and how many the whole list has."""

    rows: list[msgspec.Raw]
    total: int


def read_listing(response: httpx.Response, call: Call) -> Listing:
    """Read a page of a list.

    A byte-order mark before the JSON is passed over, as RFC 8259 (8.1) lets a reader do: it carries no meaning. Any
    other text there is refused even when a whole list follows it, because a shop that warns may have left things out.

    Raises:
        RetryableError: for nonsense, and whatever ``refusal`` says will pass.
        FatalError: when the shop refuses us or the settings.
    """
    if response.status_code != httpx.codes.OK:
        error = refusal(response, call)
        if isinstance(error, RecordError):
            # A list is no record: whatever else the shop refuses about it, the run can only come back later.
            error = call.error(Unavailable, error.args[0], response)
        raise error
    body = response.content.removeprefix(BYTE_ORDER_MARK)
    try:
        rows = _rows.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise call.error(Unavailable, _nonsense(response, body)) from None
    total = response.headers.get("X-WP-Total", "")
    if not (total.isascii() and total.isdecimal()):
        message = "the answer does not say how long the list is; something between us and the shop drops X-WP-Total"
        raise call.error(Unavailable, message, response)
    return Listing(rows, int(total))


def read_version(response: httpx.Response) -> str:
    """Give the version of WooCommerce that ``system_status`` names; empty when it names none."""
    if response.status_code != httpx.codes.OK:
        return ""
    try:
        return _status.decode(response.content.removeprefix(BYTE_ORDER_MARK)).environment.version[:LONGEST_VERSION]
    except (msgspec.DecodeError, RecursionError):
        return ""


def _nonsense(response: httpx.Response, body: bytes) -> str:
    if PHP_MESSAGE.search(body[:2000]):
        return f"a message of PHP stands before the answer; {PHP_ADVICE}"
    if body.lstrip()[:1] == b"<":
        return f"the shop answered with a web page ({_title(response)}) where JSON was due"
    if body.lstrip()[:1] == b"{":
        return f"the shop answered with one object ({_code(response) or 'without error code'}) where a list was due"
    return "the answer is not whole JSON; it was cut off or something wrote into it"


def refusal(response: httpx.Response, call: Call) -> ConnectorError:
    """Give the error that an answer without success stands for; its ``code`` is WooCommerce's own."""
    code = _code(response)
    kind, message = _meaning(response, response.status_code, code)
    error = call.error(kind, message, response)
    error.code = code
    return error


def _meaning(response: httpx.Response, status: int, code: str | None) -> tuple[type[ConnectorError], str]:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimited, "the shop wants fewer calls"
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return _server_error(response, status, code)
    if status < httpx.codes.BAD_REQUEST:
        return _detour(response, status)
    if code is None:
        return _without_code(response, status)
    return _client_error(response, status, code)


def _server_error(response: httpx.Response, status: int, code: str | None) -> tuple[type[ConnectorError], str]:
    # The refund routes pass a bare number as data, and WordPress then answers 500 to what is a plain refusal.
    if code and bytes(_decode(response).data).isdigit():
        return Rejected, f"the shop refuses this ({code})"
    if status == httpx.codes.NOT_IMPLEMENTED and code:
        return Rejected, f"the shop cannot do this ({code})"
    return Unavailable, f"the shop is out of order: status {status} ({code or _title(response)})"


def _detour(response: httpx.Response, status: int) -> tuple[type[ConnectorError], str]:
    if target := response.headers.get("Location"):
        try:
            where = str(httpx.URL(target).copy_with(query=None, fragment=None, userinfo=b""))
        except httpx.InvalidURL:
            where = "an address that is none"
        return Misconfigured, f"the shop sends us on to {where}; write the address it really has into the settings"
    return Unavailable, f"the shop answered with status {status} where a list was due"


def _without_code(response: httpx.Response, status: int) -> tuple[type[ConnectorError], str]:
    if status == httpx.codes.NOT_FOUND:
        return Misconfigured, NO_ROUTE
    if status == httpx.codes.REQUEST_TIMEOUT:
        return Unavailable, "the shop waited too long for our question"
    return AccessDenied, BLOCKED.format(title=f"status {status}, {_title(response)}")


def _client_error(response: httpx.Response, status: int, code: str) -> tuple[type[ConnectorError], str]:
    if status == httpx.codes.UNAUTHORIZED:
        return AccessDenied, _unknown_caller(response, code)
    if status == httpx.codes.FORBIDDEN:
        return AccessDenied, NO_RIGHT
    if code == "rest_no_route":
        return Misconfigured, NO_ROUTE
    if code in ("rest_invalid_param", "rest_missing_callback_param"):
        names = ", ".join(_parameters(response)) or "unnamed"
        return Misconfigured, f"the shop does not accept our parameters ({names}); is its WooCommerce very old?"
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return Missing, f"the shop does not have this ({code})"
    return Rejected, f"the shop refuses this ({code})"


def _unknown_caller(response: httpx.Response, code: str) -> str:
    if code == "woocommerce_rest_cannot_view":
        return UNKNOWN_KEY
    missing = MISSING_RIGHT.search(_decode(response).message)
    return HALF_A_KEY.format(right=OTHER_RIGHT[missing[1]]) if missing else BAD_KEY


def _decode(response: httpx.Response) -> RefusalWire:
    try:
        return _refusal.decode(response.content.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return RefusalWire()


def _code(response: httpx.Response) -> str | None:
    # Only what looks like a code is repeated: an error may be shown to anyone.
    code = str(_decode(response).code)
    return code if re.fullmatch(r"[a-z0-9_-]{3,80}", code) else None


def _parameters(response: httpx.Response) -> list[str]:
    try:
        params = _invalid.decode(_decode(response).data).params
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return [name for name in params if re.fullmatch(r"\w{1,40}", name)]


def _title(response: httpx.Response) -> str:
    found = re.search(rb"<title>(.{1,80}?)</title>", response.content[:5000], re.DOTALL | re.IGNORECASE)
    return html.unescape(found[1].decode(errors="replace")).strip() if found else "no title"
