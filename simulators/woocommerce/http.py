"""What is WordPress about a request and an answer."""

from urllib.parse import parse_qsl, urlencode

from simulators import http
from simulators.woocommerce.parameters import Params, parse_query

JSON = "application/json; charset=UTF-8"


class Request(http.Request):
    """One request; ``params`` are the query as PHP reads it."""

    params: Params = {}  # noqa: RUF012 -- msgspec gives every request a dict of its own

    def __post_init__(self) -> None:
        self.params = parse_query(self.query)


# What every REST answer of the recorded shop carries.
STANDING = [
    ("Content-Type", JSON),
    ("X-Robots-Tag", "noindex"),
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Expose-Headers", "X-WP-Total, X-WP-TotalPages, Link"),
    ("Access-Control-Allow-Headers", "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"),
]
NEVER_CACHED = [
    ("Expires", "Wed, 11 Jan 1984 05:00:00 GMT"),
    ("Cache-Control", "no-cache, must-revalidate, max-age=0, no-store, private"),
]


def page_links(request: Request, number: int, pages: int, defaults: list[tuple[str, str]]) -> str:
    """The Link header of a list: ``prev`` and ``next`` only, with the caller's whole query; "" when there is neither.

    Source: class-wc-rest-crud-controller.php get_items (beyond the end ``prev`` names the last page, which is 0 when
    order tables count nothing there); recorded: a key sent in the query comes back in this header.
    """
    links = []
    if number > 1:
        links.append((min(number - 1, pages), "prev"))
    if pages > number:
        links.append((number + 1, "next"))
    address = f"{request.base}{request.path.rstrip('/')}"
    return ", ".join(
        f'<{address}?{_with_page(request.query, page, defaults)}>; rel="{relation}"' for page, relation in links
    )


def _with_page(query: str, page: int, defaults: list[tuple[str, str]]) -> str:
    sent = parse_qsl(query, keep_blank_values=True)
    names = {name.partition("[")[0] for name, _ in sent}
    pairs = sent + [(name, value) for name, value in defaults if name.partition("[")[0] not in names]
    if "page" in names:
        return urlencode([(name, str(page)) if name == "page" else (name, value) for name, value in pairs])
    return urlencode([*pairs, ("page", str(page))])
