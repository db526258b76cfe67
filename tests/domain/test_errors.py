from __future__ import annotations

from domain.errors import AccessDenied, ConnectorError, FatalError, RateLimited, RetryableError


def test_an_error_tells_where_it_happened_and_what() -> None:
    error = AccessDenied("credentials refused", connection="berlin-shop", operation="GET /orders", status=401)
    assert str(error) == "berlin-shop GET /orders: credentials refused"


def test_an_error_without_context_is_just_its_sentence() -> None:
    assert str(ConnectorError("the key is missing")) == "the key is missing"


def test_what_the_sync_does_next_is_the_type_of_the_error() -> None:
    assert isinstance(RateLimited("slow down", retry_after=3.0), RetryableError)
    assert isinstance(AccessDenied("no"), FatalError)
    assert not isinstance(AccessDenied("no"), RetryableError)
