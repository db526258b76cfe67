"""Whatever a shop sends, a record is read or named; amounts come through unchanged."""

from __future__ import annotations

import copy
import json
import string
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.woocommerce.reading import Reader
from connectors.woocommerce.streams import STREAMS
from connectors.woocommerce.values import Untranslatable, amount, due
from domain.keys import Kind
from domain.problems import Problem
from domain.records import Order, Record
from simulators.woocommerce.recorded import slices

RECORDED = {
    Kind.TAX_RATE: "taxes",
    Kind.PRODUCT: "products",
    Kind.VARIATION: "variations",
    Kind.CUSTOMER: "customers",
    Kind.ORDER: "orders-p1",
    Kind.REFUND: "refunds",
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "0", "-0.00", "NaN", "Infinity", "1e999999", "1_0", "&amp;#0;", "\x00", "parent", "yes"])
    | st.sampled_from(["2026-02-30T00:00:00", "0000-00-00T00:00:00", "0001-01-01T00:00:00+23:59", "2026-01-01"])
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def reader(kind: Kind) -> Reader:
    return Reader("berlin-shop", kind, STREAMS[kind])


@cache
def recorded(kind: Kind) -> list[Any]:
    return [json.loads(text) for text in slices(RECORDED[kind])]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as the container and the key or index in it."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@st.composite
def mutated(draw: st.DrawFn, kind: Kind) -> bytes:
    """A recorded record with one to three of its values replaced or left out."""
    value = copy.deepcopy(draw(st.sampled_from(recorded(kind))))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(value)))
        if draw(st.booleans()):
            container[key] = draw(anything)
        else:
            del container[key]
        if not value:
            break
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")


@pytest.mark.parametrize("kind", STREAMS)
@settings(max_examples=150)
@given(data=st.data())
def test_a_record_with_strange_values_is_read_or_named(kind: Kind, data: st.DataObject) -> None:
    text = data.draw(mutated(kind))

    reading = reader(kind).read(msgspec.Raw(text))

    assert reading.key.kind is kind
    if isinstance(reading, Record):
        assert type(reading.body).model_validate(reading.body.model_dump()) == reading.body
        assert reading.raw.encode() == text
    else:
        assert reading.code == "woocommerce.unreadable"
        assert reading.message.startswith(f"{kind} {reading.key.id} of the shop cannot be read: ")


@pytest.mark.parametrize("kind", STREAMS)
@given(noise=st.binary(max_size=30), at=st.integers(min_value=0), length=st.integers(0, 30))
@settings(max_examples=100)
def test_a_record_with_broken_bytes_is_read_or_named(kind: Kind, noise: bytes, at: int, length: int) -> None:
    text = slices(RECORDED[kind])[0]
    at %= len(text)

    reading = reader(kind).read(msgspec.Raw(text[:at] + noise + text[at + length :]))

    assert isinstance(reading, Record | Problem)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("billing", {"email": ["mustermann@example.test"]}, "field billing.email: Expected str | null, got array"),
        ("total", "Mustermann", "field total is no amount of money"),
        ("date_created_gmt", "Mustermann", "field date_created_gmt is no time"),
        ("currency", {"Mustermann": 1}, "field currency: Expected str, got object"),
        ("line_items", [{"id": 1, "total": "Mustermann", "total_tax": "0"}], "field line_items.total is no amount"),
        ("line_items", [{"id": 1, "total": "0", "total_tax": "0", "quantity": "NaN"}], "field quantity: Input should"),
    ],
)
def test_a_problem_names_the_field_and_repeats_nothing_personal(field: str, value: object, named: str) -> None:
    order = recorded(Kind.ORDER)[0] | {field: value}

    reading = reader(Kind.ORDER).read(msgspec.Raw(json.dumps(order).encode()))

    assert isinstance(reading, Problem)
    assert named in reading.message
    assert "mustermann" not in reading.message.lower()
    assert order["billing"].get("last_name", "Mustermann") not in reading.message


amounts = st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12
)


@given(amounts)
def test_an_amount_comes_through_with_all_its_digits(written: Decimal) -> None:
    assert str(amount(f"{written:f}", "total")) == str(Decimal(f"{written:f}"))
    assert due(f" {written} ", "total") == written


@given(amounts, amounts)
def test_the_amounts_of_an_order_are_those_of_the_shop(total: Decimal, line_total: Decimal) -> None:
    order = copy.deepcopy(recorded(Kind.ORDER)[0])
    order["total"], order["line_items"][0]["total"] = f"{total:f}", f"{line_total:f}"
    order["line_items"][0]["price"] = 3.3333333333333335

    reading = reader(Kind.ORDER).read(msgspec.Raw(json.dumps(order).encode()))

    assert isinstance(reading, Record)
    assert isinstance(reading.body, Order)
    assert (reading.body.total, reading.body.lines[0].total) == (total, line_total)


@given(st.text(alphabet=string.printable, max_size=12))
def test_what_is_no_amount_is_never_zero(text: str) -> None:
    try:
        read = amount(text, "total")
    except Untranslatable:
        return
    assert read == (Decimal(text.strip()) if text.strip() else None)


@pytest.mark.parametrize("quantity", ["1", "2.5", "0.1", "-3", "0", "1e2", '"1.5"', "null"])
def test_pieces_may_be_whole_or_decimal(quantity: str) -> None:
    order = json.dumps(recorded(Kind.ORDER)[0] | {"line_items": []}).encode()
    line = f'[{{"id":1,"total":"1.00","total_tax":"0.19","quantity":{quantity}}}]'.encode()

    reading = reader(Kind.ORDER).read(msgspec.Raw(order.replace(b'"line_items": []', b'"line_items": ' + line)))

    assert isinstance(reading, Record)
    assert isinstance(reading.body, Order)
    expected = None if quantity == "null" else Decimal(quantity.strip('"'))
    assert reading.body.lines[0].quantity == expected
