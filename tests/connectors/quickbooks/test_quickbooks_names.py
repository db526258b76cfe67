"""Names that are taken: the one who has it is adopted when it is the same, else the new one gets a suffix."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.quickbooks.names import clean, fold
from connectors.quickbooks.wire import Entity
from domain.writes import Result, WriteOutcome
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.samples import CUSTOMER, Kind, customer, item, key, plan, update


def display_names(office: Office, kind: str = "Customer") -> list[str]:
    return [str(row.get("DisplayName") or row["Name"]) for row in office.twin.world.all(kind)]


def person(name: str, email: str | None = None) -> Entity:
    return {"DisplayName": name, **({"PrimaryEmailAddr": {"Address": email}} if email else {})}


def one(outcomes: tuple[WriteOutcome, ...]) -> tuple[Result, str]:
    (outcome,) = outcomes
    assert outcome.link is not None, outcome.problem
    return outcome.result, outcome.link.target.id


def test_a_customer_of_the_same_name_and_mail_is_adopted(office: Office) -> None:
    there = office.twin.world.create("Customer", person("ANNA  arm", "Anna@Example.com"))

    assert one(office.open().write(plan(customer()))) == (Result.UNCHANGED, there["Id"])
    assert office.writes() == 0
    assert one(office.open().write(plan(customer()))) == (Result.UNCHANGED, there["Id"])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Customer", person("anna arm", "other@example.com")),
        ("Customer", person("Anna Arm")),
        ("Vendor", person("Anna Arm", "anna@example.com")),
        ("Employee", {**person("Anna Arm"), "GivenName": "Anna", "FamilyName": "Arm"}),
    ],
)
def test_a_name_that_somebody_else_has_gets_a_suffix(office: Office, kind: str, body: Entity) -> None:
    office.twin.world.create(kind, body)

    result, _ = one(office.open().write(plan(customer(12))))

    assert result is Result.CREATED
    assert display_names(office)[-1] == "Anna Arm (WC 12)"


def test_a_name_that_is_taken_with_every_suffix_is_a_problem_of_that_customer(office: Office) -> None:
    for suffix in ("", " (WC 12)", " (WC 12 2)", " (WC 12 3)"):
        office.twin.world.create("Vendor", person(f"Anna Arm{suffix}"))

    taken, free = office.open().write(plan(customer(12), customer(13, "Berta", "berta@example.com")))

    assert taken.problem is not None
    assert taken.problem.code == "quickbooks.name"
    assert free.result is Result.CREATED


def test_an_inactive_customer_is_not_adopted(office: Office) -> None:
    gone = office.twin.world.create("Customer", person("Anna Arm", "anna@example.com"))
    office.twin.world.deactivate("Customer", gone["Id"])

    result, record_id = one(office.open().write(plan(customer())))

    assert (result, record_id == gone["Id"]) == (Result.CREATED, False)


def test_two_strangers_of_one_name_in_one_plan_both_get_in(office: Office) -> None:
    writes = [customer(number, "Anna Arm", f"anna{number}@example.com") for number in (1, 2, 3)]

    outcomes = office.open().write(plan(*writes))

    assert [outcome.result for outcome in outcomes] == [Result.CREATED] * 3
    assert display_names(office) == ["Anna Arm", "Anna Arm (WC 2)", "Anna Arm (WC 3)"]
    assert "cdc cdc" not in office.calls()


def test_one_person_under_two_ids_in_one_plan_becomes_one_customer(office: Office) -> None:
    first, second = office.open().write(plan(customer(1), customer("guest-0123456789abcdef")))

    assert (first.result, second.result) == (Result.CREATED, Result.UNCHANGED)
    assert first.link is not None
    assert second.link is not None
    assert first.link.target == second.link.target


def test_items_are_adopted_by_article_number_before_name(office: Office) -> None:
    office.twin.world.create("Item", {"Name": "Shirt", "Type": "Service", "IncomeAccountRef": {"value": "79"}})
    other = office.twin.world.create(
        "Item", {"Name": "Hemd", "Sku": "S-1", "Type": "Service", "IncomeAccountRef": {"value": "79"}}
    )

    assert one(office.open().write(plan(item(sku="s-1")))) == (Result.UNCHANGED, other["Id"])


def test_items_are_adopted_by_name_when_their_article_numbers_do_not_differ(office: Office) -> None:
    there = office.twin.world.create(
        "Item", {"Name": "shirt", "Sku": "S-1", "Type": "Service", "IncomeAccountRef": {"value": "79"}}
    )

    assert one(office.open().write(plan(item()))) == (Result.UNCHANGED, there["Id"])
    assert one(office.open().write(plan(item(2, sku="S-2"))))[0] is Result.CREATED
    assert display_names(office, "Item")[-1] == "Shirt (WC 2)"


def test_two_products_of_one_article_number_in_one_plan_become_one_item(office: Office) -> None:
    first, second = office.open().write(plan(item(1, "Shirt", sku="S-1"), item(2, "Shirt, blue", sku="s-1")))

    assert (first.result, second.result) == (Result.CREATED, Result.UNCHANGED)
    assert first.link is not None
    assert second.link is not None
    assert first.link.target == second.link.target


def test_a_name_taken_while_we_wrote_is_found_out_and_gets_a_suffix(office: Office) -> None:
    books = office.open()
    books.write(plan(item()))
    office.twin.world.create("Vendor", person("Anna Arm"))

    assert one(books.write(plan(customer(7))))[0] is Result.CREATED
    assert display_names(office) == ["Anna Arm (WC 7)"]


def test_the_same_customer_made_while_we_wrote_is_adopted(office: Office) -> None:
    books = office.open()
    books.write(plan(item()))
    there = office.twin.world.create("Customer", person("Anna Arm", "anna@example.com"))

    assert one(books.write(plan(customer(7)))) == (Result.UNCHANGED, there["Id"])


def test_a_customer_with_a_suffix_keeps_it_when_it_changes(office: Office) -> None:
    office.twin.world.create("Vendor", person("Anna Arm"))
    made = office.open().write(plan(customer(7)))[0].link
    assert made is not None
    body: dict[str, object] = {"DisplayName": "Anna Arm", "Notes": "VIP"}
    change = update(Kind.CUSTOMER, key(Kind.CUSTOMER, 7), CUSTOMER, made.target.id, made.version, body)

    assert one(office.open().write(plan(change)))[0] is Result.UPDATED
    assert display_names(office) == ["Anna Arm (WC 7)"]


def test_what_a_bookkeeper_renamed_is_known_by_its_new_name(office: Office) -> None:
    office.open().write(plan(customer(1)))
    office.twin.world.edit("Customer", office.twin.world.all("Customer")[0]["Id"], {"DisplayName": "Berta Bein"})

    office.open().write(plan(customer(2), customer(3, "Berta Bein", "b@example.com")))

    assert display_names(office) == ["Berta Bein", "Anna Arm", "Berta Bein (WC 3)"]


def test_after_a_month_of_silence_all_names_are_read_anew(office: Office) -> None:
    office.open().write(plan(customer(1)))
    office.twin.clock.advance(days=40)
    office.connect()
    office.twin.log.reset()

    office.open().write(plan(customer(2, "Berta", "b@example.com")))

    assert office.calls() == [
        "cdc cdc",
        "Customer query",
        "Vendor query",
        "Employee query",
        "Item query",
        "batch batch",
    ]


def test_more_changes_than_one_answer_holds_are_read_as_a_list_in_pages(office: Office) -> None:
    office.open().write(plan(customer(1)))
    with office.twin.world.lock:
        for number in range(1_001):
            office.twin.world.create("Customer", person(f"Guest {number}"))
    office.twin.log.reset()

    assert one(office.open().write(plan(customer(9, "Guest 1000"))))[0] is Result.CREATED
    assert office.calls().count("Customer query") == 2
    assert display_names(office)[-1] == "Guest 1000 (WC 9)"


def test_mail_addresses_are_kept_as_hashes_only(office: Office) -> None:
    office.open().write(plan(customer(1)))

    (kept,) = office.memory.names(["anna arm"])
    assert kept.email_hash is not None
    assert "anna" not in kept.email_hash
    assert "@" not in kept.email_hash


def test_a_colon_in_a_name_is_no_parent(office: Office) -> None:
    office.open().write(plan(customer(1, "Acme:\tAnna \n Arm")))

    assert display_names(office) == ["Acme - Anna Arm"]


@given(st.text(max_size=300), st.integers(20, 120))
def test_a_cleaned_name_is_short_plain_and_stays_as_it_is(name: str, longest: int) -> None:
    cleaned = clean(name, longest)

    assert len(cleaned) <= longest
    assert ":" not in cleaned
    assert cleaned == cleaned.strip()
    assert clean(cleaned, longest) == cleaned
    assert fold(cleaned) == fold(cleaned.upper()) or not cleaned.isascii()
    assert not any(ord(sign) < 32 for sign in cleaned)


def test_the_mirror_says_how_fresh_it_is_in_the_time_of_the_books(office: Office) -> None:
    office.twin.clock.set(datetime(2026, 12, 1, tzinfo=UTC))
    office.connect(access_expires_at="2100-01-01T00:00:00+00:00")
    office.open().write(plan(customer(1)))

    kept = office.memory.snapshot("names")
    assert kept is not None
    assert "2026-11-30T16:00:00" in kept.content
