"""The webhooks of a shop, over its REST API: which it has, and what we make, mend and remove."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import msgspec

from connectors.http import Patience
from connectors.stored import parse
from connectors.woocommerce.client import WooCommerceClient
from connectors.woocommerce.settings import WooCommerceCredentials, WooCommerceSettings
from domain.errors import AccessDenied, Missing
from domain.keys import ConnectionName

PATH = "webhooks"
ACTIVE = "active"
READ_ONLY = (
    "the key of the shop may not manage webhooks: make one with the permission Read/Write for a shop manager or an "
    "administrator, under WooCommerce > Settings > Advanced > REST API, and give it to the connection"
)


class ShopWebhook(msgspec.Struct, frozen=True, gc=False):
    """A webhook as the shop lists it; its secret is never shown. ``status`` is active, paused or disabled."""

    id: int
    topic: str
    status: str
    delivery_url: str
    name: str = ""


_webhook = msgspec.json.Decoder(ShopWebhook)


class ShopWebhooks:
    """The webhooks of one shop. Close it, or use it in ``with``.

    Every method raises RetryableError when the shop is busy or away, AccessDenied when the key may not do this.
    """

    def __init__(self, client: WooCommerceClient) -> None:
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def all(self) -> list[ShopWebhook]:
        """Give every webhook of the shop, other programs' too."""
        found: list[ShopWebhook] = []
        page = 1
        while True:
            listing = self._client.page(PATH, {"page": page})
            found += [_webhook.decode(row) for row in listing.rows]
            if not listing.rows or len(found) >= listing.total:
                return found
            page += 1

    def create(self, topic: str, name: str, url: str, secret: str) -> None:
        """Make a webhook; the shop tries the address at once, and makes it whatever comes back.

        One that may have been made although its answer was lost is found, and kept, by who looks at ``all`` next time.
        """
        self._change("POST", PATH, {"topic": topic, "name": name, "delivery_url": url, "secret": secret})

    def change(self, webhook: ShopWebhook, values: Mapping[str, str]) -> None:
        """Give a webhook another ``delivery_url``, ``secret`` or ``status``; may be repeated."""
        self._change("PUT", f"{PATH}/{webhook.id}", values)

    def remove(self, webhook: ShopWebhook) -> None:
        """Remove a webhook; one that is gone already is fine."""
        try:
            self._client.change("DELETE", f"{PATH}/{webhook.id}", None, {"force": "true"})
        except Missing:
            return
        except AccessDenied:
            raise AccessDenied(READ_ONLY, connection=self._client.connection) from None

    def _change(self, method: str, path: str, values: Mapping[str, str]) -> None:
        try:
            self._client.change(method, path, values, {})
        except AccessDenied:
            raise AccessDenied(READ_ONLY, connection=self._client.connection) from None


def open_shop_webhooks(
    connection: ConnectionName,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
    *,
    patience: Patience | None = None,
    public_only: bool = False,
) -> ShopWebhooks:
    """Open the webhooks of the shop of a connection; nothing is asked of it yet.

    Raises:
        Misconfigured: when settings or credentials cannot be used.
    """
    known = parse(WooCommerceSettings, settings, connection, "the shop")
    secrets = parse(WooCommerceCredentials, credentials, connection, "the shop")
    return ShopWebhooks(WooCommerceClient(connection, known, secrets, patience, public_only=public_only))
