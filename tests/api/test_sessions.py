"""People in their browsers: cookies, CSRF tokens, other sites' pages."""

from __future__ import annotations

import httpx
import pytest

from api.app import create_app
from config.settings import settings
from domain.access import Role
from operations.users import add_user
from tests.api.conftest import PASSWORD, Service, Stage

EMAIL = "ann@example.org"


@pytest.fixture
def ann(service: Service) -> str:
    """Somebody who is admin of ``default`` and bookkeeper of ``other``."""
    add_user(service.caller(), EMAIL, Role.ADMIN, name="Ann", password=PASSWORD)
    add_user(service.caller("other"), EMAIL, Role.BOOKKEEPER)
    return EMAIL


def log_in(service: Service, **more: object) -> tuple[httpx.Client, httpx.Response]:
    browser = service.client()
    answer = browser.post("/api/session", json={"email": EMAIL, "password": PASSWORD} | more)
    browser.headers["X-CSRF-Token"] = answer.json().get("csrf", "")
    return browser, answer


def cookie_of(answer: httpx.Response) -> set[str]:
    """The cookie's attributes, without those that change with every run."""
    parts = answer.headers["Set-Cookie"].split("; ")
    return {parts[0].partition("=")[0], *(part for part in parts[1:] if not part.startswith(("Max-Age", "expires")))}


def test_who_logs_in_is_told_who_they_are_and_known_from_then_on(service: Service, ann: str) -> None:
    browser, answer = log_in(service, tenant="default")

    told = answer.json()
    assert (told["email"], told["name"], told["tenant"], told["role"]) == (ann, "Ann", "default", "admin")
    assert told["tenants"] == [{"tenant": "default", "role": "admin"}, {"tenant": "other", "role": "bookkeeper"}]
    assert told["expires_at"].endswith("Z")
    assert browser.get("/api/session").json() == told
    assert browser.get("/api/users").status_code == 200


def test_the_cookie_stays_with_the_browser_and_the_secret_out_of_the_answer(service: Service, ann: str) -> None:
    browser, answer = log_in(service)

    assert cookie_of(answer) == {"unisync", "HttpOnly", "Path=/", "SameSite=lax"}
    assert browser.cookies["unisync"] not in answer.text


def test_over_https_the_cookie_belongs_to_this_host_alone(
    service: Service, ann: str, stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", "https://sync.example.org")
    settings.cache_clear()
    stage[0].app = create_app(service.engine)

    _, answer = log_in(service)

    assert cookie_of(answer) == {"__Host-unisync", "HttpOnly", "Path=/", "SameSite=lax", "Secure"}


def test_a_wrong_password_and_an_unknown_person_are_refused_alike(service: Service, ann: str) -> None:
    _, wrong = log_in(service, password="not it")
    _, unknown = log_in(service, email="nobody@example.org")

    assert (wrong.status_code, wrong.json()["detail"]) == (unknown.status_code, unknown.json()["detail"])
    assert wrong.status_code == 401
    assert "Set-Cookie" not in wrong.headers


def test_too_many_wrong_passwords_are_answered_with_a_wait(service: Service, ann: str) -> None:
    statuses = [log_in(service, password="not it")[1] for _ in range(12)]

    assert statuses[-1].status_code == 429
    assert int(statuses[-1].headers["Retry-After"]) > 0


def test_a_change_needs_the_csrf_token_and_reading_does_not(service: Service, ann: str) -> None:
    browser, _ = log_in(service)
    token = browser.headers.pop("X-CSRF-Token")
    wanted = {"name": "nightly", "role": "viewer"}

    assert browser.get("/api/tokens").status_code == 200
    for wrong in ({}, {"X-CSRF-Token": token[:-1]}, {"X-CSRF-Token": ""}):
        refused = browser.post("/api/tokens", json=wanted, headers=wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert browser.post("/api/tokens", json=wanted, headers={"X-CSRF-Token": token}).status_code == 201


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"]
)
def test_a_change_from_another_sites_page_is_refused_even_with_the_token(
    service: Service, ann: str, origin: str
) -> None:
    browser, _ = log_in(service)

    for method, path in (("DELETE", "/api/session"), ("POST", "/api/session")):
        wanted = {"email": EMAIL, "password": PASSWORD} if method == "POST" else None
        refused = browser.request(method, path, json=wanted, headers={"Origin": origin})
        assert refused.status_code == 403
    assert browser.get("/api/session").status_code == 200


@pytest.mark.parametrize("public", ["", "https://sync.example.org"])
def test_a_change_from_our_own_page_is_carried_out(
    service: Service, ann: str, stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch, public: str
) -> None:
    browser, _ = log_in(service)
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", public)
    settings.cache_clear()
    stage[0].app = create_app(service.engine)
    cookie = {"Cookie": f"__Host-unisync={browser.cookies['unisync']}"} if public else {}

    answer = browser.delete("/api/session", headers={"Origin": public or service.url} | cookie)

    assert answer.status_code == 204


def test_who_logged_out_is_not_known_any_more_even_with_the_old_cookie(service: Service, ann: str) -> None:
    browser, _ = log_in(service)
    secret = browser.cookies["unisync"]
    answer = browser.delete("/api/session")

    assert (answer.status_code, answer.content, len(browser.cookies)) == (204, b"", 0)
    assert service.nobody.get("/api/session", headers={"Cookie": f"unisync={secret}"}).status_code == 401


def test_logging_out_everywhere_ends_the_sessions_on_all_devices(service: Service, ann: str) -> None:
    here, there = log_in(service)[0], log_in(service)[0]

    assert here.delete("/api/session", params={"everywhere": True}).status_code == 204
    assert there.get("/api/session").status_code == 401


def test_switching_the_tenant_gives_a_new_cookie_and_the_rights_of_that_tenant(service: Service, ann: str) -> None:
    browser, answer = log_in(service, tenant="default")
    former = browser.cookies["unisync"]
    switched = browser.post("/api/session/tenant", json={"tenant": "other"})

    assert (switched.json()["tenant"], switched.json()["role"]) == ("other", "bookkeeper")
    assert browser.cookies["unisync"] != former
    assert switched.json()["csrf"] != answer.json()["csrf"]
    assert browser.get("/api/users").status_code == 403
    assert service.nobody.get("/api/session", headers={"Cookie": f"unisync={former}"}).status_code == 401


def test_a_tenant_that_is_not_theirs_is_unknown(service: Service, ann: str) -> None:
    browser, _ = log_in(service)

    assert browser.post("/api/session/tenant", json={"tenant": "elsewhere"}).status_code == 404


def test_changing_the_password_ends_the_other_sessions_and_renews_this_one(service: Service, ann: str) -> None:
    here, there = log_in(service)[0], log_in(service)[0]
    wanted = {"current": PASSWORD, "new": "a better password, and longer"}

    assert here.post("/api/session/password", json=wanted).status_code == 200
    assert (here.get("/api/session").status_code, there.get("/api/session").status_code) == (200, 401)
    assert log_in(service)[1].status_code == 401
    assert log_in(service, password=wanted["new"])[1].status_code == 200


def test_a_token_has_no_session(service: Service, ann: str) -> None:
    browser, _ = log_in(service)

    for client in (service.admin, browser):
        refused = client.get("/api/session", headers={"Authorization": service.admin.headers["Authorization"]})
        assert refused.status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer nobody-has-this", "bearer \xff"])
def test_credentials_that_are_none_are_refused_and_no_cookie_helps(service: Service, ann: str, header: str) -> None:
    browser, _ = log_in(service)

    refused = browser.get("/api/users", headers={"Authorization": header.encode("latin-1")})

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="unisync"'
