"""How the API shows single objects that it does not keep as they are shown."""

import re
from typing import Any

from simulators.woocommerce import php
from simulators.woocommerce.errors import invalid_id
from simulators.woocommerce.shop import Entry, Shop
from simulators.woocommerce.switches import Switches


def shown_alone(shop: Shop, switches: Switches, kind: str, number: int) -> bytes:
    """An object as ``GET /kind/number`` shows it, and as a webhook carries it; the refusal's body when it is gone."""
    entry = shop.find(kind, number)
    if entry is None and kind == "products":
        variation = shop.find("variations", number)
        if variation:
            return as_product(shop, variation)
    if entry is None:
        return invalid_id(kind, 404).body()
    return shown_order(entry.body, switches) if kind == "orders" else entry.body


def shown_order(body: bytes, switches: Switches) -> bytes:
    """An order, with or without its refunds as the shop's version has it."""
    return body if switches.embeds_refunds else php.join(php.split(body) | {"refunds": php.raw([])})


def as_product(shop: Shop, variation: Entry) -> bytes:
    """A variation in the members of a product (recorded: the webhook of a changed variation)."""
    parent = shop.kinds["products"][variation.facts.parent_id]
    own = php.split(variation.body)
    options = [attribute["option"] for attribute in php.decode(own["attributes"])]
    image = php.decode(own["image"])
    fixed: dict[str, Any] = {
        "name": f"{parent.facts.name} - {variation.facts.name}", "slug": _slug(parent.facts.slug, *options),
        "featured": False, "catalog_visibility": "visible", "short_description": "", "total_sales": "0",
        "external_url": "", "button_text": "", "sold_individually": False, "reviews_allowed": False,
        "average_rating": "0.00", "rating_count": 0, "upsell_ids": [], "cross_sell_ids": [], "purchase_note": "",
        "categories": [], "brands": [], "tags": [], "images": [image] if image else [], "default_attributes": [],
        "variations": [], "grouped_products": [], "price_html": "", "related_ids": [], "has_options": False,
        "post_password": "", "_links": _links(parent, variation.facts.id),
    }  # fmt: skip
    # What is left, such as whether it is shipped, it has from its parent.
    slices = php.split(parent.body) | own | {name: php.raw(value) for name, value in fixed.items()}
    return php.join({name: slices[name] for name in php.split(parent.body)})


def _slug(*parts: str) -> str:
    return "-".join(re.sub(r"[^\w%]+", "-", part.lower()) for part in parts)


def _links(parent: Entry, number: int) -> dict[str, Any]:
    links: dict[str, Any] = php.decode(php.split(parent.body)["_links"])
    above = links["self"][0]["href"]
    root = above.rpartition("/")[0]
    own = links["self"][0] | {"href": f"{root}/{number}"}
    return {"self": [own], "collection": [{"href": root}], "up": [{"href": above}]}
