"""Items and accounts."""

from simulators.quickbooks.company import Body, Company, Row
from simulators.quickbooks.kinds import ACCOUNT_TYPES
from simulators.quickbooks.names import check_characters, check_free, currency_of, retired
from simulators.quickbooks.numbers import ZERO, plain
from simulators.quickbooks.refusals import Problem, Refusal, business, missing, refusal
from simulators.quickbooks.seeds import account


def prepare_item(company: Company, body: Body, old: Row | None) -> Body:
    """An item as QuickBooks stores it; raises Refusal."""
    check_characters(body["Name"])
    kind = body.get("Type") or (old.body["Type"] if old else "Service")
    active = body.get("Active", True)
    parent = body.get("ParentRef")
    above = f"{company.row('Item', parent['value']).body['FullyQualifiedName']}:" if parent else ""
    full = f"{above}{body['Name']}" if active else retired(company, "item", f"{above}{body['Name']}", old)
    name = full.removeprefix(above)
    check_free(company, "item", full, old, "Another product or service is already using this name.")
    if kind == "Inventory":
        _check_inventory(company, body, old)
    elif body.get("TrackQtyOnHand"):
        raise business("Only items of type Inventory track quantity on hand.")
    if "IncomeAccountRef" not in body:
        # The Intuit reference wants it for whatever is sold, and everything here is.
        raise Refusal(missing("IncomeAccountRef"))
    numbers = {"UnitPrice": plain(body.get("UnitPrice", ZERO)), "PurchaseCost": plain(body.get("PurchaseCost", ZERO))}
    if "QtyOnHand" in body:
        numbers["QtyOnHand"] = plain(body["QtyOnHand"])
    return {
        "Taxable": False, **body, **numbers, "Name": name, "Active": active, "FullyQualifiedName": full, "Type": kind,
        "TrackQtyOnHand": kind == "Inventory",
    }  # fmt: skip


def _check_inventory(company: Company, body: Body, old: Row | None) -> None:
    """Reported refusals of inventory items: DotNET-SDK issue 10, consolibyte/quickbooks-php issue 104, PHP-SDK 305."""
    if not company.setup.inventory:
        raise refusal("5020", "Permission Denied Error : Your plan does not include inventory tracking.")
    if not body.get("TrackQtyOnHand"):
        raise business(
            "When you create an item, if Track quantity on hand is turned off, the item cannot be of type Inventory."
        )
    if "AssetAccountRef" not in body:
        # Intuit's page on common errors shows these words.
        detail = (
            "Required parameter is missing in the request. An inventory assetaccount is required if you are tracking "
            "inventory quantities for this product."
        )
        raise Refusal(Problem("2020", detail, "AssetAccountRef"))
    if "ExpenseAccountRef" not in body:
        raise Refusal(missing("ExpenseAccountRef"))
    if "InvStartDate" not in body:
        raise business("As of date for initial quantity on hand is required")
    if "QtyOnHand" not in body:
        raise Refusal(missing("QtyOnHand"))
    if old and old.body["Type"] == "Inventory" and body["QtyOnHand"] != old.body["QtyOnHand"]:
        raise business("(-10600) The quantity on hand changes by transactions or an inventory adjustment only.")


def prepare_account(company: Company, body: Body, old: Row | None) -> Body:
    """An account as QuickBooks stores it; raises Refusal."""
    check_characters(body["Name"])
    kind = body.get("AccountType") or (old.body["AccountType"] if old else "")
    detail = body.get("AccountSubType", "")
    if not kind and not detail:
        raise refusal("6010", "You must specify either an Account.AccountType or an Account.AccountSubType.")
    if not kind:
        kind = next((name for name, (_, sub) in ACCOUNT_TYPES.items() if sub == detail), "Expense")
    active = body.get("Active", True)
    name = body["Name"] if active else retired(company, "Account", body["Name"], old)
    check_free(company, "Account", name, old, "Another account is already using this name.")
    fresh = account(company, name, kind, detail or ACCOUNT_TYPES[kind][1])
    return {**fresh, **body, **fresh, "Active": active, "CurrencyRef": currency_of(company, body, old)}


def prepare_list(company: Company, kind: str, body: Body, old: Row | None) -> Body:
    """A payment method or a term; raises Refusal."""
    check_characters(body["Name"])
    active = body.get("Active", True)
    name = body["Name"] if active else retired(company, kind, body["Name"], old)
    check_free(company, kind, name, old, "Another one is already using this name.")
    standing = {"Type": "NON_CREDIT_CARD"} if kind == "PaymentMethod" else {"Type": "STANDARD", "DueDays": ZERO}
    return {**standing, **body, "Name": name, "Active": active}


def move_stock(company: Company, lines: list[Body], sign: int) -> None:
    """Sold quantities leave the stock, refunded ones return; the item's token stays (derived, like a balance)."""
    for line in lines:
        detail = line.get("SalesItemLineDetail", {})
        row = company.find("Item", detail.get("ItemRef", {}).get("value", ""))
        if row and row.body["Type"] == "Inventory":
            row.body["QtyOnHand"] = plain(row.body["QtyOnHand"] + sign * detail.get("Qty", ZERO))
            row.updated = company.clock.now()
