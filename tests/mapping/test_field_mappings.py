from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.keys import Kind
from domain.records import Address
from mapping.engine import Mappings, default_mappings
from mapping.posting_policy import PostingPolicy
from mapping.spec import InvalidMapping
from mapping.transforms import InvalidTransform, parse_transform
from tests.mapping.books import refund, taxed_order


def mapped(text: str, entity: Kind = Kind.CUSTOMER, **record: Any) -> dict[str, object]:
    return Mappings(text, "mine.yaml").fields(entity, record)


def test_fields_are_set_by_path_from_sources_and_constants() -> None:
    text = """
    customer:
      DisplayName: {source: "[first, last]", transforms: ["join: "]}
      BillAddr.Line1: street
      BillAddr.City: {source: city, transforms: [trim, upper]}
      PreferredDeliveryMethod: {constant: None}
      Taxable: {constant: true}
    """.replace("Taxable", "Job")
    assert mapped(text, first="Ada", last="L", street="Ring 1", city=" ulm ") == {
        "DisplayName": "Ada L",
        "BillAddr": {"Line1": "Ring 1", "City": "ULM"},
        "PreferredDeliveryMethod": "None",
        "Job": True,
    }


def test_what_is_empty_is_left_out_with_its_parents() -> None:
    text = (
        "customer: {BillAddr.Line1: street, Notes: {source: note, transforms: [trim]}, Title: gone, WebAddr.URI: links}"
    )
    assert mapped(text, street="", note="  ", links=[]) == {}


@pytest.mark.parametrize(
    ("transform", "value", "result"),
    [
        ("trim", " a ", "a"),
        ("upper", "a", "A"),
        ("lower", "A", "a"),
        ("single_line", "a\r\n b\t c", "a b c"),
        ("name", " Acme: Ltd\t", "Acme Ltd"),
        ("email", " a@b.test ", "a@b.test"),
        ("email", "a@b", None),
        ("email", "a@b.test, c@d.test", None),
        ("number", "9.90", Decimal("9.90")),
        ("number", "many", None),
        ("number", None, None),
        ("truncate:3", "abcdef", "abc"),
        ("truncate:3", "ab cd", "ab"),
        ("fit:3", "abcd", None),
        ("fit:3", "abc", "abc"),
        ("join:, ", ["a", None, " ", "b"], "a, b"),
        ("join:, ", "a", "a"),
        ("default:none", "", "none"),
        ("default:none", None, "none"),
        ("default:none", "a", "a"),
        ("date_in_zone:Europe/Berlin", "2026-03-31T22:30:00Z", "2026-04-01"),
        ("date_in_zone:Europe/Berlin", "2026-03-31T22:30:00", None),
        ("date_in_zone:Europe/Berlin", "soon", None),
        ("trim", None, None),
        ("upper", 7, "7"),
    ],
)
def test_a_transform_changes_a_value(transform: str, value: object, result: object) -> None:
    assert parse_transform(transform)(value) == result


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("shout", "'shout' is no transform; known are trim, upper,"),
        ("truncate", "'truncate' is no transform; known are"),
        ("trim:3", "'trim:3' is no transform; known are"),
        ("truncate:0", "truncate needs a length above zero, such as truncate:100"),
        ("fit:many", "fit needs a length above zero, such as fit:100"),
        ("date_in_zone:Mars/Base", "date_in_zone needs an IANA time zone, and 'Mars/Base' is none"),
    ],
)
def test_a_transform_that_cannot_work_is_named(text: str, sentence: str) -> None:
    with pytest.raises(InvalidTransform) as failure:
        parse_transform(text)
    assert str(failure.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "customer: {DisplayName: 'first ||'}",
            "mine.yaml, customer, DisplayName: has the source 'first ||', which is no JMESPath:",
        ),
        ("customer: {DisplayName: {}}", "mine.yaml, customer, DisplayName: needs either a source or a constant"),
        ("customer: {DisplayName: {source: a, constant: b}}", "mine.yaml, customer, DisplayName: needs either"),
        (
            "customer: {DisplayName: {source: a, transforms: [shout]}}",
            "mine.yaml, customer, DisplayName, transforms, 0: 'shout' is no",
        ),
        (
            "customer: {DisplayName: {from: a}}",
            "mine.yaml, customer, DisplayName, from: Extra inputs are not permitted",
        ),
        ("customer: {1.5: a}", "mine.yaml, customer, 1.5: "),
        ("customer: {'Bill Addr': a}", "mine.yaml, customer, Bill Addr: is no field path; write names joined by dots"),
        ("invoice: {Line: a}", "mine.yaml, invoice, Line: is set by posting, not by a field mapping; remove it"),
        ("invoice: {TxnTaxDetail.TotalTax: a}", "mine.yaml, invoice, TxnTaxDetail.TotalTax: is set by posting"),
        (
            "invoice: {BillAddr: a, BillAddr.City: b}",
            "mine.yaml, invoice, BillAddr.City: BillAddr is mapped as a whole already",
        ),
        ("bill: {DocNumber: a}", "mine.yaml, bill: Input should be 'tax_rate',"),
        ("- a", "mine.yaml must hold a table of entities, such as customer or invoice"),
        ("a: [", "mine.yaml is no YAML: "),
    ],
)
def test_a_mapping_that_cannot_work_names_file_field_and_reason(text: str, sentence: str) -> None:
    with pytest.raises(InvalidMapping) as failure:
        Mappings(text, "mine.yaml")
    assert str(failure.value).startswith(sentence)
    assert "\n" not in str(failure.value)


def test_a_source_that_fails_on_a_record_is_named() -> None:
    with pytest.raises(
        InvalidMapping, match=r"^mine\.yaml, customer, Notes: the source 'length\(n\)' cannot be used: "
    ):
        mapped("customer: {Notes: length(n)}", n=3)


def test_the_hash_of_mappings_is_that_of_their_meaning() -> None:
    first, again, other = (
        Mappings(text, name).hash
        for text, name in [
            ("item: {Name: line.name}", "a"),
            ("item:\n  Name: {source: line.name}", "b"),
            ("item: {Name: sku}", "a"),
        ]
    )
    assert first == again != other


def test_the_defaults_fill_a_document_within_the_lengths_of_quickbooks() -> None:
    long = "x" * 5000
    address = Address(**dict.fromkeys(Address.model_fields, long)).model_copy(update={"email": f"{'a' * 95}@b.de"})
    order = taxed_order(billing=address, shipping=address, customer_note=long, payment_title=long)
    record = {"order": order.model_dump(mode="json"), "refund": refund(amount="1", reason=long).model_dump(mode="json")}
    lengths = {
        entity: measure(default_mappings().fields(entity, record)) for entity in (Kind.INVOICE, Kind.REFUND_RECEIPT)
    }
    lines = {"Line1": 500, "Line2": 500, "Line3": 500, "Line4": 500}
    place = {**lines, "City": 255, "CountrySubDivisionCode": 255, "PostalCode": 30, "Country": 255}
    bill_email = {"Address": 100}
    assert lengths[Kind.INVOICE] == {
        "BillEmail": bill_email, "BillAddr": place, "ShipAddr": place, "CustomerMemo": {"value": 1000},
        "PrivateNote": 4000,
    }  # fmt: skip
    assert lengths[Kind.REFUND_RECEIPT] == {"BillEmail": bill_email, "BillAddr": place, "PrivateNote": 4000}


def measure(fields: object) -> Any:
    if isinstance(fields, dict):
        return {name: measure(value) for name, value in fields.items()}
    return len(str(fields))


def test_sales_of_both_forms_have_the_same_fields_and_so_have_refunds() -> None:
    record = {"order": taxed_order().model_dump(mode="json"), "refund": refund(amount="1").model_dump(mode="json")}
    mappings = default_mappings()
    assert mappings.fields(Kind.INVOICE, record) == mappings.fields(Kind.SALES_RECEIPT, record) != {}
    assert mappings.fields(Kind.REFUND_RECEIPT, record) == mappings.fields(Kind.CREDIT_MEMO, record) != {}
    assert mappings.fields(Kind.TAX_RATE, record) == {}


@pytest.mark.parametrize(
    "choice",
    [
        {"zone": "Mars/Base"},
        {"number_prefix": "longer-than-ten"},
        {"tax_codes": {"1 + 2": "5"}},
        {"fee_item": "Fees: all"},
        {"tolerance": "2"},
        {"documnet": "invoice"},
    ],
)
def test_a_policy_that_cannot_work_is_refused(choice: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(choice))):
        PostingPolicy.model_validate(choice)
