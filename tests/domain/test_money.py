from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import InvalidAmount, Money, minor_units, parse_amount, round_amount

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


@pytest.mark.parametrize(("text", "amount"), [("730325.97", "730325.97"), (" -0.01 ", "-0.01"), ("0", "0")])
def test_an_amount_is_read_as_it_is_written(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "   ", None])
def test_no_text_is_no_amount_and_never_zero(text: str | None) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize("text", ["abc", "NaN", "Infinity", "1,50", "12 EUR", "--1"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount, match="is not an amount of money"):
        parse_amount(text)


@given(AMOUNTS)
def test_reading_what_was_written_gives_the_same_amount(amount: Decimal) -> None:
    assert parse_amount(str(amount)) == amount


@given(st.text(max_size=20))
def test_reading_never_fails_otherwise_than_by_saying_so(text: str) -> None:
    try:
        amount = parse_amount(text)
    except InvalidAmount:
        return
    assert amount is None or amount.is_finite()


@pytest.mark.parametrize(("amount", "rounded"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.674999", "2.67")])
def test_a_tie_is_rounded_away_from_zero(amount: str, rounded: str) -> None:
    assert round_amount(Decimal(amount), 2) == Decimal(rounded)


@given(AMOUNTS, st.integers(min_value=0, max_value=3))
def test_rounding_moves_by_at_most_half_a_unit_and_only_once(amount: Decimal, decimals: int) -> None:
    rounded = round_amount(amount, decimals)
    assert abs(rounded - amount) <= Decimal(5).scaleb(-decimals - 1)
    assert round_amount(rounded, decimals) == rounded


@given(AMOUNTS)
def test_rounding_treats_debit_and_credit_alike(amount: Decimal) -> None:
    assert round_amount(-amount, 2) == -round_amount(amount, 2)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_the_order_of_a_sum_does_not_matter(one: Decimal, two: Decimal, three: Decimal) -> None:
    a, b, c = (Money(amount=amount, currency="EUR") for amount in (one, two, three))
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + -a == Money(amount=Decimal(0), currency="EUR")


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Money(amount=Decimal(1), currency="EUR") + Money(amount=Decimal(1), currency="USD")


@pytest.mark.parametrize(("currency", "rounded"), [("JPY", "1235"), ("EUR", "1234.57"), ("KWD", "1234.568")])
def test_money_is_rounded_to_the_smallest_coin_of_its_currency(currency: str, rounded: str) -> None:
    assert str(Money(amount=Decimal("1234.5678"), currency=currency).rounded()) == f"{rounded} {currency}"
    assert minor_units(currency) == -Decimal(rounded).as_tuple().exponent
