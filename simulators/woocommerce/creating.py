"""New objects made through the API."""

from decimal import Decimal
from typing import Any

from simulators.woocommerce import dates, php
from simulators.woocommerce.errors import ApiError
from simulators.woocommerce.inserting import copied
from simulators.woocommerce.shop import Entry
from simulators.woocommerce.site import Site


def blank(site: Site, kind: str, sent: dict[str, Any]) -> bytes:
    """A new order, product or customer with what ``sent`` says; raises ApiError 400 as recorded."""
    makers = {"orders": _order, "products": _product, "customers": _customer}
    number = makers[kind](site, sent)
    entry = site.shop.find(kind, number)
    return entry.body if entry else b""


def paid(site: Site) -> dict[str, str]:
    """What ``set_paid`` does to an order that was not paid, unless a status is sent too (api-facts 1.7)."""
    local, gmt = dates.pair(site.clock.now(), site.shop.zone)
    return {"status": "processing", "date_paid": local, "date_paid_gmt": gmt}


def _order(site: Site, sent: dict[str, Any]) -> int:
    """An order from the recorded blank one: created by REST, pending, lines without taxes or discounts."""
    coupon = next((line.get("code") for line in sent.get("coupon_lines", [])), None)
    lines = [_line(site, item) for item in sent.get("line_items", [])]
    total = sum((Decimal(line["total"]) for line in lines), Decimal("0.00"))
    allowed = ("status", "currency", "customer_id", "customer_note", "billing", "shipping", "payment_method",
               "payment_method_title", "transaction_id")  # fmt: skip
    fields = {name: sent[name] for name in allowed if name in sent}
    fields |= {"line_items": lines, "tax_lines": [], "total": str(total)}
    fields["meta_data"] = [{"id": site.shop.inner_id(), **item} for item in sent.get("meta_data", [])]
    if sent.get("set_paid") is True:
        fields = paid(site) | fields
    if coupon and all(entry.facts.code != coupon for entry in site.shop.kinds["coupons"].values()):
        return _refuse_coupon(site, coupon)
    return _placed(site, fields)


def _placed(site: Site, fields: dict[str, Any]) -> int:
    local, gmt = dates.pair(site.clock.now(), site.shop.zone)
    stamps = {"date_created": local, "date_created_gmt": gmt}
    slices = copied(site.shop, "orders", site.shop.blank_order, stamps)
    made = site.world.add("orders", slices, fields)
    return int(made["id"])


def _refuse_coupon(site: Site, coupon: str) -> int:
    """The order is refused, and a checkout-draft stays behind (recorded: 400-order-bad-coupon)."""
    number = _placed(site, {"status": "checkout-draft", "line_items": [], "tax_lines": []})
    text = f"Coupon &quot;{coupon}&quot; cannot be applied because it does not exist."
    raise ApiError(400, "woocommerce_rest_invalid_coupon", text, {"status": 400, "new_draft_order_id": number})


def _line(site: Site, item: dict[str, Any]) -> dict[str, Any]:
    """A line as sent; an unknown product gives an empty line (recorded: 201-order-with-unknown-product-ACCEPTED)."""
    if not any(item.get(name) for name in ("product_id", "variation_id", "sku")):
        raise ApiError(400, "woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    blank_line: dict[str, Any] = php.decode(php.split(site.shop.blank_order.body)["line_items"])[0]
    variation = site.shop.find("variations", item.get("variation_id") or 0)
    product = site.shop.find("products", variation.facts.parent_id if variation else item.get("product_id") or 0)
    line = blank_line | {"id": site.shop.inner_id(), "quantity": item.get("quantity", 1), "taxes": []}
    sold = variation or product
    if sold is not None:
        price = Decimal(sold.facts.price or "0")
        total = str((price * Decimal(str(line["quantity"]))).quantize(Decimal("0.01")))
        line |= {"name": sold.facts.name, "product_id": product.facts.id if product else 0, "sku": sold.facts.sku}
        line |= {"variation_id": variation.facts.id if variation else 0, "price": float(price), "global_unique_id": ""}
        line |= {"subtotal": total, "total": total}
    return line | {name: item[name] for name in ("name", "subtotal", "total") if name in item}


def _product(site: Site, sent: dict[str, Any]) -> int:
    holder = _holder_of(site, sent.get("sku"))
    if holder is not None:
        data = {"status": 400, "resource_id": holder.facts.id, "unique_sku": _free_sku(site, str(sent["sku"]))}
        raise ApiError(400, "product_invalid_sku", "Invalid or duplicated SKU.", data)
    simple = next(entry for entry in site.shop.kinds["products"].values() if entry.facts.type == "simple")
    price = sent.get("sale_price") or sent.get("regular_price") or ""
    fields = {"name": "", "sku": "", "meta_data": [], "regular_price": "", "sale_price": "", **sent, "price": price}
    made = site.world.insert("products", fields, like=simple.facts.id)
    return int(made["id"])


def _holder_of(site: Site, sku: str | None) -> Entry | None:
    holders = [*site.shop.kinds["products"].values(), *site.shop.kinds["variations"].values()]
    return next((entry for entry in holders if sku and entry.facts.sku == sku), None)


def _free_sku(site: Site, sku: str) -> str:
    number = 1
    while _holder_of(site, f"{sku}-{number}"):
        number += 1
    return f"{sku}-{number}"


def _customer(site: Site, sent: dict[str, Any]) -> int:
    email = str(sent.get("email", ""))
    if any(entry.facts.email.lower() == email.lower() for entry in site.shop.kinds["customers"].values()):
        text = f"An account is already registered with {email}. Please log in or use a different email address."
        raise ApiError(400, "registration-error-email-exists", text)
    like = next(entry for entry in site.shop.kinds["customers"].values() if entry.facts.role == "customer")
    empty = {"first_name": "", "last_name": "", "meta_data": [], "is_paying_customer": False}
    made = site.world.insert("customers", empty | sent, like=like.facts.id)
    return int(made["id"])
