"""Tenants, people, tokens and the audit log by HTTP alone."""

from __future__ import annotations

import csv
import json

import pytest

from operations.caller import Caller
from tests.api.conftest import PASSWORD, Service

ANN = {"email": "ann@example.org", "name": "Ann", "role": "admin", "password": PASSWORD}


def test_a_new_tenant_is_set_up_by_http_alone(service: Service) -> None:
    made = service.installer.post("/api/tenants", json={"name": "berlin"})
    token = service.installer.post("/api/tenants/berlin/tokens", json={"name": "set-up", "role": "admin"})
    person = service.installer.post("/api/tenants/berlin/users", json=ANN)
    within = service.client(token.json()["secret"])

    assert [answer.status_code for answer in (made, token, person)] == [201, 201, 201]
    assert [user["email"] for user in within.get("/api/users").json()["items"]] == ["ann@example.org"]
    assert service.admin.get("/api/users").json()["items"] == []
    tenants = service.installer.get("/api/tenants").json()["items"]
    assert [tenant["name"] for tenant in tenants] == ["berlin", "default", "other"]


def test_what_is_done_in_another_tenant_is_in_that_tenants_audit_log(service: Service) -> None:
    service.installer.post("/api/tenants/other/tokens", json={"name": "set-up", "role": "viewer"})

    noted = service.stranger.get("/api/audit").json()["items"]

    assert ("token:admin of default who runs all", "set-up") in [(one["actor"], one["subject"]) for one in noted]


def test_a_tenant_that_is_not_there_is_unknown(service: Service) -> None:
    refused = service.installer.post("/api/tenants/nowhere/tokens", json={"name": "x", "role": "admin"})

    assert (refused.status_code, refused.json()["detail"]) == (
        404,
        "there is no tenant nowhere; POST /api/tenants makes one",
    )


def test_a_tokens_secret_is_shown_once_and_counts_until_it_is_revoked(service: Service) -> None:
    made = service.admin.post("/api/tokens", json={"name": "nightly", "role": "viewer"}).json()
    program = service.client(made.pop("secret"))
    path = f"/api/tokens/{made['id']}"

    assert program.get("/api/sync/status").status_code == 200
    shown = service.admin.get(path).json()
    assert (shown["name"], shown.keys()) == ("nightly", made.keys())
    assert service.admin.delete(path).json()["revoked_at"] is not None
    assert program.get("/api/sync/status").status_code == 401


def test_people_are_let_in_changed_locked_out_and_removed(service: Service) -> None:
    added = service.admin.post("/api/users", json=ANN | {"role": "operator"})
    path = f"/api/users/{added.json()['id']}"
    assert added.status_code == 201

    assert service.admin.put(f"{path}/role", json={"role": "bookkeeper"}).json()["role"] == "bookkeeper"
    assert service.admin.put(f"{path}/password", json={"password": "another good password"}).status_code == 204
    assert service.admin.post(f"{path}/disable").json()["disabled_at"] is not None
    assert service.admin.post(f"{path}/enable").json()["disabled_at"] is None
    assert service.admin.get(path).json()["role"] == "bookkeeper"
    assert service.admin.delete(path).status_code == 204
    assert service.admin.get(path).status_code == 404


def test_no_answer_ever_holds_a_password(service: Service) -> None:
    answers = [service.admin.post("/api/users", json=ANN), service.admin.post("/api/users", json=ANN)]

    assert [answer.status_code for answer in answers] == [201, 409]
    assert [answer for answer in answers if PASSWORD in answer.text] == []


@pytest.mark.parametrize("path", ["/api/tokens", "/api/audit"])
def test_pages_of_a_list_follow_each_other_without_gap_and_repetition(service: Service, path: str) -> None:
    for number in range(5):
        service.admin.post("/api/tokens", json={"name": f"token {number}", "role": "viewer"})
    whole = service.admin.get(path).json()
    ids, cursor = [], None

    while cursor or not ids:
        page = service.admin.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert whole["next_cursor"] is None
    assert ids == [item["id"] for item in whole["items"]]


def note_much(caller: Caller, entries: int) -> None:
    with caller.ledger() as session:
        for number in range(entries):
            caller.note(session, "thing.do", f"thing {number}", number=number)


def test_the_audit_log_is_exported_whole_as_a_table_and_as_json_lines(service: Service) -> None:
    note_much(service.caller(), 1_200)

    table, lines = (
        service.admin.get("/api/audit/export", params={"action": "thing.do", "format": form})
        for form in ("csv", "json")
    )

    assert (table.headers["Content-Type"], lines.headers["Content-Type"]) == (
        "text/csv; charset=utf-8",
        "application/x-ndjson",
    )
    assert table.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    subjects = [json.loads(line)["subject"] for line in lines.text.splitlines()]
    assert subjects == [f"thing {number}" for number in reversed(range(1_200))]
    assert [row["subject"] for row in csv.DictReader(table.text.splitlines())] == subjects


def test_refused_attempts_are_in_the_audit_log(service: Service) -> None:
    service.viewer.post("/api/tokens", json={"name": "mine", "role": "admin"}, headers={"X-Request-Id": "request-17"})

    [noted] = service.admin.get("/api/audit", params={"outcome": "refused"}).json()["items"]
    assert (noted["actor"], noted["subject"], noted["address"], noted["request_id"]) == (
        "token:viewer of default",
        "manage_access",
        "127.0.0.1",
        "request-17",
    )
