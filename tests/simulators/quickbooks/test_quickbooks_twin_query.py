"""The query language: grammar, filters, order, pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.quickbooks.query import parse
from simulators.quickbooks.refusals import Refusal
from tests.simulators.quickbooks.books import Books, codes, ref, sale
from tests.simulators.quickbooks.conftest import OpenBooks


@pytest.fixture
def people(books: Books) -> Books:
    """Five customers, one minute apart; one of them inactive."""
    for name in ("Dora", "Anna", "Carl O'Hara", "Bert \\ Co", "Emil"):
        books.customer(name, PrimaryEmailAddr={"Address": f"{name[0].lower()}@example.com"})
        books.twin.clock.advance(minutes=1)
    books.twin.world.deactivate("Customer", "5")
    return books


def names(books: Books, rest: str) -> list[str]:
    return [row["DisplayName"] for row in books.rows(f"SELECT * FROM Customer {rest}")]


def test_names_come_in_order_and_inactive_ones_are_hidden(people: Books) -> None:
    assert names(people, "") == ["Anna", "Bert \\ Co", "Carl O'Hara", "Dora"]


@pytest.mark.parametrize(
    ("filtered", "found"),
    [
        ("WHERE Active IN (true, false)", 5),
        ("WHERE Active IN ('true','false')", 5),
        ("WHERE Active = false", 1),
        ("WHERE Active = true", 4),
        ("WHERE DisplayName LIKE '%deleted%'", 0),
        ("WHERE DisplayName LIKE '%deleted%' AND Active = false", 1),
    ],
)
def test_inactive_rows_show_only_when_asked_for(people: Books, filtered: str, found: int) -> None:
    answer = people.ask(f"SELECT COUNT(*) FROM Customer {filtered}")

    assert answer.json()["QueryResponse"] == {"totalCount": found}


@pytest.mark.parametrize(
    ("filtered", "found"),
    [
        ("where DisplayName = 'Anna'", ["Anna"]),
        (r"WHERE DisplayName = 'Carl O\'Hara'", ["Carl O'Hara"]),
        (r"WHERE DisplayName = 'Bert \\ Co'", ["Bert \\ Co"]),
        ("WHERE DisplayName IN ('Anna', 'Dora', 'Nobody')", ["Anna", "Dora"]),
        ("WHERE DisplayName LIKE '%a'", ["Anna", "Carl O'Hara", "Dora"]),
        ("WHERE DisplayName LIKE 'C%H%'", ["Carl O'Hara"]),
        ("WHERE DisplayName > 'B' and DisplayName < 'D'", ["Bert \\ Co", "Carl O'Hara"]),
        ("WHERE Id = '2'", ["Anna"]),
        ("WHERE Id IN ('1', '2')", ["Anna", "Dora"]),
        ("WHERE PrimaryEmailAddr = 'd@example.com'", ["Dora"]),
        ("WHERE MetaData.CreateTime >= '2026-12-01T12:02:00-08:00'", ["Bert \\ Co", "Carl O'Hara"]),
        ("WHERE MetaData.CreateTime >= '2026-12-01T20:02:00Z'", ["Bert \\ Co", "Carl O'Hara"]),
        ("WHERE Metadata.LastUpdatedTime < '2026-12-01T12:01:00-08:00'", ["Dora"]),
        ("ORDERBY Id DESC MAXRESULTS 2", ["Bert \\ Co", "Carl O'Hara"]),
        ("order by MetaData.CreateTime asc startposition 2 maxresults 2", ["Anna", "Carl O'Hara"]),
        ("MAXRESULTS 2 STARTPOSITION 4", ["Dora"]),
        ("STARTPOSITION 5", []),
    ],
)
def test_filters_order_and_pages(people: Books, filtered: str, found: list[str]) -> None:
    assert names(people, filtered) == found


@pytest.mark.parametrize(("ignores", "found"), [(True, ["Anna"]), (False, [])])
def test_whether_case_matters_to_a_query_is_a_switch(people: Books, ignores: bool, found: list[str]) -> None:
    people.twin.switches.query_ignores_case = ignores

    assert names(people, "WHERE DisplayName = 'ANNA'") == found
    assert names(people, "WHERE DisplayName = 'Anna'") == ["Anna"]


def test_a_page_tells_where_it_starts_and_how_many_rows_it_has(people: Books) -> None:
    page = people.ask("SELECT * FROM Customer STARTPOSITION 3 MAXRESULTS 50").json()["QueryResponse"]

    assert set(page) == {"Customer", "startPosition", "maxResults"}
    assert (page["startPosition"], page["maxResults"]) == (3, 2)


def test_nothing_found_is_an_empty_object(people: Books) -> None:
    answer = people.ask("SELECT * FROM Customer WHERE DisplayName = 'Nobody'").json()

    assert (answer["QueryResponse"], set(answer)) == ({}, {"QueryResponse", "time"})


def test_a_hundred_rows_come_unless_more_are_asked_for(books: Books) -> None:
    for number in range(105):
        books.twin.world.create("Customer", {"DisplayName": f"C{number:03}"})

    assert (len(names(books, "")), len(names(books, "MAXRESULTS 1000"))) == (100, 105)


def test_a_list_of_properties_is_served_with_the_id(people: Books) -> None:
    row = people.rows("SELECT DisplayName, SyncToken FROM Customer WHERE Id = '2'")[0]

    assert row == {"domain": "QBO", "sparse": True, "Id": "2", "SyncToken": "0", "DisplayName": "Anna"}
    assert len(people.rows("SELECT *, Sku FROM Item")[0]) > 5


def test_lists_may_carry_the_total_count(people: Books) -> None:
    people.twin.switches.total_count = True

    page = people.ask("SELECT * FROM Customer MAXRESULTS 1").json()["QueryResponse"]

    assert page["totalCount"] == 4


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("SELECT * FROM Custmoer", "4001", "invalid context declaration: Custmoer"),
        ("SELECT * FROM customer", "4001", "invalid context declaration: customer"),
        ("SELECT * FROM Customer WHERE Shoe = '1'", "4001", "Property Shoe not found for Entity Customer"),
        ("SELECT * FROM Vendor WHERE PrimaryEmailAddr = 'a@b.cd'", "4001", "'PrimaryEmailAddr' is not queryable"),
        ("SELECT * FROM Invoice WHERE PrivateNote = 'x'", "4001", "property 'PrivateNote' is not queryable"),
        ("SELECT * FROM Invoice WHERE CustomField = 'x'", "4001", "property 'CustomField' is not queryable"),
        ("SELECT * FROM Invoice WHERE Line.Amount > '1'", "4001", "property 'Line.Amount' is not queryable"),
        ("SELECT * FROM Payment WHERE DocNumber = '1'", "4001", "property 'DocNumber' is not queryable"),
        ("SELECT * FROM Payment WHERE PaymentRefNum = '1'", "4001", "property 'PaymentRefNum' is not queryable"),
        ("SELECT * FROM Invoice ORDERBY PrivateNote", "4001", "property 'PrivateNote' is not queryable"),
        ("SELECT * FROM Invoice MAXRESULTS 1500", "4001", "value 1500 is too large. Max allowed value is 1000"),
        ("SELECT * FROM Invoice STARTPOSITION 0", "4001", "value 0 is too small. Min allowed value is 1"),
        ("SELECT * FROM Invoice WHERE TxnDate > 'soon'", "4001", "invalid value 'soon' for property TxnDate"),
        ("SELECT * FROM Invoice WHERE TotalAmt > 'x'", "4001", "invalid value 'x'"),
        ("SELECT * FROM Invoice WHERE Id = ''", "2030", "Id should be a valid number"),
        ("SELECT * FROM", "4000", 'Encountered "<EOF>"'),
        ("SELECT * FROM null", "4000", "at line 1, column 15."),
        ("SELECT * FROM Item WHERE Name = 'a' OR Name = 'b'", "4000", "QueryParserError: Encountered"),
        ("SELECT * FROM Item WHERE NOT Name = 'a'", "4000", "QueryParserError"),
        ("SELECT * FROM Item JOIN Invoice", "4000", "QueryParserError"),
        ("SELECT * FROM Item GROUP BY Name", "4000", "QueryParserError"),
        ("SELECT * FROM Item WHERE Name != 'a'", "4000", "QueryParserError"),
        ('SELECT * FROM Item WHERE Name = "a"', "4000", "QueryParserError"),
        ("SELECT * FROM Item WHERE Name = 'O'Hara'", "4000", "QueryParserError"),
        ("SELECT * FROM Item WHERE Name = 'a", "4000", "QueryParserError"),
        ("SELECT * FROM Invoice WHERE TotalAmt > 5", "4000", "<STRING>"),
        ("DELETE FROM Item", "4000", 'Was expecting:\n    "SELECT"'),
        ("SELECT COUNT(Id) FROM Item", "4000", "QueryParserError"),
        ("SELECT * FROM Item MAXRESULTS 'x'", "4000", "<NUMBER>"),
    ],
)  # fmt: skip
def test_what_the_language_does_not_have_is_refused(books: Books, statement: str, code: str, words: str) -> None:
    answer = books.ask(statement)

    error = answer.json()["Fault"]["Error"][0]
    assert (answer.status_code, error["code"]) == (400, code)
    assert words in error["Detail"]


def test_transactions_come_newest_change_first_and_are_filtered_by_their_fields(books: Books) -> None:
    customer = books.customer()["Id"]
    numbers = []
    for day, amount in (("2026-11-01", "10"), ("2026-11-02", "20"), ("2026-11-03", "30")):
        numbers.append(books.invoice(customer, sale(amount), TxnDate=day, DocNumber=f"W-{amount}")["Id"])
        books.twin.clock.advance(minutes=1)
    books.twin.world.edit("Invoice", numbers[0], {"PrivateNote": "x"})

    def found(rest: str) -> list[str]:
        return [row["Id"] for row in books.rows(f"SELECT * FROM Invoice {rest}")]

    first, second, third = numbers
    assert found("") == [first, third, second]
    assert found("WHERE TxnDate >= '2026-11-02' ORDERBY TxnDate") == [second, third]
    assert found("WHERE TotalAmt > '15.00' AND TotalAmt < '25'") == [second]
    assert found("WHERE DocNumber IN ('W-10', 'W-30') ORDERBY Id") == [first, third]
    assert found(f"WHERE CustomerRef = '{customer}' AND Balance = '30' AND DueDate > '2026-12-01'") == [third]


def test_customers_are_filtered_by_what_they_owe(books: Books) -> None:
    owing, _ = books.customer("Anna")["Id"], books.customer("Bert")
    books.invoice(owing)

    assert names(books, "WHERE Balance > '0'") == ["Anna"]


@pytest.mark.parametrize("kind", ["CompanyInfo", "Preferences"])
def test_the_settings_can_be_queried(books: Books, kind: str) -> None:
    assert books.rows(f"SELECT * FROM {kind}")[0] == books.twin.world.read(kind, "1")


def test_edits_between_two_pages_move_rows(books: Books) -> None:
    numbers = [books.make("SalesReceipt", {"Line": [sale("1")]})["Id"] for _ in range(4)]
    books.twin.clock.advance(minutes=1)
    page = "SELECT * FROM SalesReceipt ORDERBY MetaData.LastUpdatedTime STARTPOSITION {} MAXRESULTS 2"
    first = [row["Id"] for row in books.rows(page.format(1))]

    books.twin.world.edit("SalesReceipt", first[0], {"PrivateNote": "moved"})

    second = [row["Id"] for row in books.rows(page.format(3))]
    assert set(numbers) - set(first) - set(second) == {numbers[2]}


def test_a_query_may_lag_behind_while_reading_does_not(books: Books) -> None:
    books.twin.switches.query_lag_seconds = 10
    made = books.customer()["Id"]

    assert (names(books, ""), books.read("Customer", made)["DisplayName"]) == ([], "Anna Arm")
    books.twin.clock.advance(seconds=10)
    assert names(books, "") == ["Anna Arm"]


def test_a_statement_may_be_posted_as_text(people: Books) -> None:
    text = "SELECT * FROM Customer WHERE Id = '1'"

    answer = people.http.post("/query", content=text, headers={"Content-Type": "application/text"})
    wrong = people.http.post("/query", content=text, headers={"Content-Type": "application/json"})

    assert answer.json()["QueryResponse"]["maxResults"] == 1
    assert (codes(wrong), codes(people.ask(""))) == (["1050"], ["2020"])


def test_the_tax_lists_can_be_queried(open_books: OpenBooks) -> None:
    books = open_books("eu")

    codes_ = {row["Name"]: row["Id"] for row in books.rows("SELECT * FROM TaxCode")}
    rates = {row["Name"]: str(row["RateValue"]) for row in books.rows("SELECT * FROM TaxRate")}

    assert (codes_["19.0% S"], codes_["7.0% R"], "Retired" in codes_) == ("2", "3", False)
    assert rates["19.0% S"] == "19"
    assert books.make("SalesReceipt", {"Line": [sale("1", "2")], "PaymentMethodRef": ref("1")})["TotalAmt"] > 1


@given(st.text(alphabet=" '\\%()*,<>=!.aZ9_SELECTFROMWHEREANDINLIKE", max_size=60))
def test_any_text_is_a_statement_or_is_refused(text: str) -> None:
    def outcome() -> str:
        try:
            return parse(text).entity
        except Refusal as refusal:
            return refusal.problems[0].code

    assert outcome()


@given(st.text(max_size=40))
def test_any_value_survives_quoting(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")

    assert parse(f"SELECT * FROM Item WHERE Name = '{quoted}'").conditions[0].values == (value,)
