"""Orders and their lines without the product: which field of the shop goes into which column of the warehouse."""

from __future__ import annotations

from psycopg import sql

ORDER_FIELDS = {
    "number": "number",
    "status": "status",
    "currency": "currency",
    "prices_include_tax": "prices_include_tax",
    "created_via": "created_via",
    "customer_id": "customer_id",
    "payment_method": "payment_method",
    "payment_title": "payment_method_title",
    "transaction_id": "transaction_id",
    "customer_note": "customer_note",
    "discount_total": "discount_total",
    "discount_tax": "discount_tax",
    "shipping_total": "shipping_total",
    "shipping_tax": "shipping_tax",
    "total_tax": "total_tax",
    "total": "total",
    "created_at": "date_created_gmt",
    "paid_at": "date_paid_gmt",
    "completed_at": "date_completed_gmt",
    "source_modified_at": "date_modified_gmt",
}
"""Column to field of an order."""

ADDRESS_FIELDS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "line_1": "address_1",
    "line_2": "address_2",
    "city": "city",
    "state": "state",
    "postcode": "postcode",
    "country": "country",
    "email": "email",
    "phone": "phone",
}
"""The rest of a column's name, after billing or shipping, to field of an address."""

_MONEY = {"total": "total", "total_tax": "total_tax"}
LINE_FIELDS = {
    "line_items": {
        "name": "name",
        "product_id": "product_id",
        "variation_id": "variation_id",
        "sku": "sku",
        "quantity": "quantity",
        "tax_class": "tax_class",
        "subtotal": "subtotal",
        "subtotal_tax": "subtotal_tax",
        **_MONEY,
    },
    "shipping_lines": {"name": "method_title", "code": "method_id", **_MONEY},
    "fee_lines": {"name": "name", "tax_class": "tax_class", **_MONEY},
    "tax_lines": {"name": "label", "code": "rate_code", "total": "tax_total", "total_tax": "shipping_tax_total"},
    "coupon_lines": {"code": "code", "total": "discount", "total_tax": "discount_tax"},
}
"""List in an order to column to field of one of its elements."""

LINE_TYPES = dict(zip(LINE_FIELDS, ("product", "shipping", "fee", "tax", "coupon"), strict=True))

ADDRESS_COLUMNS = [f"{role}_{name}" for role in ("billing", "shipping") for name in ADDRESS_FIELDS]
ORDER_COLUMNS = ["connection", "source_id", *ORDER_FIELDS, *ADDRESS_COLUMNS, "raw"]
ORDER_KEY = ["tenant", "connection", "source_id"]
LINE_VALUES = [*LINE_FIELDS["line_items"], "code"]
LINE_COLUMNS = ["connection", "order_id", "type", "source_id", *LINE_VALUES]
LINE_KEY = ["tenant", "connection", "order_id", "source_id"]


def upsert(
    table: str, columns: list[str], key: list[str], rows: sql.Composable, compared: list[str] | None = None
) -> sql.Composed:
    """Give the statement that writes ``rows`` (VALUES or SELECT, tenant first) into a table of the warehouse.

    With ``compared`` columns, a row that is there already is updated only where one of them differs.
    """
    changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name not in key]
    differs = sql.SQL("WHERE ({}) IS DISTINCT FROM ({})").format(
        *(sql.SQL(", ").join(sql.Identifier(row, name) for name in compared or ()) for row in ("held", "excluded"))
    )
    return sql.SQL(
        "INSERT INTO {table} AS held (tenant, {columns}) {rows}"
        " ON CONFLICT ({key}) DO UPDATE SET {changes}, synced_at = now() {differs}"
    ).format(
        table=sql.Identifier("commerce", table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        rows=rows,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        changes=sql.SQL(", ").join(changes),
        differs=differs if compared else sql.SQL(""),
    )
