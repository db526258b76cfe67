"""Consent, tokens, their rotation, their end; and the gate that they open."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from simulators.quickbooks.modes import Setup
from tests.simulators.quickbooks.books import NO_CERTIFICATES, Books, codes
from tests.simulators.quickbooks.conftest import OpenBooks

BACK = "http://127.0.0.1:8000/callback"
TOKEN, REVOKE, CONSENT = "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke", "/connect/oauth2"


def asked(books: Books, **changes: str) -> dict[str, str]:
    return {
        "client_id": books.twin.client_id, "response_type": "code", "redirect_uri": BACK, "state": "s1",
        "scope": "com.intuit.quickbooks.accounting openid", **changes,
    }  # fmt: skip


def page(books: Books, method: str, path: str, **options: Any) -> httpx.Response:
    app = (books.twin.client_id, books.twin.client_secret)
    with httpx.Client(base_url=books.twin.url, auth=options.pop("auth", app), verify=NO_CERTIFICATES) as client:
        return client.request(method, path, **options)


def consent(books: Books, **changes: str) -> dict[str, list[str]]:
    """What comes back to the app after the consent page."""
    sent = {**asked(books), "realm": books.realm, "approve": "yes", **changes}
    answer = page(books, "POST", CONSENT, data=sent)
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def exchange(books: Books, code: str, redirect: str = BACK) -> httpx.Response:
    return page(books, "POST", TOKEN, data={"grant_type": "authorization_code", "code": code, "redirect_uri": redirect})


def refresh(books: Books, token: str) -> httpx.Response:
    return page(books, "POST", TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})


def call(books: Books, token: str, realm: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return httpx.get(
        f"{books.twin.url}/v3/company/{realm or books.realm}/item/1", headers=headers, verify=NO_CERTIFICATES
    )


def test_the_consent_page_shows_the_companies_and_keeps_the_request(open_books: OpenBooks) -> None:
    books = open_books(name="Cafe <One>", others=[Setup("ca")])

    answer = page(books, "GET", CONSENT, params=asked(books))

    assert answer.headers["Content-Type"].startswith("text/html")
    assert re.findall(r'<option value="(\d+)">', answer.text) == books.twin.realms
    assert "Cafe &lt;One&gt;" in answer.text
    assert f'name="redirect_uri" value="{BACK}"' in answer.text


def test_approving_leads_to_tokens_that_open_the_company(books: Books) -> None:
    back = consent(books)

    answer = exchange(books, back["code"][0])

    tokens = answer.json()
    assert (back["state"], back["realmId"]) == (["s1"], [books.realm])
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert {name: tokens[name] for name in tokens if not name.endswith("_token")} == {
        "token_type": "bearer",
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8726400,
        "x_refresh_token_hard_expires_in": 157680000,
    }
    assert call(books, tokens["access_token"]).status_code == 200


def test_declining_leads_back_with_an_error(books: Books) -> None:
    assert consent(books, approve="no") == {"error": ["access_denied"], "state": ["s1"]}


@pytest.mark.parametrize(
    "change", [{"client_id": "x"}, {"response_type": "token"}, {"scope": "openid"}, {"redirect_uri": ""}, {"state": ""}]
)
def test_a_wrong_request_gets_no_consent_page(books: Books, change: dict[str, str]) -> None:
    assert page(books, "GET", CONSENT, params=asked(books, **change)).status_code == 400
    assert page(books, "POST", CONSENT, data=asked(books, **change)).status_code == 400


def test_a_code_works_once_soon_and_for_its_own_redirect(books: Books) -> None:
    code, other, late = (consent(books)["code"][0] for _ in range(3))

    answers = [exchange(books, code), exchange(books, code), exchange(books, other, "http://127.0.0.1/else")]
    books.twin.clock.advance(minutes=11)
    answers.append(exchange(books, late))

    assert [answer.status_code for answer in answers] == [200, 400, 400, 400]
    assert {answer.json()["error"] for answer in answers[1:]} == {"invalid_grant"}


def test_each_refresh_rotates_and_the_old_token_ends(books: Books) -> None:
    first = books.twin.tokens()
    second = refresh(books, first["refresh_token"]).json()

    old, new = refresh(books, first["refresh_token"]), refresh(books, second["refresh_token"])

    assert (old.status_code, old.json()) == (
        400,
        {"error_description": "Incorrect or invalid refresh token", "error": "invalid_grant"},
    )
    assert new.status_code == 200
    assert len({first["refresh_token"], second["refresh_token"], new.json()["refresh_token"]}) == 3
    assert call(books, first["access_token"]).status_code == 200  # an access token lives its hour


def test_of_two_refreshes_at_once_one_loses(books: Books) -> None:
    token = books.twin.tokens()["refresh_token"]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: refresh(books, token).status_code, range(2)))

    assert sorted(answers) == [200, 400]


def test_a_grace_lets_the_old_token_work_for_a_while(books: Books) -> None:
    books.twin.switches.refresh_grace_seconds = 60
    token = books.twin.tokens()["refresh_token"]
    refresh(books, token)
    books.twin.clock.advance(seconds=59)

    assert refresh(books, token).status_code == 200
    assert refresh(books, token).status_code == 400


def test_refresh_tokens_may_rotate_only_once_a_day(books: Books) -> None:
    books.twin.switches.rotation = "daily"
    token = books.twin.tokens()["refresh_token"]

    same = refresh(books, token).json()["refresh_token"]
    books.twin.clock.advance(hours=24)

    assert (same == token, refresh(books, token).json()["refresh_token"] == token) == (True, False)


def test_tokens_end_by_the_clock(books: Books) -> None:
    tokens = books.twin.tokens()
    books.twin.clock.advance(seconds=3599)
    before = call(books, tokens["access_token"]).status_code
    books.twin.clock.advance(seconds=1)
    after = call(books, tokens["access_token"]).status_code
    books.twin.clock.advance(seconds=8726400)

    assert (before, after) == (200, 401)
    assert refresh(books, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_connection_ends_after_five_years_however_often_it_is_refreshed(books: Books) -> None:
    tokens = books.twin.tokens()
    for _ in range(18):
        books.twin.clock.advance(days=100)
        tokens = refresh(books, tokens["refresh_token"]).json()

    books.twin.clock.advance(days=24)
    last = refresh(books, tokens["refresh_token"]).json()
    books.twin.clock.advance(days=1)

    assert last["x_refresh_token_hard_expires_in"] == last["x_refresh_token_expires_in"] == 86400
    assert refresh(books, last["refresh_token"]).status_code == 400


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(books: Books, which: str) -> None:
    tokens = books.twin.tokens()

    revoked = page(books, "POST", REVOKE, json={"token": tokens[which]})

    assert (revoked.status_code, revoked.content) == (200, b"")
    assert call(books, tokens["access_token"]).status_code == 401
    assert refresh(books, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_what_cannot_be_revoked_is_refused(books: Books) -> None:
    unknown, broken = page(books, "POST", REVOKE, json={"token": "x"}), page(books, "POST", REVOKE, content=b"[")

    assert (unknown.status_code, broken.status_code) == (400, 400)


def test_disconnecting_in_quickbooks_ends_everything(books: Books) -> None:
    tokens = books.twin.tokens()
    books.twin.world.disconnect()

    assert call(books, tokens["access_token"]).status_code == 401
    assert refresh(books, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_wrong_credentials_of_the_app_are_refused(books: Books) -> None:
    body = {"grant_type": "refresh_token", "refresh_token": books.twin.tokens()["refresh_token"]}
    wrong = (books.twin.client_id, "wrong")
    app = {"client_id": books.twin.client_id, "client_secret": books.twin.client_secret}

    refused = [
        page(books, "POST", TOKEN, data=body, auth=wrong),
        page(books, "POST", TOKEN, data=body, auth=None),
        page(books, "POST", TOKEN, data=body, auth=None, headers={"Authorization": "Basic !"}),
        page(books, "POST", REVOKE, json={"token": "x"}, auth=wrong),
    ]

    assert [answer.status_code for answer in refused] == [401] * 4
    assert refused[0].json()["error"] == "invalid_client"
    assert page(books, "POST", TOKEN, data=body | app, auth=None).status_code == 200
    unknown = page(books, "POST", TOKEN, data={"grant_type": "password"})
    assert unknown.json()["error"] == "unsupported_grant_type"


def test_no_secret_is_shown_in_logs_and_texts(books: Books) -> None:
    token = books.twin.tokens()["refresh_token"]
    page(books, "GET", "/nowhere", params={"code": "c0de", "refresh_token": token, "x": "1"})
    refresh(books, token)

    text = repr([books.twin.log.lines(), books.twin.site.tokens, books.twin, books.twin.site.tokens._grants])

    assert "code=***&refresh_token=***&x=1" in text
    assert not any(secret in text for secret in (token, "c0de", books.twin.client_secret))


def test_a_path_outside_everything_is_refused(books: Books) -> None:
    answer = page(books, "GET", "/nowhere", headers={"Accept": "application/json"})

    assert (answer.status_code, codes(answer)) == (400, ["500"])


def test_the_endpoints_can_be_discovered(books: Books) -> None:
    found = page(books, "GET", "/.well-known/openid_configuration").json()

    assert found["token_endpoint"] == f"{books.twin.url}{TOKEN}"
    assert found["authorization_endpoint"] == f"{books.twin.url}{CONSENT}"
    assert found["revocation_endpoint"] == f"{books.twin.url}{REVOKE}"
