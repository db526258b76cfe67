"""unisync user, token, tenant and audit: who may come in, and who let them."""

from __future__ import annotations

import csv
import getpass
import io
import json
import os
import pwd
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.refusals import Unauthenticated
from operations.access import caller_of_token
from operations.sessions import log_in
from tests.cli.conftest import Unisync

EMAIL = "ann@example.org"
PASSWORD = "correct horse battery staple"
OPERATOR = f"operator:{pwd.getpwuid(os.getuid()).pw_name}"

Typed = Callable[..., list[str]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Answer hidden questions with these words, one after the other; gives the questions."""

    def answer(*words: str) -> list[str]:
        asked: list[str] = []
        answers = iter(words)

        def ask(question: str) -> str:
            asked.append(question)
            return next(answers)

        monkeypatch.delenv("UNISYNC_USER_PASSWORD", raising=False)
        # A hidden line is read from the terminal, which a test has not.
        monkeypatch.setattr(getpass, "getpass", ask)
        return asked

    return answer


def read(unisync: Unisync, *words: str) -> Any:
    ended = unisync(*words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def add_ann(unisync: Unisync, *words: str) -> None:
    ended = unisync("user", "add", EMAIL, "--role", "admin", *words, UNISYNC_USER_PASSWORD=PASSWORD)
    assert ended.code == 0, ended.err


def test_the_first_admin_is_made_at_the_shell_and_can_log_in(unisync: Unisync, ledger_engine: Engine) -> None:
    ended = unisync(
        "user", "add", "Ann@Example.org", "--role", "admin", "--name", "Ann", "--runs-installation",
        UNISYNC_USER_PASSWORD=PASSWORD,
    )  # fmt: skip

    assert (ended.code, ended.out) == (0, "ann@example.org is admin of tenant default.\n")
    signed_in = log_in(ledger_engine, EMAIL, PASSWORD).signed_in
    assert (signed_in.tenant, signed_in.name, signed_in.runs_installation) == ("default", "Ann", True)
    (ann,) = read(unisync, "user", "list")
    assert (ann["email"], ann["role"], ann["disabled_at"]) == (EMAIL, "admin", None)
    assert "runs the installation" in unisync("user", "list").out


def test_a_password_is_asked_for_twice_and_never_shown(unisync: Unisync, ledger_engine: Engine, typed: Typed) -> None:
    asked = typed(PASSWORD, "a slip of the pen", PASSWORD, PASSWORD)
    ended = unisync("user", "add", EMAIL, "--role", "viewer")

    assert ended.code == 0, ended.err
    assert len(asked) == 4
    assert PASSWORD not in ended.out + ended.err
    assert log_in(ledger_engine, EMAIL, PASSWORD).signed_in.email == EMAIL


def test_a_short_password_is_refused_in_one_sentence(unisync: Unisync) -> None:
    ended = unisync("user", "add", EMAIL, "--role", "viewer", UNISYNC_USER_PASSWORD="hunter2")

    assert (ended.code, ended.err) == (2, "unisync: choose a password of 12 to 1000 characters\n")
    assert read(unisync, "user", "list") == []


def test_who_works_for_another_tenant_is_not_asked_for_a_password(
    unisync: Unisync, ledger_engine: Engine, typed: Typed
) -> None:
    add_ann(unisync)
    unisync("tenant", "add", "berlin")
    asked = typed()
    assert unisync("user", "add", EMAIL, "--role", "viewer", "--tenant", "berlin").code == 0

    assert asked == []
    assert [each.tenant for each in log_in(ledger_engine, EMAIL, PASSWORD).signed_in.tenants] == ["berlin", "default"]


def test_people_are_changed_locked_out_let_in_and_removed(unisync: Unisync, ledger_engine: Engine) -> None:
    add_ann(unisync)
    assert unisync("user", "add", "bob@example.org", "--role", "admin").code == 0
    assert unisync("user", "role", EMAIL, "bookkeeper").out == f"{EMAIL} is bookkeeper of tenant default.\n"
    assert unisync("user", "password", EMAIL, UNISYNC_USER_PASSWORD="an entirely new one").code == 0
    assert log_in(ledger_engine, EMAIL, "an entirely new one").signed_in.role == "bookkeeper"
    assert unisync("user", "disable", EMAIL).code == 0
    with pytest.raises(Unauthenticated):
        log_in(ledger_engine, EMAIL, "an entirely new one")
    assert "disabled" in unisync("user", "list").out
    assert unisync("user", "enable", EMAIL).code == 0
    assert log_in(ledger_engine, EMAIL, "an entirely new one").signed_in.role == "bookkeeper"
    assert unisync("user", "remove", EMAIL).code == 0
    assert [each["email"] for each in read(unisync, "user", "list")] == ["bob@example.org"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["user", "role", "nobody@example.org", "viewer"], "nobody of tenant default has the address nobody@example"),
        (["user", "remove", EMAIL], "they are the last admin of tenant default; make somebody else admin first"),
        (["user", "disable", EMAIL], "they are the last admin of tenant default"),
        (["user", "role", EMAIL, "viewer"], "they are the last admin of tenant default"),
        (["user", "add", EMAIL, "--role", "viewer"], f"{EMAIL} works for tenant default already"),
        (["user", "add", "ann", "--role", "viewer"], "that is no e-mail address; write it like ann@example.org"),
        (["user", "list", "--tenant", "nowhere"], "there is no tenant nowhere; create it with: unisync tenant add"),
        (["tenant", "add", "default"], "there is a tenant default already"),
        (["token", "revoke", "nothing"], "tenant default has no token 'nothing' that counts"),
        (["token", "create", "", "--role", "viewer"], "the name cannot be used: write 1 to 200 characters on one line"),
        (["audit", "--outcome", "perhaps"], "--outcome cannot be used: Input should be 'done' or 'refused'"),
        (["audit", "--since", "yesterday"], "'yesterday' is no time with a zone"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(unisync: Unisync, words: list[str], sentence: str) -> None:
    add_ann(unisync)
    ended = unisync(*words)

    assert ended.code == 2
    assert ended.err.startswith(f"unisync: {sentence}"), ended.err
    assert ended.err.count("\n") == 1


def test_a_role_that_is_none_is_refused(unisync: Unisync) -> None:
    ended = unisync("token", "create", "export", "--role", "king")
    assert ended.code == 2
    assert "Invalid value for '--role'" in ended.err


def test_a_token_is_printed_alone_and_once_and_counts_until_revoked(unisync: Unisync, ledger_engine: Engine) -> None:
    ended = unisync("token", "create", "nightly export", "--role", "viewer", "--days", "90")
    secret = ended.out.strip()

    assert ended.out == f"{secret}\n"
    assert secret not in ended.err
    caller = caller_of_token(ledger_engine, secret)
    assert (caller.actor, caller.role, caller.runs_installation) == ("token:nightly export", "viewer", False)
    (token,) = read(unisync, "token", "list")
    assert (token["name"], token["created_by"], token["revoked_at"]) == ("nightly export", OPERATOR, None)
    assert token["expires_at"] > token["created_at"]
    shown = unisync("token", "list").out
    assert "until" in shown
    assert secret not in shown
    assert unisync("token", "revoke", "nightly export").code == 0
    assert "revoked" in unisync("token", "list").out
    with pytest.raises(Unauthenticated):
        caller_of_token(ledger_engine, secret)


def test_a_token_may_run_the_installation(unisync: Unisync, ledger_engine: Engine) -> None:
    secret = unisync("token", "create", "metrics", "--role", "viewer", "--runs-installation").out.strip()

    assert caller_of_token(ledger_engine, secret).runs_installation


def test_tenants_are_listed_and_their_people_apart(unisync: Unisync) -> None:
    assert unisync("tenant", "add", "berlin").out == "There is a tenant berlin.\n"
    add_ann(unisync, "--tenant", "berlin")

    assert [each["name"] for each in read(unisync, "tenant", "list")] == ["berlin", "default"]
    assert "berlin" in unisync("tenant", "list").out
    assert read(unisync, "user", "list") == []
    assert unisync("user", "list").out == "Nobody belongs to tenant default; unisync user add lets somebody in.\n"
    assert unisync("token", "list").out == "Tenant default has no tokens; unisync token create makes one.\n"
    assert unisync("audit").out == "Nothing of the kind was noted.\n"


def test_the_audit_log_tells_what_the_person_at_the_shell_did(unisync: Unisync) -> None:
    add_ann(unisync)
    unisync("token", "create", "=1+1", "--role", "viewer")
    unisync("token", "revoke", "=1+1")

    entries = read(unisync, "audit", "--actor", OPERATOR)
    assert [(each["action"], each["subject"]) for each in entries] == [
        ("token.revoke", "=1+1"),
        ("token.create", "=1+1"),
        ("user.add", EMAIL),
    ]
    assert [each["action"] for each in read(unisync, "audit", "--limit", "1")] == ["token.revoke"]
    assert read(unisync, "audit", "--outcome", "refused") == []
    (row,) = list(csv.DictReader(io.StringIO(unisync("audit", "--csv", "--action", "token.create").out)))
    assert (row["actor"], row["subject"]) == (OPERATOR, "'=1+1")
    shown = unisync("audit").out
    assert all(word in shown for word in (OPERATOR, "user.add", EMAIL, "role admin"))
    assert PASSWORD not in shown
