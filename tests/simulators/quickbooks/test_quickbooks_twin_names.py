"""Customers, vendors, employees, items, accounts: names, activity, currencies, stock."""

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, ref, sale, stock_item
from tests.simulators.quickbooks.conftest import OpenBooks

PERSONS = ["Customer", "Vendor", "Employee"]


@pytest.mark.parametrize("first", PERSONS)
@pytest.mark.parametrize("second", PERSONS)
def test_a_name_is_used_once_over_customers_vendors_and_employees(books: Books, first: str, second: str) -> None:
    books.make(first, {"DisplayName": "Anna Arm"})

    assert books.refused(second, {"DisplayName": " anna arm "}) == ["6240"]


def test_case_may_tell_names_apart(books: Books) -> None:
    books.twin.switches.ignores_case = False
    books.customer("Anna")

    assert books.customer("ANNA")["Id"] == "2"
    assert books.refused("Customer", {"DisplayName": "Anna"}) == ["6240"]


def test_deactivating_renames_and_frees_the_name(books: Books) -> None:
    customer = books.customer("Anna")

    gone = books.make("Customer", {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Active": False})

    assert (gone["DisplayName"], gone["Active"], gone["SyncToken"]) == ("Anna (deleted)", False, "1")
    assert books.customer("Anna")["Id"] == "2"


def test_an_inactive_name_without_the_suffix_stays_taken(books: Books) -> None:
    books.twin.world.deactivate("Customer", books.customer("Anna")["Id"])

    assert books.refused("Vendor", {"DisplayName": "Anna (deleted)"}) == ["6240"]


def test_a_customer_comes_back_with_its_name(books: Books) -> None:
    number = books.customer("Anna")["Id"]
    books.twin.world.deactivate("Customer", number)
    body = {"Id": number, "SyncToken": "1", "sparse": True, "Active": True, "DisplayName": "Anna"}

    assert books.make("Customer", body)["DisplayName"] == "Anna"


@pytest.mark.parametrize("kind", ["Customer", "Item", "PaymentMethod", "Account"])
def test_names_can_be_given_up_more_than_once(books: Books, kind: str) -> None:
    member = "DisplayName" if kind == "Customer" else "Name"
    more: dict[str, Body] = {"Item": {"IncomeAccountRef": ref("79")}, "Account": {"AccountType": "Bank"}}
    body = {member: "Anna", **more.get(kind, {})}

    retired = [books.twin.world.deactivate(kind, books.make(kind, body)["Id"])[member] for _ in range(3)]

    assert retired == ["Anna (deleted)", "Anna (deleted-1)", "Anna (deleted-2)"]
    inactive = books.rows(f"SELECT * FROM {kind} WHERE Active = false")[0]
    assert books.twin.world.edit(kind, inactive["Id"], {})[member] == inactive[member]


def test_deactivating_twice_changes_nothing_the_second_time(books: Books) -> None:
    number = books.customer("Anna")["Id"]
    first = books.twin.world.deactivate("Customer", number)
    books.twin.clock.advance(minutes=1)

    again = books.twin.world.deactivate("Customer", number)

    assert again == first


def test_a_customer_who_owes_stays_active(books: Books) -> None:
    number = books.customer()["Id"]
    books.invoice(number)

    assert books.refused("Customer", {"Id": number, "SyncToken": "0", "sparse": True, "Active": False}) == ["6220"]


@pytest.mark.parametrize("name", ["Anna:Arm", "Anna\tArm", "Anna\nArm"])
@pytest.mark.parametrize("kind", ["Customer", "Item"])
def test_signs_that_structure_names_are_refused(books: Books, kind: str, name: str) -> None:
    body = {"DisplayName": name} if kind == "Customer" else {"Name": name, "IncomeAccountRef": ref("79")}

    assert books.refused(kind, body) == ["2040"]


def test_a_display_name_is_made_of_the_parts(books: Books) -> None:
    body = {"Title": "Dr.", "GivenName": "Anna", "FamilyName": "Arm", "Suffix": "Jr."}

    made = books.make("Customer", body)

    assert made["DisplayName"] == made["FullyQualifiedName"] == "Dr. Anna Arm Jr."


def test_without_any_name_nothing_is_made(books: Books) -> None:
    assert books.refused("Customer", {"CompanyName": "Arm Ltd"}) == ["6080"]


def test_sub_customers_are_named_below_their_parent_up_to_five_levels(books: Books) -> None:
    number, name = books.customer("L0")["Id"], "L0"
    for level in range(1, 5):
        made = books.customer(f"L{level}", ParentRef=ref(number), Job=True)
        number, name = made["Id"], f"{name}:L{level}"
        assert (made["FullyQualifiedName"], made["Level"]) == (name, level)

    assert books.refused("Customer", {"DisplayName": "L5", "ParentRef": ref(number)}) == ["6180"]


def test_item_names_are_used_once(books: Books) -> None:
    body = {"Name": "services", "Type": "Service", "IncomeAccountRef": ref("1")}

    assert books.refused("Item", body) == ["6240"]


def test_skus_may_repeat(books: Books) -> None:
    for name in ("A", "B"):
        books.make("Item", {"Name": name, "Sku": "X-1", "IncomeAccountRef": ref("79")})

    assert [row["Name"] for row in books.rows("SELECT * FROM Item WHERE Sku = 'X-1'")] == ["A", "B"]


def test_an_item_needs_an_income_account(books: Books) -> None:
    assert books.refused("Item", {"Name": "A", "IncomeAccountRef": ref("35")}) == ["6430"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TrackQtyOnHand": False}, "6000"),
        ({"AssetAccountRef": None}, "2020"),
        ({"ExpenseAccountRef": None}, "2020"),
        ({"QtyOnHand": None}, "2020"),
        ({"InvStartDate": None}, "6000"),
        ({"AssetAccountRef": ref("35")}, "6430"),
    ],
)
def test_an_inventory_item_needs_all_it_takes(books: Books, change: Body, code: str) -> None:
    assert books.refused("Item", stock_item("Fountain", **change)) == [code]


def test_a_plan_without_inventory_takes_no_inventory_item(open_books: OpenBooks) -> None:
    assert open_books(inventory=False).refused("Item", stock_item("Fountain")) == ["5020"]


def test_stock_falls_with_sales_and_returns_with_refunds_and_voids(books: Books) -> None:
    item = books.make("Item", stock_item("Fountain"))["Id"]
    lines = [sale("30", item=item, UnitPrice="10", Qty="3")]

    sold = books.make("SalesReceipt", {"Line": lines})
    after_sale = books.read("Item", item)
    books.make(
        "RefundReceipt", {"Line": [sale("10", item=item, UnitPrice="10", Qty="1")], "DepositToAccountRef": ref("35")}
    )
    books.twin.world.void("SalesReceipt", sold["Id"])

    assert (after_sale["QtyOnHand"], after_sale["SyncToken"]) == (7, "0")
    assert books.read("Item", item)["QtyOnHand"] == 11


def test_stock_cannot_be_sold_before_it_starts_or_without_quantity(books: Books) -> None:
    item = books.make("Item", stock_item("Fountain"))["Id"]
    priced = sale("10", item=item, UnitPrice="10", Qty="1")

    assert books.refused("SalesReceipt", {"TxnDate": "2025-12-31", "Line": [priced]}) == ["6270"]
    assert books.refused("SalesReceipt", {"Line": [sale("10", item=item)]}) == ["6520"]


def test_quantities_do_not_change_by_editing_the_item(books: Books) -> None:
    item = books.make("Item", stock_item("Fountain"))

    assert books.refused("Item", {"Id": item["Id"], "SyncToken": "0", "sparse": True, "QtyOnHand": 3}) == ["6000"]


def test_only_inventory_items_track_quantities(books: Books) -> None:
    assert books.refused("Item", {"Name": "A", "TrackQtyOnHand": True, "IncomeAccountRef": ref("79")}) == ["6000"]


def test_sub_items_are_named_below_their_parent(books: Books) -> None:
    made = books.make("Item", {"Name": "Pump", "SubItem": True, "ParentRef": ref("1"), "IncomeAccountRef": ref("79")})

    receipt = books.make("SalesReceipt", {"Line": [sale("1", item=made["Id"])]})

    assert receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Services:Pump"


def test_an_account_gets_its_type_from_its_sub_type(books: Books) -> None:
    assert books.make("Account", {"Name": "Till", "AccountSubType": "CashOnHand"})["AccountType"] == "Bank"


def test_an_account_needs_a_type_and_gets_the_rest(books: Books) -> None:
    assert books.refused("Account", {"Name": "Till"}) == ["6010"]

    made = books.make("Account", {"Name": "Till", "AccountType": "Bank"})

    assert (made["AccountSubType"], made["Classification"]) == ("CashOnHand", "Asset")
    assert books.refused("Account", {"Name": "till", "AccountType": "Bank"}) == ["6240"]


@pytest.mark.parametrize(("kind", "name"), [("PaymentMethod", "Stripe"), ("Term", "Net 7")])
def test_methods_and_terms_are_made_once(books: Books, kind: str, name: str) -> None:
    assert books.make(kind, {"Name": name})["Active"] is True
    assert books.refused(kind, {"Name": name}) == ["6240"]


def test_foreign_currency_is_refused_while_multicurrency_is_off(euro: Books) -> None:
    answer = euro.send("Customer", {"DisplayName": "Anna", "CurrencyRef": ref("USD")})

    assert codes(answer) == ["6000"]
    assert "Multi Currency should be enabled to perform this operation" in answer.text
    for foreign in ({"CurrencyRef": ref("USD")}, {"ExchangeRate": 1.1}):
        assert euro.refused("SalesReceipt", {"Line": [sale("1", "2")], **foreign}) == ["6000"]


@pytest.mark.parametrize(("switch", "taken"), [("accepted", True), ("refused", False)])
def test_naming_the_home_currency_depends_on_a_switch(euro: Books, switch: str, taken: bool) -> None:
    euro.twin.site.switch({"home_currency_reference": switch})

    made = euro.customer("Bert")

    answer = euro.send("Customer", {"DisplayName": "Anna", "CurrencyRef": ref("EUR")})

    assert (answer.status_code == 200) is taken
    edit = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "x"}
    assert euro.make("Customer", edit)["Notes"] == "x"


def test_a_customers_currency_stays_and_documents_follow_it(open_books: OpenBooks) -> None:
    books = open_books("us", multicurrency=True)
    customer = books.customer(CurrencyRef=ref("EUR"))

    invoice = books.invoice(customer["Id"], sale("100"), ExchangeRate=1.25)
    change = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "CurrencyRef": ref("USD")}

    shown = (invoice["CurrencyRef"]["value"], str(invoice["ExchangeRate"]), str(invoice["HomeTotalAmt"]))
    assert shown == ("EUR", "1.25", "125.00")
    assert books.refused("Customer", change) == ["6000"]
    in_dollars = {"CustomerRef": ref(customer["Id"]), "Line": [sale("1")], "CurrencyRef": ref("USD")}
    assert books.refused("Invoice", in_dollars) == ["6000"]
    assert books.refused("Customer", {"DisplayName": "B", "CurrencyRef": ref("XXX")}) == ["2220"]


def test_home_currency_documents_of_a_multicurrency_company_have_the_rate_1(open_books: OpenBooks) -> None:
    books = open_books("us", multicurrency=True)

    made = books.make("SalesReceipt", {"Line": [sale("5")]})

    assert (made["ExchangeRate"], str(made["HomeTotalAmt"])) == (1, "5.00")
