"""Calls to one shop: authenticated, patient, side by side as far as the shop keeps up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import perf_counter

import httpx

from connectors.http import Call, Patience, open_client, send, served_at
from connectors.woocommerce.answers import Listing, read_listing, refusal
from connectors.woocommerce.bound import MOST, Bound
from connectors.woocommerce.settings import WooCommerceCredentials, WooCommerceSettings
from connectors.woocommerce.streams import Params
from domain.errors import Misconfigured, RetryableError, Unavailable

Question = tuple[str, Params]
"""A list and its parameters: ``("orders", {"status": "any", "page": 2})``."""

_DISTRESSED = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT})


class WooCommerceClient:
    """A shop as lists of exact bytes.

    Every method raises RetryableError when the shop is busy, away or answers nonsense, FatalError when it refuses us.
    """

    def __init__(
        self,
        connection: str,
        settings: WooCommerceSettings,
        credentials: WooCommerceCredentials,
        patience: Patience | None = None,
        bound: Bound | None = None,
    ) -> None:
        self.connection = connection
        self.page_size = settings.page_size
        self.bound = bound or Bound()
        self._patience = patience or Patience()
        auth = httpx.BasicAuth(
            credentials.consumer_key.get_secret_value(), credentials.consumer_secret.get_secret_value()
        )
        self._http = open_client(settings.url, auth=auth)
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix=f"woocommerce-{connection}")

    def close(self) -> None:
        """Give up what is still under way and let the connections go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    def clock(self) -> datetime:
        """Tell the time by the shop's server, in UTC, which also proves that the key may read orders."""
        call = Call(self.connection, "asking for the time")

        def ask() -> datetime:
            response = send(self._http, call, "GET", "orders", params={"per_page": 1, "_fields": "id"})
            if response.status_code != httpx.codes.OK:
                raise refusal(response, call)
            if (moment := served_at(response)) is None:
                raise call.error(Unavailable, "the shop's server does not tell its time in a Date header", response)
            return moment

        return self._patience.insist(ask)

    def page(self, path: str, params: Params) -> Listing:
        """Give one page of a list; of a status that this shop has never heard of an empty one."""
        try:
            return self._patience.insist(lambda: self._page(path, {"per_page": self.page_size, **params}))
        except Misconfigured as error:
            # Shops without the checkout block do not know checkout-draft; "any" is known to all.
            if error.code == "rest_invalid_param" and params.get("status", "any") != "any":
                return Listing([], 0)
            raise

    def pages(self, questions: Sequence[Question]) -> Iterator[Listing]:
        """Give pages in the order asked for, fetched side by side; the first that fails ends it."""
        futures = [self._threads.submit(self.page, path, params) for path, params in questions]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def _page(self, path: str, params: Params) -> Listing:
        call = Call(self.connection, _describe(path, params))
        with self.bound.slot():
            began = perf_counter()
            try:
                response = send(self._http, call, "GET", path, params=params)
            except RetryableError:
                self.bound.note_distress(began, perf_counter())
                raise
            ended = perf_counter()
        if response.status_code in _DISTRESSED:
            self.bound.note_distress(began, ended)
        listing = read_listing(response, call)
        if len(listing.rows) >= self.page_size:
            # What a page took that is not full says nothing about the shop's load.
            self.bound.note_page(f"{path} {params.get('_fields', '')}", began, ended)
        return listing


def _describe(path: str, params: Params) -> str:
    words = [f"{name} {params[name]}" for name in ("status", "page", "offset") if name in params]
    return ", ".join([f"listing {path}", *words])
