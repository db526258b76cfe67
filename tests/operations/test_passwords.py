"""Passwords are kept as slow hashes, and looking one up tells nothing about who has an account."""

from __future__ import annotations

import subprocess
import sys
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters

from domain.refusals import Unusable
from operations import passwords
from operations.passwords import hash_password, is_outdated, is_password, require_good_password
from tests.operations.people import PASSWORD


class Observed(PasswordHasher):
    """A hasher that remembers at which cost it worked."""

    work: list[tuple[int, int, int]]

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  (as argon2 calls it)
        found = extract_parameters(str(hash))
        self.work.append((found.time_cost, found.memory_cost, found.hash_len))
        return super().verify(hash, password)


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Observed:
    hasher = Observed(time_cost=2, memory_cost=16, parallelism=1)
    hasher.work = []
    monkeypatch.setattr(passwords, "HASHER", hasher)
    return hasher


def test_the_right_password_is_recognised_and_no_other() -> None:
    kept = hash_password(PASSWORD)

    assert PASSWORD not in kept
    assert kept.startswith("$argon2id$")
    assert is_password(PASSWORD, kept)
    assert not is_password(PASSWORD + "x", kept)
    assert not is_password(PASSWORD, hash_password("x" * 12))


def test_one_password_is_kept_differently_each_time() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


def test_an_accented_letter_may_be_spelled_either_way() -> None:
    assert is_password("Zu\u0308rich-bahnhof", hash_password("Z\u00fcrich-bahnhof"))


def test_an_account_that_does_not_exist_costs_the_same_work(observed: Observed) -> None:
    assert is_password(PASSWORD, hash_password(PASSWORD))
    assert not is_password(PASSWORD, None)
    assert not is_password("\ud800" * 12, hash_password(PASSWORD))

    assert observed.work == [(2, 16, 32)] * 3


def test_a_hash_of_another_cost_is_outdated() -> None:
    kept = hash_password(PASSWORD)
    assert not is_outdated(kept)
    assert is_outdated(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD))
    assert is_outdated(PasswordHasher().hash(PASSWORD))


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1001, "\ud800" * 12])
def test_a_password_that_is_short_endless_or_no_text_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(Unusable) as refused:
        require_good_password(password, "new")
    assert refused.value.field == "new"
    assert not password or password not in str(refused.value)


def test_outside_of_tests_a_hash_is_as_dear_as_the_rfc_recommends() -> None:
    told = "from operations.passwords import HASHER as h; print(h.time_cost, h.memory_cost, h.hash_len, h.type.name)"
    printed = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout

    assert printed == "3 65536 32 ID\n"
