"""Which webhook topics follow from what happens in a shop, in the order in which WooCommerce queues them.

Sources: the recorded deliveries and woocommerce-observed; for what was not recorded class-wc-webhook.php
(get_default_topic_hooks, is_valid_resource) and OrdersTableDataStore.php.
"""

from simulators.woocommerce.shop import Facts

RESOURCES = {
    "orders": "order", "products": "product", "variations": "product", "customers": "customer", "coupons": "coupon",
}  # fmt: skip
"""The resource that a kind is called in topics: a variation is a product."""
_UNBORN = frozenset({"auto-draft", "draft", "new"})
_DRAFTS = _UNBORN | {"checkout-draft"}
_CHECKOUTS = frozenset({"checkout", "store-api"})


def of_addition(kind: str, made: Facts) -> list[str]:
    """A new object. A checkout begins as a draft, so its update is queued first; an unfinished one stays unborn."""
    resource = RESOURCES.get(kind, "")
    created, updated = f"{resource}.created", f"{resource}.updated"
    if kind == "orders":
        if made.status in _DRAFTS:
            return [] if made.status in _UNBORN else [updated]
        return [updated, created] if made.created_via in _CHECKOUTS else [created, updated]
    if kind == "customers":
        return [created, updated]
    if not resource or made.status in ("auto-draft", "new"):
        return []
    return [created, "product.published"] if kind == "products" and made.status == "publish" else [created]


def of_edit(kind: str, before: Facts, after: Facts, *, in_tables: bool) -> list[str]:
    """An edit, even an empty one. ``in_tables``: orders live in order tables, where leaving the trash tells nobody."""
    resource = RESOURCES.get(kind, "")
    if not resource or after.status in (_UNBORN if kind == "orders" else ("auto-draft", "new")):
        return []
    updated = f"{resource}.updated"
    if kind == "orders":
        if before.status == "trash" and after.status != "trash" and in_tables:
            return []
        return [f"{resource}.created" if before.status in _DRAFTS and after.status not in _DRAFTS else updated]
    published = kind == "products" and after.status == "publish" != before.status
    return [updated, "product.published"] if published else [updated]
