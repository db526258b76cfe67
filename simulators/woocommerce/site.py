"""One running shop: its objects, clock, switches, keys, and what the pages around the API say."""

from datetime import timedelta
from typing import Any

import msgspec

from simulators.telling import TellingSite
from simulators.woocommerce import php
from simulators.woocommerce.auth import KEY, SECRET, Key, Keys
from simulators.woocommerce.faults import replayed
from simulators.woocommerce.http import Request
from simulators.woocommerce.query import Lists
from simulators.woocommerce.shop import Shop
from simulators.woocommerce.switches import Switches
from simulators.woocommerce.webhooks import Webhooks
from simulators.woocommerce.world import World

NAMESPACES = ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc/store", "wc/store/v1", "wp/v2"]


class Call(msgspec.Struct, frozen=True):
    """A request on its way through the API: who asks for which kind, and the ids in the path."""

    request: Request
    key: Key | None
    kind: str
    numbers: tuple[int, ...]


class Site(TellingSite[Switches]):
    """A shop and everything its API needs."""

    banner = "nginx/1.22.1"

    def __init__(self, shop: Shop, switches: Switches, key: str = KEY, secret: str = SECRET) -> None:
        super().__init__(switches, "consumer_key|consumer_secret|oauth_[a-z_]+", replayed)
        newest = shop.newest()
        if newest:
            # A recorded stamp may lie in this machine's future; an edit must still be newer than it.
            self.clock.start_after(newest)
        self.shop = shop
        self.keys = Keys(key, secret)
        self.lists = Lists(shop, switches)
        self.webhooks = Webhooks(shop, self.clock, switches)
        self.tell_from(self.webhooks)
        self.world = World(shop, self.clock, switches, self.lock, self._announce)

    def _announce(self, topic: str, number: int) -> None:
        if self.webhooks.queue(topic, number):
            self.courier.wake()

    def namespace_index(self) -> bytes:
        """What ``/wp-json/wc/v3`` says without credentials, less the list of routes."""
        return php.encode({"namespace": "wc/v3", "routes": {}})

    def index(self, request: Request) -> bytes:
        """What ``/wp-json/`` says without credentials: above all the zone (class-wp-rest-server.php get_index)."""
        offset = self.clock.now().astimezone(self.shop.zone).utcoffset() or timedelta()
        hours = offset / timedelta(hours=1)
        about: dict[str, Any] = {
            "name": "Twin", "description": "", "url": request.base, "home": request.base,
            "gmt_offset": int(hours) if hours.is_integer() else hours, "timezone_string": self.shop.zone.key,
            "namespaces": NAMESPACES, "authentication": [], "routes": {},
        }  # fmt: skip
        return php.encode(about)

    def system_status(self, request: Request) -> bytes:
        """The part of ``/system_status`` that a connector reads (api-facts 1.12)."""
        about = {
            "environment": {
                "home_url": request.base, "site_url": request.base, "version": self.switches.version,
                "wp_version": "7.0.4", "default_timezone": "UTC",
            },
            "settings": {
                "api_enabled": True, "currency": "EUR", "currency_symbol": "\u20ac", "number_of_decimals": 2,
                "thousand_separator": ",", "decimal_separator": ".", "HPOS_enabled": self.switches.storage == "hpos",
                "HPOS_sync_enabled": False,
            },
        }  # fmt: skip
        return php.encode(about)


SETTINGS: dict[str, dict[str, str]] = {
    "general": {
        "woocommerce_default_country": "DE:DE-BE",
        "woocommerce_calc_taxes": "yes",
        "woocommerce_currency": "EUR",
        "woocommerce_price_thousand_sep": ",",
        "woocommerce_price_decimal_sep": ".",
        "woocommerce_price_num_decimals": "2",
    },
    "tax": {
        "woocommerce_prices_include_tax": "no",
        "woocommerce_tax_based_on": "shipping",
        "woocommerce_tax_round_at_subtotal": "no",
    },
}
"""The settings that ``/settings/{group}`` serves (api-facts 1.11)."""
