"""Calls to one shop: authenticated, patient, side by side as far as the shop keeps up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import perf_counter

import httpx
import msgspec

from connectors.call_count import CallCount
from connectors.http import Call, Patience, open_client, send, served_at
from connectors.woocommerce.answers import Listing, read_listing, read_version, refusal
from connectors.woocommerce.bound import MOST, Bound
from connectors.woocommerce.settings import REST_PATH, WooCommerceCredentials, WooCommerceSettings
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
        *,
        public_only: bool = False,
        calls: CallCount | None = None,
    ) -> None:
        self.connection = connection
        self.place = settings.url.removesuffix(REST_PATH)
        self.page_size = settings.page_size
        self.bound = bound or Bound()
        self._patience = patience or Patience()
        auth = httpx.BasicAuth(
            credentials.consumer_key.get_secret_value(), credentials.consumer_secret.get_secret_value()
        )
        self._http = open_client(settings.url, auth=auth, public_only=public_only)
        self._calls = calls
        if calls is not None:
            calls.watch(self._http)
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix=f"woocommerce-{connection}")

    def close(self) -> None:
        """Give up what is still under way and let the connections go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.close()
        if self._calls is not None:
            self._calls.flush()

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

    def version(self) -> str:
        """Tell which WooCommerce the shop runs; empty when the key's user may not see it, or it takes too long."""
        call = Call(self.connection, "asking for the version")
        try:
            # Asked once: it is slow in some shops, and only shop managers may see it.
            response = send(self._http, call, "GET", "system_status", params={"_fields": "environment"})
        except RetryableError:
            return ""
        return read_version(response)

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

    def change(self, method: str, path: str, values: Mapping[str, str] | None, params: Params) -> None:
        """Change something of the shop's settings; what is made anew is asked for once only, lest there be two.

        Raises:
            RecordError: the shop refuses it, or has no such thing.
        """
        call = Call(self.connection, f"changing {path}")
        body = None if values is None else msgspec.json.encode(dict(values))

        def ask() -> None:
            response = send(self._http, call, method, path, params=params, json=body)
            if response.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
                raise refusal(response, call)

        if method == "POST":
            ask()
        else:
            self._patience.insist(ask)

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
