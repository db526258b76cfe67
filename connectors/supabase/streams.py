"""Which kind of record lands in which table of the warehouse, column by column."""

from __future__ import annotations

from typing import LiteralString

from connectors.supabase.tables import ID, Column, Table
from domain.keys import Kind
from domain.records import Address

CONNECTION = Column("connection", ID, "key.connection", "The shop or company that the record comes from.")
SOURCE_ID = Column("source_id", ID, "key.id", "The id that the source gave the record.")
STAMPS = (
    Column("source_modified_at", "timestamptz", "changed_at", "When the record changed last, as the source tells."),
    Column("fingerprint", "text", "fingerprint", "Changes exactly when something worth writing changed."),
    Column("raw", "json", "raw", "The record as the source sent it, byte for byte."),
)


def body(kind: LiteralString, *names: str, **explained: str) -> tuple[Column, ...]:
    """Give columns of one type that are named like the attributes of the record; some with an explanation."""
    abouts = dict.fromkeys(names, "") | explained
    return tuple(Column(name, kind, f"body.{name}", about) for name, about in abouts.items())


def address(role: str) -> tuple[Column, ...]:
    """Give the columns of an address: ``billing_first_name`` and so on."""
    return tuple(Column(f"{role}_{name}", "text", f"body.{role}.{name}") for name in Address.model_fields)


def stock(kind: Kind) -> Table:
    """Give the table of stock as one of the two kinds of records that share it sees it."""
    return Table(
        name="stock",
        about="How much of each product and variation is there.",
        key=("kind", "source_id"),
        of_record=(
            CONNECTION,
            Column("kind", ID, "key.kind", "product or variation."),
            SOURCE_ID,
            Column("keeping", "text", "body.stock.keeping", "own: counted here; parent: with its product; none."),
            Column("quantity", "numeric", "body.stock.quantity", "Pieces at hand; empty when nobody counts."),
            Column("status", "text", "body.stock.status"),
            Column("backorders", "text", "body.stock.backorders"),
            Column("low_stock_amount", "numeric", "body.stock.low_stock_amount", "From here on the shop warns."),
        ),
        only=(("kind", kind.value),),
    )


ORDER_LINES = Table(
    name="order_lines",
    about="The lines of the orders: products, shipping, fees, taxes and coupons.",
    # The order comes first, so that the key also finds the lines of an order.
    key=("order_id", "source_id"),
    of_record=(CONNECTION, Column("order_id", ID, "key.id", "The source_id of the order.")),
    items="body.lines",
    of_item=(
        Column("source_id", ID, "id", "The id that the source gave the line."),
        Column("type", "text", "type", "product, shipping, fee, tax or coupon."),
        Column("name", "text", "name"),
        Column("code", "text", "code", "Shipping method, tax rate or coupon code."),
        Column("product_id", ID, "product_id"),
        Column("variation_id", ID, "variation_id"),
        Column("sku", "text", "sku"),
        Column("quantity", "numeric", "quantity"),
        Column("tax_class", "text", "tax_class"),
        Column("subtotal", "numeric", "subtotal", "Before discount, without tax."),
        Column("subtotal_tax", "numeric", "subtotal_tax"),
        Column("total", "numeric", "total", "After discount, without tax; of a coupon line the discount given."),
        Column("total_tax", "numeric", "total_tax", "Of a tax line the tax on shipping alone."),
    ),
    record_id="order_id",
)

TABLES = {
    Kind.TAX_RATE: Table(
        name="tax_rates",
        about="The tax rates of the shops.",
        key=("source_id",),
        of_record=(
            CONNECTION,
            SOURCE_ID,
            *body("text", "name", "country", "state"),
            *body("text[]", "postcodes", "cities"),
            *body("numeric", rate="In percent."),
            *body("bigint", "priority"),
            *body("boolean", "is_compound", "applies_to_shipping"),
            *body("text", "tax_class"),
            *STAMPS,
        ),
    ),
    Kind.PRODUCT: Table(
        name="products",
        about="The products of the shops; their stock is in the table stock, their choices in variations.",
        key=("source_id",),
        of_record=(
            CONNECTION,
            SOURCE_ID,
            *body("text", "name", "slug", "type", "status", "sku"),
            *body("numeric", "regular_price", "sale_price", price="In the shop's own currency."),
            *body("text", "tax_status", "tax_class", "permalink"),
            *body("text[]", "categories"),
            *body("timestamptz", "created_at"),
            *STAMPS,
        ),
        children=(stock(Kind.PRODUCT),),
    ),
    Kind.VARIATION: Table(
        name="variations",
        about="The choices of products, such as sizes; their stock is in the table stock.",
        key=("source_id",),
        of_record=(
            CONNECTION,
            SOURCE_ID,
            *body(ID, product_id="The source_id of the product."),
            *body("text", "name", "status", "sku"),
            *body("numeric", "regular_price", "sale_price", price="In the shop's own currency."),
            *body("text", "tax_status", "tax_class", "permalink"),
            *body("jsonb", attributes="What is chosen: name and value."),
            *body("timestamptz", "created_at"),
            *STAMPS,
        ),
        indexes=("product_id",),
        children=(stock(Kind.VARIATION),),
    ),
    Kind.CUSTOMER: Table(
        name="customers",
        about="The registered customers; guests are only in the billing columns of their orders.",
        key=("source_id",),
        of_record=(
            CONNECTION,
            SOURCE_ID,
            *body("text", "email", "first_name", "last_name", "username", "role"),
            *body("boolean", "is_paying"),
            *address("billing"),
            *address("shipping"),
            *body("timestamptz", "created_at"),
            *STAMPS,
        ),
    ),
    Kind.ORDER: Table(
        name="orders",
        about="The orders as the shops state them; their lines are in order_lines, money given back in refunds.",
        key=("source_id",),
        of_record=(
            CONNECTION,
            SOURCE_ID,
            *body("text", "number", "status", currency="Of all amounts of the order."),
            *body("boolean", "prices_include_tax"),
            *body("text", "created_via"),
            *body(ID, customer_id="The source_id of the customer; empty for a guest."),
            *body("text", "payment_method", "payment_title", "transaction_id", "customer_note"),
            *body("numeric", "discount_total", "discount_tax", "shipping_total", "shipping_tax", "total_tax"),
            *body("numeric", total="With tax, before refunds."),
            *body("timestamptz", "created_at", "paid_at", "completed_at"),
            *address("billing"),
            *address("shipping"),
            *STAMPS,
        ),
        indexes=("created_at",),
        children=(ORDER_LINES,),
    ),
    Kind.REFUND: Table(
        name="refunds",
        about="Money given back for orders.",
        key=("source_id",),
        of_record=(
            CONNECTION,
            SOURCE_ID,
            *body(ID, order_id="The source_id of the order."),
            *body("numeric", amount="Positive, in the currency of the order."),
            *body("text", "reason", "refunded_by"),
            *body("boolean", paid_back_by_gateway="False when it was only noted down."),
            *body("timestamptz", "created_at"),
            *STAMPS,
        ),
        indexes=("order_id",),
    ),
}
"""The table of each kind of record."""

ALL_TABLES = {table.name: table for main in TABLES.values() for table in (main, *main.children)}
"""Every table by its name."""
