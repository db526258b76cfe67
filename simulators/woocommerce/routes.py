"""The REST routes: which path means what, in the order of checks that WordPress keeps."""

import re
from collections.abc import Callable, Mapping

import msgspec

from simulators.http import Answer
from simulators.woocommerce import reading, registering, writing
from simulators.woocommerce.auth import Key, check_permission
from simulators.woocommerce.errors import ApiError, no_route
from simulators.woocommerce.http import NEVER_CACHED, STANDING, Request
from simulators.woocommerce.site import Call, Site

Act = Callable[[Site, Call], Answer]
PREFIX = "/wp-json"
NAMESPACE = "/wc/v3"


class Route(msgspec.Struct, frozen=True):
    """A path pattern, the kind of object behind it, and what each method does there."""

    pattern: re.Pattern[str]
    kind: str
    acts: Mapping[str, Act]
    since: tuple[int, ...] = ()

    @property
    def allow(self) -> str:
        """The Allow header."""
        names = [name for name in ("GET", "POST", "PUT", "PATCH", "DELETE") if name in self.acts]
        return ", ".join(names)


def _route(path: str, kind: str, acts: Mapping[str, Act], since: tuple[int, ...] = ()) -> Route:
    return Route(re.compile(path.replace("#", r"(\d+)")), kind, acts, since)


def _item(kind: str) -> Route:
    edits = dict.fromkeys(("POST", "PUT", "PATCH"), writing.update)
    return _route(rf"/{kind}/#", kind, {"GET": reading.one, **edits, "DELETE": writing.delete})


_READ = {"GET": reading.page}
_READ_WRITE = {"GET": reading.page, "POST": writing.create}
_VARIATION_EDITS = dict.fromkeys(("POST", "PUT", "PATCH"), writing.update)
ROUTES = (
    _route("/orders", "orders", _READ_WRITE),
    _item("orders"),
    _route("/orders/#/refunds", "refunds", {"GET": reading.page, "POST": writing.refund}),
    _route("/orders/#/refunds/#", "refunds", {"GET": reading.one, "DELETE": writing.delete}),
    _route("/refunds", "refunds", _READ, since=(9, 0)),
    _route("/products", "products", _READ_WRITE),
    _item("products"),
    _route("/products/#/variations", "variations", _READ),
    _route(
        "/products/#/variations/#", "variations", {"GET": reading.one, **_VARIATION_EDITS, "DELETE": writing.delete}
    ),
    _route("/variations", "variations", _READ, since=(10, 3)),
    _route("/customers", "customers", _READ_WRITE),
    _item("customers"),
    _route("/coupons", "coupons", _READ),
    _route("/coupons/#", "coupons", {"GET": reading.one}),
    _route("/taxes", "taxes", _READ),
    _route("/taxes/#", "taxes", {"GET": reading.one}),
    _route("/taxes/classes", "tax_classes", {"GET": reading.tax_classes}),
    _route("/webhooks", "webhooks", {"GET": reading.page, "POST": registering.create}),
    _route(
        "/webhooks/#",
        "webhooks",
        {
            "GET": reading.one,
            **dict.fromkeys(("POST", "PUT", "PATCH"), registering.update),
            "DELETE": registering.delete,
        },
    ),
    _route("/system_status", "system_status", {"GET": reading.system_status}),
    _route(r"/settings/[a-z_]+(?:/[a-z_]+)?", "settings", {"GET": reading.settings}),
)


def answer(site: Site, request: Request) -> Answer:
    """The shop's answer, refusals included.

    Order of checks: credentials, route, parameters, right, and only then the object (api-facts 1.1).
    """
    path = _rest_path(request)
    if path is None:
        return Answer(404, b"<html><body>Not found</body></html>", [("Content-Type", "text/html; charset=UTF-8")])
    if path == "":
        return Answer(200, site.index(request), [*STANDING, _api_link(request), ("Allow", "GET")], "index")
    known = False
    try:
        if path == NAMESPACE:
            return Answer(200, site.namespace_index(), [*STANDING, _api_link(request), ("Allow", "GET")], "index")
        key = _caller(site, request)
        known = key is not None
        return _dispatch(site, request, path, key)
    except ApiError as error:
        return _refusal(site, request, path, error, known=known)


def _dispatch(site: Site, request: Request, path: str, key: Key | None) -> Answer:
    method = method_of(request)
    check_permission(key, method)
    route, numbers = match(site, path)
    act = route.acts.get("GET" if method == "HEAD" else method)
    if act is None:
        raise no_route()
    result = act(site, Call(request, key, route.kind, numbers))
    headers = dict([_api_link(request)]) | dict(result.headers) | {"Allow": route.allow}
    return Answer(result.status, result.body, [*STANDING, *headers.items(), *NEVER_CACHED], route.kind)


def _caller(site: Site, request: Request) -> Key | None:
    if not request.path.startswith(PREFIX):
        # Recorded: 401-rest_route-query-form-basic-auth-ignored.
        return None
    return site.keys.caller(request, site.switches, site.clock.now())


def method_of(request: Request) -> str:
    """The method that WordPress acts on (class-wp-rest-server.php: ``_method`` and X-HTTP-Method-Override)."""
    override = request.params.get("_method") or request.headers.get("x-http-method-override")
    return str(override).upper() if override else request.method


def match(site: Site, path: str) -> tuple[Route, tuple[int, ...]]:
    """The route of a path under ``/wc/v3`` and the ids in it; raises ApiError 404 ``rest_no_route``."""
    inner = path.removeprefix(NAMESPACE) if path.startswith(f"{NAMESPACE}/") else ""
    for route in ROUTES:
        found = route.pattern.fullmatch(inner)
        if found and site.switches.since(*route.since):
            return route, tuple(int(number) for number in found.groups())
    raise no_route()


def _rest_path(request: Request) -> str | None:
    """The path below ``/wp-json``, or the ``rest_route`` parameter; None outside the REST API."""
    if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
        # A trailing slash changes nothing (recorded: 200-trailing-slash).
        return request.path.removeprefix(PREFIX).rstrip("/")
    route = request.params.get("rest_route")
    return route.rstrip("/") if isinstance(route, str) else None


def _refusal(site: Site, request: Request, path: str, error: ApiError, *, known: bool) -> Answer:
    headers = [*STANDING, _api_link(request)]
    try:
        route, _ = match(site, path)
    except ApiError:
        kind = ""
    else:
        kind = route.kind
        if error.allows:
            headers.append(("Allow", route.allow))
    # Only a known user's answers forbid caching (recorded heads; WordPress rest_send_nocache_headers).
    headers += NEVER_CACHED if known else [("Vary", "Origin")]
    return Answer(error.status, error.body(), headers, kind)


def _api_link(request: Request) -> tuple[str, str]:
    return "Link", f'<{request.base}{PREFIX}/>; rel="https://api.w.org/"'
