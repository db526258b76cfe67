"""What GET answers."""

from typing import Any

from simulators.http import Answer
from simulators.woocommerce import fields, php
from simulators.woocommerce.auth import check_right
from simulators.woocommerce.errors import ApiError, invalid_id
from simulators.woocommerce.http import page_links
from simulators.woocommerce.parameters import clean
from simulators.woocommerce.representing import shown_alone, shown_order
from simulators.woocommerce.shop import Entry
from simulators.woocommerce.site import SETTINGS, Call, Site

# Recorded with every list of orders: the parameters WooCommerce fills in come back in the Link header.
_LINK_DEFAULTS = {"orders": [("status[0]", "any"), ("dp", "2"), ("context", "view")]}


def page(site: Site, call: Call) -> Answer:
    """One page of a list: the exact text of each object, between brackets."""
    params = clean(call.kind, call.request.params, site.switches.extra_statuses)
    check_right(call.key, "list")
    parent = call.numbers[0] if call.numbers else None
    if parent is not None and call.kind == "variations" and site.shop.find("products", parent) is None:
        # class-wc-rest-product-variations-controller.php; the refunds of an unknown order are just an empty list.
        raise ApiError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
    found = site.lists.page(call.kind, params, parent)
    bodies = shown(site, call, found.entries)
    headers = [("X-WP-Total", str(found.total)), ("X-WP-TotalPages", str(found.pages))]
    links = page_links(call.request, found.number, found.pages, _LINK_DEFAULTS.get(call.kind, []))
    if links:
        headers.append(("Link", links))
    return Answer(200, b"[" + b",".join(bodies) + b"]", headers)


def one(site: Site, call: Call) -> Answer:
    """One object; 404 when it is not there, or not below its parent."""
    if call.kind == "products" and site.shop.find("variations", call.numbers[0]):
        # The delivery of a changed variation is what this request answers (class-wc-webhook.php get_wp_api_payload).
        check_right(call.key, "view")
        bodies = _trimmed(site, call, [shown_alone(site.shop, site.switches, "products", call.numbers[0])])
    else:
        # A webhook that is not there is refused as in an edit (class-wc-rest-webhooks-v2-controller.php).
        missing = 400 if call.kind == "webhooks" else 404
        bodies = shown(site, call, [existing(site, call, "view", missing)])
    return Answer(200, bodies[0], [])


def existing(site: Site, call: Call, verb: str, missing: int) -> Entry:
    """The object that a path names; raises ApiError ``missing`` without one, 401 or 403 without the right to it.

    The right is checked only for what exists (class-wc-rest-crud-controller.php get_item_permissions_check), but for
    customers always.
    """
    entry = site.shop.find(call.kind, call.numbers[-1])
    if call.kind == "customers":
        check_right(call.key, verb)
    if entry is None or (len(call.numbers) > 1 and entry.facts.parent_id != call.numbers[0]):
        raise invalid_id(call.kind, missing)
    check_right(call.key, verb)
    return entry


def tax_classes(site: Site, call: Call) -> Answer:
    """The tax classes, as recorded."""
    check_right(call.key, "list")
    count = str(len(php.decode(site.shop.tax_classes)))
    return Answer(200, site.shop.tax_classes, [("X-WP-Total", count), ("X-WP-TotalPages", "1")])


def system_status(site: Site, call: Call) -> Answer:
    """Versions and settings."""
    check_right(call.key, "list")
    return Answer(200, site.system_status(call.request), [])


def settings(site: Site, call: Call) -> Answer:
    """A group of settings, or one of them."""
    check_right(call.key, "list")
    group, _, name = call.request.path.rstrip("/").partition("/settings/")[2].partition("/")
    values = SETTINGS.get(group)
    if values is None:
        raise ApiError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
    rows = [{"id": setting, "value": value} for setting, value in values.items()]
    if not name:
        return Answer(200, php.encode(rows), [])
    if name not in values:
        raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
    return Answer(200, php.encode({"id": name, "value": values[name]}), [])


def shown(site: Site, call: Call, entries: list[Entry]) -> list[bytes]:
    """The texts of objects as this path shows them, trimmed to ``_fields``."""
    bodies = [entry.body for entry in entries]
    if call.numbers and call.kind in ("refunds", "variations"):
        bodies = [_below_parent(call.kind, entry) for entry in entries]
    if call.kind == "orders":
        bodies = [shown_order(body, site.switches) for body in bodies]
    return _trimmed(site, call, bodies)


def _trimmed(site: Site, call: Call, bodies: list[bytes]) -> list[bytes]:
    tree = fields.wanted(call.request.params, keeps_id=site.switches.keeps_id)
    return bodies if tree is None else [fields.trim(body, tree) for body in bodies]


def _below_parent(kind: str, entry: Entry) -> bytes:
    """Below its parent an object shows no ``parent_id``: only the flat lists add it.

    Source: the recorded refunds; for variations class-wc-rest-variations-controller.php.
    """
    slices = php.split(entry.body)
    del slices["parent_id"]
    if kind == "variations":
        slices["_links"] = php.raw(_variation_links(entry, php.decode(slices["_links"])))
    return php.join(slices)


def _variation_links(entry: Entry, links: dict[str, Any]) -> dict[str, Any]:
    root = links["collection"][0]["href"].removesuffix("/variations")
    parent = f"{root}/products/{entry.facts.parent_id}"
    return {
        "self": [{"href": f"{parent}/variations/{entry.facts.id}"}],
        "collection": [{"href": f"{parent}/variations"}],
        "up": [{"href": parent}],
    }
