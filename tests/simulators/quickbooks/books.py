"""A client of a QuickBooks twin, and bodies to send."""

import ssl
from decimal import Decimal
from typing import Any

import httpx

from simulators.quickbooks.server import QuickBooksTwin

Body = dict[str, Any]
VERIFIER = "verifier-token-of-the-app"
# Loading certificates takes longer than a test, and plain http never looks at them.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Books:
    """Calls the API of one company with a valid token."""

    def __init__(self, twin: QuickBooksTwin, realm: str = "") -> None:
        self.twin = twin
        self.realm = realm or twin.realm
        token = twin.tokens(self.realm)["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        base = f"{twin.url}/v3/company/{self.realm}"
        self.http = httpx.Client(base_url=base, headers=headers, verify=NO_CERTIFICATES)

    def sign_in(self) -> None:
        """Go on with a fresh access token."""
        self.http.headers["Authorization"] = f"Bearer {self.twin.tokens(self.realm)['access_token']}"

    def send(self, kind: str, body: Any, **params: str) -> httpx.Response:
        return self.http.post(f"/{kind.lower()}", json=body, params=params)

    def make(self, kind: str, body: Body, **params: str) -> Body:
        """Write an object that must be taken; numbers come back as decimals."""
        answer = self.send(kind, body, **params)
        assert answer.status_code == 200, answer.text
        made: Body = answer.json(parse_float=Decimal)[kind]
        return made

    def refused(self, kind: str, body: Any, **params: str) -> list[str]:
        """The codes of a refusal."""
        answer = self.send(kind, body, **params)
        assert answer.status_code == 400, answer.text
        return codes(answer)

    def read(self, kind: str, number: str) -> Body:
        got: Body = self.http.get(f"/{kind.lower()}/{number}").json(parse_float=Decimal)[kind]
        return got

    def ask(self, statement: str) -> httpx.Response:
        return self.http.get("/query", params={"query": statement})

    def rows(self, statement: str) -> list[Body]:
        """The rows of a query, whatever their kind."""
        answer = self.ask(statement)
        assert answer.status_code == 200, answer.text
        response = answer.json(parse_float=Decimal)["QueryResponse"]
        return next((value for value in response.values() if isinstance(value, list)), [])

    def batch(self, *items: Body, **params: str) -> dict[str, Body]:
        """The answers to a batch by bId."""
        answer = self.http.post("/batch", json={"BatchItemRequest": list(items)}, params=params)
        assert answer.status_code == 200, answer.text
        return {item["bId"]: item for item in answer.json(parse_float=Decimal)["BatchItemResponse"]}

    def customer(self, name: str = "Anna Arm", **fields: Any) -> Body:
        return self.make("Customer", {"DisplayName": name, **fields})

    def invoice(self, customer: str, *lines: Body, **fields: Any) -> Body:
        return self.make("Invoice", {"CustomerRef": ref(customer), "Line": list(lines) or [sale("100")], **fields})

    def pay(self, customer: str, amount: str, **shares: str) -> Body:
        return self.make("Payment", payment(customer, amount, **shares))


def codes(answer: httpx.Response) -> list[str]:
    return [error["code"] for error in answer.json()["Fault"]["Error"]]


def error(books: Books, kind: str, body: Any, **params: str) -> Body:
    """The first error of a refusal."""
    answer = books.send(kind, body, **params)
    assert answer.status_code == 400, answer.text
    found: Body = answer.json()["Fault"]["Error"][0]
    return found


def ref(number: str) -> Body:
    return {"value": number}


def sale(amount: str, code: str = "", item: str = "1", **detail: Any) -> Body:
    """A sales line; ``code`` is its tax code."""
    tax = {"TaxCodeRef": ref(code)} if code else {}
    numbers = {name: float(value) if isinstance(value, str) else value for name, value in detail.items()}
    inner = {"ItemRef": ref(item), **tax, **numbers}
    return {"Amount": float(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": inner}


def discount(amount: str = "", percent: str = "") -> Body:
    if percent:
        inner = {"PercentBased": True, "DiscountPercent": float(percent)}
        return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": inner}
    return {"Amount": float(amount), "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}


def shipping(amount: str, code: str = "") -> Body:
    return sale(amount, code, item="SHIPPING_ITEM_ID")


def payment(customer: str, amount: str, **shares: str) -> Body:
    """A payment; shares name invoices as i<id> and credit memos as c<id>."""
    kinds = {"i": "Invoice", "c": "CreditMemo"}
    lines = [
        {"Amount": float(share), "LinkedTxn": [{"TxnId": name[1:], "TxnType": kinds[name[0]]}]}
        for name, share in shares.items()
    ]
    return {"CustomerRef": ref(customer), "TotalAmt": float(amount), "Line": lines}


def stock_item(name: str, **fields: Any) -> Body:
    return {
        "Name": name,
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": 10,
        "InvStartDate": "2026-01-01",
        "IncomeAccountRef": ref("79"),
        "ExpenseAccountRef": ref("80"),
        "AssetAccountRef": ref("81"),
        **fields,
    }
