"""Credentials at rest."""

from __future__ import annotations

import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from db.vault import Vault, new_key
from domain.errors import Misconfigured

KEY = bytes(range(32))
SECRETS = st.dictionaries(st.text(), st.text())


@given(secrets=SECRETS, bound_to=st.text())
def test_what_was_sealed_opens_for_the_same_connection(secrets: dict[str, str], bound_to: str) -> None:
    vault = Vault(KEY)

    assert vault.open(vault.seal(secrets, bound_to=bound_to), bound_to=bound_to) == secrets


@given(mine=st.text(), other=st.text())
def test_a_blob_moved_to_another_connection_does_not_open(mine: str, other: str) -> None:
    assume(mine != other)
    vault = Vault(KEY)

    with pytest.raises(Misconfigured, match="do not open"):
        vault.open(vault.seal({"password": "hunter2"}, bound_to=mine), bound_to=other)


@given(data=st.data())
def test_one_changed_or_missing_byte_makes_a_blob_useless(data: st.DataObject) -> None:
    vault = Vault(KEY)
    sealed = vault.seal({"password": "hunter2"}, bound_to="a/shop")
    place = data.draw(st.integers(0, len(sealed) - 1))
    change = data.draw(st.integers(1, 255))
    changed = sealed[:place] + bytes([sealed[place] ^ change]) + sealed[place + 1 :]

    for damaged in (changed, sealed[:place]):
        with pytest.raises(Misconfigured, match="damaged"):
            vault.open(damaged, bound_to="a/shop")


def test_another_key_does_not_open_it_and_says_which_setting_to_look_at() -> None:
    sealed = Vault(KEY).seal({"password": "hunter2"}, bound_to="a/shop")

    with pytest.raises(Misconfigured, match="UNISYNC_SECRET_KEY is not the key") as caught:
        Vault(os.urandom(32)).open(sealed, bound_to="a/shop")
    assert "hunter2" not in str(caught.value)


def test_the_same_secret_is_never_sealed_to_the_same_bytes() -> None:
    vault = Vault(KEY)

    assert vault.seal({"a": "b"}, bound_to="x") != vault.seal({"a": "b"}, bound_to="x")


def test_a_new_key_works_and_is_another_one_each_time() -> None:
    first, second = new_key(), new_key()

    assert first != second
    vault = Vault(SecretStr(first))
    assert vault.open(vault.seal({"a": "b"}, bound_to="x"), bound_to="x") == {"a": "b"}


def test_the_key_id_tells_keys_apart_but_not_what_they_are() -> None:
    assert Vault(KEY).key_id == Vault(KEY).key_id
    assert Vault(KEY).key_id != Vault(KEY[::-1]).key_id
    assert Vault(KEY).key_id not in KEY.hex()


def test_the_sealed_bytes_and_the_repr_show_no_secret() -> None:
    key = new_key()
    vault = Vault(SecretStr(key))

    assert b"hunter2" not in vault.seal({"password": "hunter2"}, bound_to="x")
    assert key not in repr(vault) + str(vars(vault))


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("  ")])
def test_a_missing_key_names_the_setting_and_the_command_that_makes_one(key: SecretStr | None) -> None:
    with pytest.raises(Misconfigured, match="UNISYNC_SECRET_KEY is not set; `unisync key` prints a new one"):
        Vault(key)


@pytest.mark.parametrize(
    "key", [SecretStr("c2hvcnQ="), SecretStr("not base64 at all!"), SecretStr("schlüssel"), b"short"]
)
def test_a_malformed_key_is_refused_without_being_repeated(key: SecretStr | bytes) -> None:
    with pytest.raises(Misconfigured, match="UNISYNC_SECRET_KEY is no key of 32 bytes") as caught:
        Vault(key)
    assert "c2hvcnQ" not in str(caught.value)


def test_what_a_former_key_sealed_still_opens_and_is_sealed_anew_with_the_present_one() -> None:
    former, other, present = (os.urandom(32) for _ in range(3))
    sealed = Vault(former).seal({"password": "hunter2"}, bound_to="a/shop")
    vault = Vault(present, [other, former])

    assert vault.open(sealed, bound_to="a/shop") == {"password": "hunter2"}
    anew = vault.seal(vault.open(sealed, bound_to="a/shop"), bound_to="a/shop")
    assert Vault(present).open(anew, bound_to="a/shop") == {"password": "hunter2"}
    assert vault.key_id == Vault(present).key_id
    for opens_not in (Vault(former), Vault(present, [other])):
        with pytest.raises(Misconfigured, match="nor is one of UNISYNC_FORMER_SECRET_KEYS"):
            opens_not.open(anew if opens_not.key_id == Vault(former).key_id else sealed, bound_to="a/shop")


def test_a_former_key_opens_nothing_at_another_place() -> None:
    former = os.urandom(32)
    sealed = Vault(former).seal({"password": "hunter2"}, bound_to="a/shop")
    with pytest.raises(Misconfigured):
        Vault(os.urandom(32), [former]).open(sealed, bound_to="b/shop")


@pytest.mark.parametrize("key", [SecretStr("c2hvcnQ="), SecretStr("not base64 at all!"), b"short"])
def test_a_malformed_former_key_is_named_by_its_variable(key: SecretStr | bytes) -> None:
    with pytest.raises(Misconfigured, match="UNISYNC_FORMER_SECRET_KEYS is no key of 32 bytes"):
        Vault(os.urandom(32), [key])
