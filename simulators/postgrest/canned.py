"""Ready answers that a fault can send."""

from collections.abc import Mapping

from simulators.http import Answer
from simulators.postgrest.errors import ApiError

_HTML = [("Content-Type", "text/html; charset=UTF-8")]
_TEXT = [("Content-Type", "text/plain")]


def _page(status: int, title: str) -> Answer:
    return Answer(status, f"<!DOCTYPE html><html><head><title>{title}</title></head></html>".encode(), _HTML)


ANSWERS = {
    "paused": _page(540, "Project paused"),
    "web-server-is-down": _page(521, "Web server is down"),
    "gateway-timeout": Answer(544, b"", _TEXT),
    "page-in-200": _page(200, "Welcome"),
    "address-too-long": Answer(414, b"URI too long\n", _TEXT),
    "body-too-large": Answer(413, b'{"message":"Request size limit exceeded"}', [("Content-Type", "application/json")]),
    "restricted": Answer(
        402, b'{"message":"Service for this project is restricted: exceed_egress_quota"}',
        [("Content-Type", "application/json")],
    ),
    "rate-limited": Answer(429, b'{"message":"API rate limit exceeded"}', [("Content-Type", "application/json")]),
    "no-schema-cache": ApiError(
        503, "PGRST002", "Could not query the database for the schema cache. Retrying."
    ).answer(),
    "no-connection-left": ApiError(504, "PGRST003", "Timed out acquiring connection from connection pool.").answer(),
    "jwt-expired": ApiError(401, "PGRST303", "JWT expired").answer(),
}  # fmt: skip


def replayed(name: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A ready answer with ``headers`` added; raises ValueError for a name that is none."""
    if name not in ANSWERS:
        raise ValueError(f"There is no recording {name!r}. Known: {', '.join(ANSWERS)}.")
    taken = ANSWERS[name]
    return Answer(taken.status, taken.body, [*taken.headers, *(headers or {}).items()])
