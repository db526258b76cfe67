"""What a company says of itself, how it is asked, and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.quickbooks.client import any_of, matching
from connectors.quickbooks.pace import Pace
from connectors.quickbooks.settings import (
    PRODUCTION,
    SANDBOX,
    TOKEN_URL,
    QuickBooksCredentials,
    QuickBooksSettings,
    twin_at,
)
from connectors.stored import parse
from db.ledger import Limit
from domain.books import TaxMode
from domain.errors import Misconfigured
from simulators.quickbooks.query import parse as parse_query
from tests.connectors.quickbooks.conftest import MakeOffice, Office
from tests.connectors.quickbooks.samples import customer, plan


def test_a_company_is_asked_once_a_day(office: Office) -> None:
    office.open().prepare()
    company = office.open().company()
    office.twin.log.reset()

    assert office.open().company() == company
    assert office.calls() == []
    assert office.open().company(fresh=True) == company
    assert office.calls() == [
        "CompanyInfo read",
        "Preferences read",
        "TaxRate query",
        "TaxCode query",
        "Account query",
    ]


def test_a_company_outside_the_us_takes_its_tax_codes_by_line(make_office: MakeOffice) -> None:
    company = make_office("ca", closed_until="2026-06-30", shipping=False).open().company()

    rates = {code.name: (code.rate, code.percents, code.is_active) for code in company.tax_codes}
    assert (company.country, company.home_currency, company.tax_mode) == ("CA", "CAD", TaxMode.PER_LINE)
    assert rates["GST/QST QC - 9.975"] == (Decimal("14.975"), (Decimal(5), Decimal("9.975")), True)
    assert rates["Zero-rated"] == (Decimal(0), (Decimal(0),), True)
    assert rates["Exempt"] == (None, (), True)
    assert rates["Retired"] == (None, (), False)
    assert (company.closed_until and company.closed_until.isoformat()) == "2026-06-30"
    assert (company.allows_shipping, company.allows_discount) == (False, True)
    assert (company.has_sales_tax, company.is_multi_currency, company.numbers_by_hand) == (True, False, False)
    assert {account.name: account.type for account in company.accounts}["Undeposited Funds"] == "Other Current Asset"


@pytest.mark.parametrize(("name", "mode"), [("us-ast", TaxMode.AUTOMATED), ("us", TaxMode.UNITED_STATES)])
def test_companies_in_the_us_reckon_tax_in_one_of_two_ways(make_office: MakeOffice, name: str, mode: TaxMode) -> None:
    office = make_office(name)
    company = office.open().company()

    assert (company.tax_mode, company.id) == (mode, office.twin.realm)
    assert {code.id for code in company.tax_codes} >= {"TAX", "NON"}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=3))
def test_any_text_can_be_asked_for_without_breaking_out_of_its_quotes(values: list[str]) -> None:
    conditions = f"{matching('DisplayName', values[0])} and {any_of('DocNumber', values)}"

    first, second = parse_query(f"select * from Customer where {conditions}").conditions

    assert first.values == (values[0],)
    assert second.values == tuple(values)


def test_two_runs_together_stay_within_the_limits(office: Office) -> None:
    office.twin.switches.throttles = True
    # A second where QuickBooks has a minute, so that nobody waits long here.
    limits = Pace(calls=(Limit(10, 1.1),), batches=(Limit(40, 61.0),), rest=0)
    runs = [office.open(calls=limits.calls, batches=limits.batches) for _ in range(2)]
    for books in runs:
        books.check()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda books: [books.check() for _ in range(8)], runs))

    assert len(office.twin.log.lines()) == 18
    assert {line.status for line in office.twin.log.lines()} == {200}


def test_after_a_refusal_for_haste_everybody_rests(office: Office) -> None:
    office.twin.faults.add(path="/companyinfo", recording="throttled")
    waits: list[float] = []
    office.open(rest=60.0, sleep=waits.append).check()
    other: list[float] = []
    office.open(sleep=other.append).check()

    assert 55 < waits[0] <= 60
    assert 55 < other[0] <= 60


@pytest.mark.parametrize(("sandbox", "host"), [(False, PRODUCTION), (True, SANDBOX)])
def test_without_an_address_intuits_own_hosts_are_called(sandbox: bool, host: str) -> None:
    settings = QuickBooksSettings(realm_id="9341", client_id="app", sandbox=sandbox)

    assert settings.company_url == f"{host}/v3/company/9341/"
    assert settings.tokens_url == TOKEN_URL


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" http://LOCALHOST:8089/", "http://127.0.0.1:8089"),
        ("https://twin.example.:443//books/", "https://twin.example/books"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_the_address_of_a_twin_is_stored_in_one_spelling_that_can_be_called(written: str, address: str) -> None:
    place = twin_at(written)
    settings = parse(QuickBooksSettings, {"realm_id": "1", "client_id": "app", **place}, "books", "QuickBooks")

    assert settings.company_url == f"{address}/v3/company/1/"
    assert settings.tokens_url == f"{address}/oauth2/v1/tokens/bearer"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"realm_id": "93-41"}, "realm_id of QuickBooks cannot be used"),
        ({"realm_id": "1/../2"}, "realm_id of QuickBooks cannot be used"),
        ({"url": "http://127.0.0.1:1"}, "url and token_url of QuickBooks belong together"),
        ({"url": "http://quickbooks.example", "token_url": "https://x.example"}, "plain http"),
        ({"url": "https://a.example", "token_url": "https://b.example", "sandbox": True}, "exclude each other"),
        ({"colour": "red"}, "colour of QuickBooks cannot be used"),
    ],
)
def test_settings_that_cannot_work_are_named(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        parse(QuickBooksSettings, {"realm_id": "9341", "client_id": "app", **changes}, "books", "QuickBooks")


def test_credentials_are_never_shown() -> None:
    secrets = {"client_secret": "s3cret", "access_token": "t0ken", "refresh_token": "r3fresh"}
    credentials = parse(QuickBooksCredentials, secrets, "books", "QuickBooks")

    assert credentials.stored() == secrets
    assert not any(value in f"{credentials!r}{credentials}" for value in secrets.values())
    with pytest.raises(Misconfigured) as refused:
        parse(QuickBooksCredentials, {**secrets, "access_expires_at": "s3cret-stamp"}, "books", "QuickBooks")
    assert "s3cret" not in str(refused.value)


def test_a_memory_of_another_connection_is_not_taken(office: Office) -> None:
    memory = office.memory
    memory.connection = "other-books"

    with pytest.raises((Misconfigured, ValueError)):
        office.open(memory)


def test_every_call_names_the_company_and_the_version(office: Office) -> None:
    books = office.open()
    books.company()
    books.write(plan(customer()))

    lines = office.twin.log.lines()
    assert {line.path.startswith(f"/v3/company/{office.twin.realm}/") for line in lines} == {True}
    assert {"minorversion=75" in line.query for line in lines} == {True}
