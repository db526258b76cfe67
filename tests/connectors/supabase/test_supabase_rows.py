"""What stands in the warehouse after a write, to the digit and to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.supabase.connector import SupabaseConnector
from domain.errors import Misconfigured
from domain.keys import Kind, RecordKey
from domain.records import Address, StockKeeping
from domain.writes import Action, Plan, Result
from tests.connectors.supabase.conftest import Look, carry
from tests.connectors.supabase.samples import (
    HOME,
    MAKERS,
    NOON,
    STOCK,
    customer,
    line,
    order,
    product,
    refund,
    tax_rate,
    variation,
)
from tests.connectors.writes_contract import plan_of


def test_an_order_stands_there_with_every_field(warehouse: SupabaseConnector, look: Look, tenant: str) -> None:
    carry(warehouse, order(7, customer_id="12", paid_at=NOON))

    assert look.rows(
        """SELECT tenant, connection, source_id, number, status, currency, prices_include_tax, customer_id,
                  discount_total, total::text, created_at, paid_at, completed_at, source_modified_at,
                  billing_first_name, billing_line_1, shipping_city, fingerprint, raw::text, deleted_at
           FROM commerce.orders"""
    ) == [
        (
            *(tenant, "shop", "7", "R-7", "processing", "EUR", True, "12", Decimal("1.99"), "27.1400"),
            *(NOON, NOON, None, NOON, "Änne", "Weg 1\tHof", "", "order 1", '{"id": "7", "version": "1"}', None),
        )
    ]
    assert look.rows("SELECT source_id, type, name, quantity, variation_id, total_tax FROM commerce.order_lines") == [
        ("71", "product", "Kaffee Nr. 71", 2, None, Decimal("3.4029")),
        ("72", "product", "Kaffee Nr. 72", 2, None, Decimal("3.4029")),
    ]


def test_products_and_variations_share_the_table_of_stock(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, product(7))
    carry(warehouse, variation(7, stock=STOCK.model_copy(update={"keeping": StockKeeping.PARENT, "quantity": None})))

    assert look.rows("SELECT categories, price::text FROM commerce.products") == [
        (["Kaffee", 'Bohnen, "ganz"'], "19.9")
    ]
    assert look.rows("SELECT product_id, attributes FROM commerce.variations") == [("7", {"Größe": "XL", "": "x"})]
    assert look.rows("SELECT kind, source_id, keeping, quantity FROM commerce.stock ORDER BY 1") == [
        ("product", "7", "own", Decimal("3.5")),
        ("variation", "7", "parent", None),
    ]


def test_customers_refunds_and_tax_rates_stand_there_too(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, customer(1))
    carry(warehouse, refund(2))
    carry(warehouse, tax_rate(3))

    assert look.rows("SELECT email, is_paying, billing_city FROM commerce.customers") == [
        ("a@example.test", True, HOME.city)
    ]
    assert look.rows("SELECT order_id, amount, paid_back_by_gateway FROM commerce.refunds") == [
        ("17", Decimal("5.00"), False)
    ]
    assert look.rows("SELECT rate::text, priority, postcodes, cities FROM commerce.tax_rates") == [
        ("19.0000", 1, ["10115", "1*"], [])
    ]


def test_a_second_write_touches_no_row_of_any_table(warehouse: SupabaseConnector, look: Look) -> None:
    for make in MAKERS.values():
        carry(warehouse, *(make(number) for number in range(1, 6)))
    before = look.versions()

    for make in MAKERS.values():
        assert carry(warehouse, *(make(number) for number in range(1, 6))) == [Result.UNCHANGED] * 5

    assert look.versions() == before
    assert {table: len(rows) for table, rows in before.items()} == {
        "tax_rates": 5, "products": 5, "variations": 5, "stock": 10, "customers": 5, "orders": 5, "order_lines": 10,
        "refunds": 5,
    }  # fmt: skip


def test_only_changed_rows_and_changed_lines_get_a_new_version(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, order(1), order(2))
    before = look.versions()

    changed = order(1, "2", lines=(line(11), line(12, total=Decimal("17.92"))))
    assert carry(warehouse, changed, order(2)) == [Result.UPDATED, Result.UNCHANGED]

    after = look.versions()
    assert [old == new for old, new in zip(before["orders"], after["orders"], strict=True)] == [False, True]
    assert [old == new for old, new in zip(before["order_lines"], after["order_lines"], strict=True)] == [
        *(True, False),
        *(True, True),
    ]


def test_a_changed_row_tells_when_it_was_synced(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, refund(1), refund(2))
    ((old,),) = look.rows("SELECT DISTINCT synced_at FROM commerce.refunds")
    carry(warehouse, refund(1, "2"), refund(2))

    assert look.rows("SELECT source_id, synced_at > %s FROM commerce.refunds ORDER BY 1", old) == [
        ("1", True),
        ("2", False),
    ]


def test_lines_that_left_an_order_are_gone_and_new_ones_are_there(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, order(1), order(2))
    carry(warehouse, order(1, "2", lines=(line(12), line(13))), order(2, "2", lines=()))

    assert look.rows("SELECT order_id, source_id FROM commerce.order_lines ORDER BY 1, 2") == [("1", "12"), ("1", "13")]


def test_the_lines_of_a_vanished_order_vanish_and_come_back_with_it(warehouse: SupabaseConnector, look: Look) -> None:
    gone = "SELECT deleted_at IS NOT NULL FROM commerce.{} WHERE connection = 'shop' ORDER BY source_id"
    carry(warehouse, order(1), order(2))
    carry(warehouse, order(1), action=Action.REMOVE)

    assert look.rows(gone.format("orders")) == [(True,), (False,)]
    assert look.rows(gone.format("order_lines")) == [(True,), (True,), (False,), (False,)]
    assert carry(warehouse, order(1)) == [Result.UPDATED]
    assert look.rows(gone.format("orders")) == [(False,)] * 2
    assert look.rows(gone.format("order_lines")) == [(False,)] * 4


def test_the_stock_of_a_vanished_product_vanishes_but_not_that_of_a_variation(
    warehouse: SupabaseConnector, look: Look
) -> None:
    carry(warehouse, product(7), product(8))
    carry(warehouse, variation(7))
    carry(warehouse, product(7), action=Action.REMOVE)

    stock = "SELECT kind, source_id FROM commerce.stock WHERE deleted_at IS NULL ORDER BY 1, 2"
    assert look.rows(stock) == [("product", "8"), ("variation", "7")]


def test_a_removed_row_keeps_what_it_held(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, order(1))
    carry(warehouse, order(1), action=Action.REMOVE)

    ((total, raw),) = look.rows("SELECT total, raw::text FROM commerce.orders WHERE deleted_at >= synced_at")
    assert (total, raw) == (Decimal("27.14"), '{"id": "1", "version": "1"}')


def test_the_earliest_and_the_latest_moment_are_kept(warehouse: SupabaseConnector, look: Look) -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    carry(warehouse, refund(1, created_at=first), refund(2, created_at=last))

    assert look.rows("SELECT created_at AT TIME ZONE 'UTC' FROM commerce.refunds ORDER BY source_id") == [
        (first.replace(tzinfo=None),),
        (last.replace(tzinfo=None),),
    ]


def test_an_address_fills_its_columns_in_order(warehouse: SupabaseConnector, look: Look) -> None:
    names = list(Address.model_fields)
    carry(warehouse, order(1, billing=Address(**{name: f"b {name}" for name in names})))

    columns = ", ".join(f"billing_{name}" for name in names)
    assert look.rows(f"SELECT {columns} FROM commerce.orders") == [tuple(f"b {name}" for name in names)]


def test_the_warehouse_tells_by_kind_what_it_holds(warehouse: SupabaseConnector) -> None:
    carry(warehouse, order(1), order(2))

    assert warehouse.held(Kind.ORDER, "shop", ["1", "2", "3", "nul\0", "half \ud800"]) == {
        "1": "order 1",
        "2": "order 1",
    }
    assert warehouse.held(Kind.REFUND, "shop", ["1"]) == {}


def test_a_plan_that_is_none_for_a_warehouse_is_refused(warehouse: SupabaseConnector) -> None:
    (first,), (second,) = (plan_of("warehouse", [made]).writes for made in (order(1), refund(1)))
    bodiless = first.model_copy(update={"record": None})
    of_books = first.model_copy(update={"source": RecordKey(connection="shop", kind=Kind.INVOICE, id="1")})

    with pytest.raises(ValueError, match="one kind"):
        warehouse.write(Plan(target="warehouse", writes=(first, second)))
    with pytest.raises(ValueError, match="records of the hub"):
        warehouse.write(Plan(target="warehouse", writes=(bodiless,)))
    with pytest.raises(Misconfigured, match="no table for records of the kind invoice"):
        warehouse.write(Plan(target="warehouse", writes=(of_books,)))
