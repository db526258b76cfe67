"""What POST, PUT and DELETE do: the world's actions, refused where WooCommerce refuses."""

from decimal import Decimal
from typing import Any

import msgspec

from simulators.http import Answer
from simulators.woocommerce import php
from simulators.woocommerce.auth import check_right
from simulators.woocommerce.creating import blank, paid
from simulators.woocommerce.errors import INVALID_POST_TYPE, ApiError
from simulators.woocommerce.http import Request
from simulators.woocommerce.reading import existing
from simulators.woocommerce.site import Call, Site

# Read-only members are ignored in a body (api-facts 1.7; schema of the controllers).
_READ_ONLY = frozenset({
    "id", "number", "order_key", "version", "date_created", "date_created_gmt", "date_modified", "date_modified_gmt",
    "total", "total_tax", "cart_tax", "discount_total", "discount_tax", "shipping_total", "shipping_tax", "refunds",
    "_links", "permalink", "price", "created_via",
})  # fmt: skip


def create(site: Site, call: Call) -> Answer:
    """A new order, product or customer: 201 with its Location. A repeated call makes a second one (api-facts 1.7)."""
    sent = body_of(call.request)
    check_right(call.key, "create")
    if sent.get("id"):
        kind = INVALID_POST_TYPE.get(call.kind, call.kind)
        raise ApiError(400, f"woocommerce_rest_{kind}_exists", f"Cannot create existing {kind}.")
    body = blank(site, call.kind, sent)
    headers = [("Location", f"{call.request.base}{call.request.path.rstrip('/')}/{php.decode(body)['id']}")]
    return Answer(201, body, headers)


def update(site: Site, call: Call) -> Answer:
    """Edit an object; 400 when it is not there (class-wc-rest-crud-controller.php update_item)."""
    sent = body_of(call.request)
    if call.kind == "products" and site.shop.find("variations", call.numbers[-1]):
        path = "/products/&lt;product_id&gt;/variations/&lt;id&gt;"
        text = f"To manipulate product variations you should use the {path} endpoint."
        raise ApiError(404, "woocommerce_rest_invalid_product_id", text)
    entry = existing(site, call, "edit", 400)
    writable = {name: value for name, value in sent.items() if name not in _READ_ONLY}
    if "meta_data" in writable:
        writable["meta_data"] = _merged_meta(site, entry.body, writable["meta_data"])
    if "line_items" in writable:
        writable |= _merged_lines(entry.body, writable["line_items"])
    if writable.pop("set_paid", False) is True and not php.decode(php.split(entry.body)["date_paid"]):
        writable = paid(site) | writable
    site.world.edit(call.kind, call.numbers[-1], writable)
    changed = site.shop.find(call.kind, call.numbers[-1])
    return Answer(200, changed.body if changed else b"", [])


def delete(site: Site, call: Call) -> Answer:
    """To the trash, or with ``force=true`` for good; what it was is answered.

    501 where there is no trash, 410 in the trash already (class-wc-rest-crud-controller.php delete_item).
    """
    entry = existing(site, call, "delete", 404)
    number = call.numbers[-1]
    if str(call.request.params.get("force", "")).lower() in ("true", "1"):
        site.world.delete(call.kind, number)
        return Answer(200, entry.body, [])
    if call.kind not in ("orders", "products"):
        name = "Customers do" if call.kind == "customers" else f"The {INVALID_POST_TYPE[call.kind]} does"
        raise ApiError(501, "woocommerce_rest_trash_not_supported", f"{name} not support trashing.")
    if entry.facts.status == "trash":
        name = INVALID_POST_TYPE[call.kind]
        raise ApiError(410, "woocommerce_rest_already_trashed", f"The {name} has already been deleted.")
    site.world.trash(call.kind, number)
    trashed = site.shop.find(call.kind, number)
    return Answer(200, trashed.body if trashed else b"", [])


def refund(site: Site, call: Call) -> Answer:
    """Refund an order. Failures are HTTP 500 with a bare number as ``data`` (recorded: 500-refund-too-high)."""
    sent = body_of(call.request)
    check_right(call.key, "create")
    if site.shop.find("orders", call.numbers[0]) is None:
        raise ApiError(500, "woocommerce_rest_invalid_order_id", "Invalid order ID.", 404)
    lines = sent.get("line_items") or []
    amount = sent.get("amount", None if not lines else _sum_of(lines))
    if amount is not None and str(amount).startswith("-"):
        text = "Refund amount must be greater than zero."
        raise ApiError(500, "woocommerce_rest_invalid_order_refund", text, 400)
    try:
        made = site.world.refund(call.numbers[0], amount, sent.get("reason") or "", lines)
    except ValueError as error:
        raise ApiError(500, "woocommerce_rest_cannot_create_order_refund", str(error), 500) from error
    body = php.join({name: part for name, part in php.split(php.encode(made)).items() if name != "parent_id"})
    return Answer(201, body, [("Location", f"{call.request.base}{call.request.path.rstrip('/')}/{made['id']}")])


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body; raises ApiError 400 as recorded (400-bad-json)."""
    if not request.body:
        return {}
    try:
        sent = msgspec.json.decode(request.body)
    except msgspec.DecodeError as error:
        data = {"status": 400, "json_error_code": 4, "json_error_message": "Syntax error"}
        raise ApiError(400, "rest_invalid_json", "Invalid JSON body passed.", data) from error
    return sent if isinstance(sent, dict) else {}


def _sum_of(lines: list[dict[str, Any]]) -> str:
    parts = [Decimal(str(line.get("refund_total", 0))) for line in lines]
    parts += [Decimal(str(tax.get("refund_total", 0))) for line in lines for tax in line.get("refund_tax", [])]
    return str(sum(parts, Decimal()))


def _merged_meta(site: Site, body: bytes, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Meta rows are found by id or key, changed in place, removed by a null value, or added (api-facts 1.7)."""
    rows: list[dict[str, Any]] = php.decode(php.split(body)["meta_data"])
    for item in sent:
        known = next((row for row in rows if row["id"] == item.get("id") or row["key"] == item.get("key")), None)
        if known is None:
            rows.append({"id": site.shop.inner_id(), "key": item["key"], "value": item["value"]})
        else:
            known |= {name: item[name] for name in ("key", "value") if name in item}
    return [row for row in rows if row["value"] is not None]


def _merged_lines(body: bytes, sent: list[dict[str, Any]]) -> dict[str, Any]:
    """Lines are found by id, removed by quantity 0, and the order's totals follow; taxes stay as they are.

    400 for an id of another order (api-facts 1.7 create and update rules).
    """
    slices = php.split(body)
    lines: list[dict[str, Any]] = php.decode(slices["line_items"])
    before = _total(lines)
    for item in sent:
        known = next((line for line in lines if line["id"] == item.get("id")), None)
        if known is None:
            raise ApiError(
                400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order."
            )
        if item.get("quantity") == 0 or ("product_id" in item and item["product_id"] is None):
            lines.remove(known)
        else:
            known |= item
    total = Decimal(php.decode(slices["total"])) + _total(lines) - before
    return {"line_items": lines, "total": str(total)}


def _total(lines: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(str(line["total"])) + Decimal(str(line["total_tax"])) for line in lines), Decimal("0.00"))
