from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.keys import Kind
from domain.records import Address
from domain.writes import DOCUMENT, Ref, Skipped
from mapping.engine import Mappings, default_mappings
from mapping.posting import post_order, posting_hash
from mapping.posting_documents import document_number
from tests.mapping.books import (
    EUR_COMPANY,
    EUR_POLICY,
    SHOP,
    body_of,
    code,
    company,
    fee,
    line,
    order,
    outcome,
    policy,
    posted,
    shipping,
    taxed_order,
)


def test_a_paid_order_becomes_an_invoice_and_a_payment_that_settles_it() -> None:
    invoice, payment = posted(taxed_order()).documents
    assert (invoice.kind, invoice.role, payment.kind, payment.role) == (
        Kind.INVOICE, DOCUMENT, Kind.PAYMENT, "payment:1",
    )  # fmt: skip
    assert payment.body == {
        "CustomerRef": invoice.body["CustomerRef"],
        "TotalAmt": Decimal("119.00"),
        "TxnDate": "2026-03-10",
        "PaymentRefNum": "WC-794",
        "PrivateNote": "Card pi_1",
        "Line": [
            {
                "Amount": Decimal("119.00"),
                "LinkedTxn": [{"TxnId": Ref(key=invoice.key, role=DOCUMENT), "TxnType": "Invoice"}],
            }
        ],
    }


def test_helpers_come_first_and_the_document_names_them() -> None:
    posting = posted(order(line("10.00"), line("5.00"), shipping("4.90"), total="19.90"))
    assert [(entry.key.kind, entry.key.id, entry.role, entry.kind) for entry in posting.helpers] == [
        (Kind.CUSTOMER, "7", "customer", Kind.CUSTOMER),
        (Kind.PRODUCT, "45", "item", Kind.ITEM),
        (Kind.ITEM, "shipping", "item", Kind.ITEM),
    ]
    assert body_of(posting)["CustomerRef"] == {"value": Ref(key=posting.helpers[0].key, role="customer")}
    assert posting.helpers[1].body == {
        "Name": "Widget", "Description": "Widget", "Sku": "W-1", "Type": "NonInventory", "UnitPrice": Decimal("10.00"),
        "IncomeAccountRef": {"value": "79"},
    }  # fmt: skip
    assert posting.helpers[2].body == {"Name": "Shipping", "Type": "Service", "IncomeAccountRef": {"value": "79"}}


@pytest.mark.parametrize(("paid_at", "total"), [(None, "10.00"), (datetime(2026, 3, 10, tzinfo=UTC), "0.00")])
def test_there_is_a_payment_only_for_money_that_was_paid(paid_at: datetime | None, total: str) -> None:
    sold = [line("10.00")] if total == "10.00" else [line("10.00"), fee("-10.00")]
    assert [entry.kind for entry in posted(order(*sold, total=total, paid_at=paid_at)).documents] == [Kind.INVOICE]


def test_a_sales_receipt_is_the_whole_story_of_a_paid_order() -> None:
    chosen = policy(
        document="sales_receipt", deposit_account="checking", payment_methods={"stripe": "3"}, number_prefix=""
    )
    (receipt,) = posted(taxed_order(), chosen).documents
    assert receipt.kind is Kind.SALES_RECEIPT
    assert receipt.body["DepositToAccountRef"] == {"value": "35"}
    assert receipt.body["PaymentMethodRef"] == {"value": "3"}
    assert receipt.body["DocNumber"] == "794"
    assert code(outcome(taxed_order(paid_at=None), chosen)) == "not_paid"


@pytest.mark.parametrize("status", ["completed", "processing", "refunded"])
def test_orders_that_were_sold_are_posted(status: str) -> None:
    posted(taxed_order(status=status))


@pytest.mark.parametrize(
    "status", ["pending", "on-hold", "cancelled", "failed", "trash", "checkout-draft", "auto-draft", "of-a-plugin"]
)
def test_orders_in_other_statuses_are_skipped_by_name_of_their_status(status: str) -> None:
    skipped = outcome(taxed_order(status=status))
    assert isinstance(skipped, Skipped)
    assert (skipped.code, skipped.reason) == ("status", f"Orders in status {status} are not posted.")


def test_the_statuses_are_a_choice() -> None:
    posted(taxed_order(status="on-hold"), policy(statuses={"on-hold"}))


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC), "2026-01-31"),
        ("Europe/Berlin", datetime(2026, 1, 31, 23, 0, tzinfo=UTC), "2026-02-01"),
        # Summer time: the day begins an hour earlier in UTC, from the night of 29 March on.
        ("Europe/Berlin", datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "2026-03-29"),
        ("Europe/Berlin", datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "2026-03-30"),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 30, tzinfo=UTC), "2026-10-25"),
        ("America/Los_Angeles", datetime(2026, 3, 9, 6, 59, tzinfo=UTC), "2026-03-08"),
        ("Pacific/Auckland", datetime(2026, 3, 9, 11, 0, tzinfo=UTC), "2026-03-10"),
    ],
)
def test_the_day_of_a_document_is_that_of_the_company(zone: str, moment: datetime, day: str) -> None:
    posting = posted(taxed_order(paid_at=moment), policy(zone=zone))
    assert (str(posting.date), body_of(posting)["TxnDate"]) == (day, day)


def test_an_order_is_dated_by_payment_or_creation() -> None:
    created, paid = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    days = [
        posted(taxed_order(created_at=created, paid_at=paid)).date,
        posted(taxed_order(created_at=created, paid_at=paid), policy(date="created")).date,
        posted(taxed_order(created_at=created, paid_at=None)).date,
    ]
    assert days == [date(2026, 3, 5), date(2026, 3, 1), date(2026, 3, 1)]
    assert code(outcome(taxed_order(created_at=None, paid_at=None))) == "no_date"
    beginning = datetime.min.replace(tzinfo=UTC)
    assert code(outcome(taxed_order(paid_at=beginning), policy(zone="America/New_York"))) == "no_date"


def test_a_document_number_of_21_characters_is_left_alone() -> None:
    assert document_number("WC-", "1" * 18) == "WC-" + "1" * 18


def test_longer_document_numbers_are_shortened_without_meeting() -> None:
    numbers = [document_number("WC-", f"SHOP-2026-0000000{n}") for n in range(100)]
    assert {len(number) for number in numbers} == {21}
    assert len(set(numbers)) == 100
    assert document_number("WC-", "SHOP-2026-00000001") == "WC-SHOP-2026-00000001"
    assert document_number("WC-", "SHOP-2026-000000012") == "WC-SHOP-2026~fc5c8231"


def test_a_guest_is_one_customer_however_the_address_is_written() -> None:
    keys = {
        posted(taxed_order(customer_id=None, billing=Address(email=email))).helpers[0].key.id
        for email in ("Ada@Example.test", " ada@example.test ")
    }
    assert len(keys) == 1
    assert not any("ada" in key or "@" in key for key in keys)


def test_guests_can_share_one_customer_and_those_without_address_always_do() -> None:
    nobody = posted(taxed_order(customer_id=None, billing=Address(first_name="Eve"))).helpers[0]
    shared = posted(taxed_order(customer_id=None), policy(guests="shared", guest_name="Laufkundschaft")).helpers[0]
    assert (nobody.key.id, nobody.body) == ("web", {"DisplayName": "Web customer"})
    assert (shared.key.id, shared.body) == ("web", {"DisplayName": "Laufkundschaft"})


def test_a_customer_without_a_name_is_called_by_company_or_address_or_number() -> None:
    names = [
        posted(taxed_order(billing=Address(**fields))).helpers[0].body["DisplayName"]
        for fields in ({"company": "Acme: Ltd"}, {"email": "a@b.test"}, {})
    ]
    assert names == ["Acme Ltd", "a@b.test", "shop 7"]


def test_a_foreign_currency_is_skipped_while_the_books_have_one_currency() -> None:
    skipped = outcome(taxed_order(currency="JPY"))
    assert isinstance(skipped, Skipped)
    assert skipped.code == "currency_foreign"
    assert skipped.reason == "The order is in JPY, the books are in EUR and have multi-currency off."


@pytest.mark.parametrize(("currency", "total"), [("JPY", "32.25"), ("KWD", "0.84"), ("USD", "5.00")])
def test_books_with_many_currencies_take_the_decimals_of_the_store(currency: str, total: str) -> None:
    posting = posted(order(line(total), total=total, currency=currency), EUR_POLICY, company(is_multi_currency=True))
    customer, (invoice, payment) = posting.helpers[0], posting.documents
    assert (customer.role, customer.body["CurrencyRef"]) == (f"customer:{currency}", {"value": currency})
    assert customer.body["DisplayName"] == f"Ada Lovelace ({currency})"
    assert invoice.body["CurrencyRef"] == payment.body["CurrencyRef"] == {"value": currency}


def test_nothing_is_posted_into_closed_books() -> None:
    skipped = outcome(taxed_order(), EUR_POLICY, company(closed_until=date(2026, 3, 10)))
    assert isinstance(skipped, Skipped)
    assert skipped.code == "books_closed"
    assert skipped.reason == "The books are closed until 2026-03-10, the document would be of 2026-03-10."
    posted(taxed_order(), EUR_POLICY, company(closed_until=date(2026, 3, 9)))


def test_an_account_that_is_missing_or_inactive_is_named() -> None:
    for name in ("No such account", "Closed account"):
        problem = outcome(taxed_order(), policy(income_account=name))
        assert code(problem) == "account_missing"
        assert name in str(problem)


def test_what_the_shop_changes_without_changing_the_documents_leaves_the_print_alone() -> None:
    first = posted(taxed_order())
    moved = posted(taxed_order(modified_at=None, completed_at=None, created_via="admin", status="processing"))
    assert moved.fingerprint == first.fingerprint
    assert posted(taxed_order(customer_note="Ring twice")).fingerprint != first.fingerprint
    assert posted(taxed_order(paid_at=None)).fingerprint != first.fingerprint


def test_names_longer_than_the_books_take_are_cut() -> None:
    long = "Donaudampfschiff" * 400
    posting = posted(
        order(line("5.00", name=long), total="5.00", billing=Address(first_name=long, last_name=long, phone="0" * 22))
    )
    customer, item = posting.helpers[0].body, posting.helpers[1].body
    assert [len(str(customer[name])) for name in ("DisplayName", "GivenName", "FamilyName")] == [500, 25, 15]
    assert "PrimaryPhone" not in customer
    assert (len(str(item["Name"])), len(body_of(posting)["Line"][0]["Description"])) == (100, 4000)


def test_a_mapping_that_fails_is_the_problem_of_the_record_and_named() -> None:
    broken = Mappings("invoice: {PrivateNote: 'length(order.customer_id_of_nobody)'}", "mine.yaml")
    problem = post_order(taxed_order(), SHOP, EUR_POLICY, EUR_COMPANY, broken)
    assert code(problem) == "mapping_failed"
    assert "mine.yaml, invoice, PrivateNote" in str(problem)


def test_policy_and_mappings_have_a_hash_that_any_change_moves() -> None:
    others = [
        posting_hash(EUR_POLICY),
        posting_hash(policy(number_prefix="X-")),
        posting_hash(policy(tax_codes={"1": "5"})),
        posting_hash(EUR_POLICY, Mappings("invoice: {PrivateNote: order.number}", "mine.yaml")),
    ]
    assert len(set(others)) == 4
    assert posting_hash(policy(), default_mappings()) == others[0]
