"""The two requests that a shop sends to a webhook's address: the ping and the delivery."""

import base64
import hashlib
import hmac
from datetime import datetime

from simulators.posting import Letter, Pair
from simulators.woocommerce.switches import Switches

_WORDPRESS = "7.0.4"
# WordPress's default, which a ping does not change.
_PING_SECONDS = 5.0
# WordPress's wp_specialchars_decode, which the secret goes through before it signs.
_DECODED = {
    "&quot;": '"', "&#034;": '"', "&#x22;": '"', "&#039;": "'", "&#x27;": "'", "&lt;": "<", "&#060;": "<",
    "&gt;": ">", "&#062;": ">", "&amp;": "&", "&#038;": "&", "&#x26;": "&",
}  # fmt: skip
# WordPress salts its hashes with a secret of the site; this site's is known.
_SALT = b"salt of the twin"


def ping(hook: int, url: str, switches: Switches) -> Letter:
    """What is sent when a webhook is made: a form without a signature (recorded)."""
    form = ("Content-Type", "application/x-www-form-urlencoded")
    body = f"webhook_id={hook}".encode()
    return Letter(f"ping {hook}", url, [*_standing(switches), form], body, _PING_SECONDS, follows=True)


def delivery(about: str, url: str, headers: list[Pair], body: bytes, switches: Switches) -> Letter:
    """A delivery; redirects are not followed (recorded)."""
    kind = ("Content-Type", "application/json")
    return Letter(about, url, [*_standing(switches), kind, *headers], body, switches.webhooks_answer_seconds)


def headers(hook: int, topic: str, home: str, secret: str, body: bytes, now: datetime) -> list[Pair]:
    """The headers that name and sign a delivery, in their recorded order."""
    resource, _, event = topic.partition(".")
    return [
        ("X-WC-Webhook-Source", f"{home}/"),
        ("X-WC-Webhook-Topic", topic),
        ("X-WC-Webhook-Resource", resource),
        ("X-WC-Webhook-Event", event),
        ("X-WC-Webhook-Signature", signature(body, secret)),
        ("X-WC-Webhook-ID", str(hook)),
        ("X-WC-Webhook-Delivery-ID", delivery_id(hook, now)),
    ]


def signature(body: bytes, secret: str) -> str:
    """Base64 of HMAC-SHA256 over the exact bytes."""
    for entity, character in _DECODED.items():
        secret = secret.replace(entity, character)
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def delivery_id(hook: int, now: datetime) -> str:
    """A hash of the webhook and the second, so that deliveries of one second share it (recorded: 00029 to 00031)."""
    return hmac.new(_SALT, f"{hook}{int(now.timestamp())}".encode(), hashlib.md5).hexdigest()


def _standing(switches: Switches) -> list[Pair]:
    return [
        ("User-Agent", f"WooCommerce/{switches.version} Hookshot (WordPress/{_WORDPRESS})"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "deflate, gzip, br, zstd"),
    ]
