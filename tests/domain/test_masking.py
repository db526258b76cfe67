"""What is masked before it is logged, and what stays readable."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.quickbooks.meanings import MEANINGS
from domain.masking import EMAIL, NAME, NUMBER, SECRET, mask, personal_words

WORDS = st.text(string.ascii_letters + "äöüßéñ", min_size=1, max_size=12)
AROUND = st.sampled_from(["", " ", "(", "'", '"', " said: ", " \n"])
BASE64 = string.ascii_letters + string.digits + "-_"


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=count, max_size=count)


EMAILS = st.builds(
    "{}{}{}@{}.{}".format,
    WORDS,
    st.sampled_from(["", ".", "+", "_", "'"]),
    WORDS,
    WORDS,
    st.sampled_from(["org", "co.uk"]),
)
PHONES = st.one_of(
    st.builds(
        "+{}{}{}{}".format, st.sampled_from(["49 ", "1-", "380"]), digits(3), st.sampled_from([" ", "", "-"]), digits(6)
    ),
    st.builds("0{}{}{}".format, digits(3), st.sampled_from([" ", "-", "/"]), digits(7)),
    st.builds("({}) {}-{}".format, digits(3), digits(3), digits(4)),
    st.builds("{}-{}-{}".format, digits(3), digits(3), digits(4)),
    st.builds("{0}{3}{1}{3}{2}".format, digits(3), digits(3), digits(3), st.sampled_from([" ", "-"])),
    st.builds("017{}".format, digits(8)),
)
LONG = st.builds("aB3{}".format, st.text(BASE64, min_size=37, max_size=60))
SECRETS = st.one_of(
    st.builds("{}_{}".format, st.sampled_from(["ck", "cs"]), st.text("0123456789abcdef", min_size=40, max_size=40)),
    st.builds("sb_secret_{}".format, st.text(BASE64, min_size=20, max_size=40)),
    st.builds("eyJ{}.{}.{}".format, *[st.text(BASE64, min_size=10, max_size=40)] * 3),
    LONG,
)


@given(WORDS, AROUND, EMAILS, AROUND, WORDS)
@example("mailto:", "", "ann%40example.org", "", "")
def test_no_address_survives(before: str, left: str, address: str, right: str, after: str) -> None:
    masked = mask(f"{before} {left}{address}{right} {after}")
    assert address not in masked
    assert EMAIL in masked


@given(WORDS, AROUND, PHONES, AROUND, WORDS)
def test_no_phone_number_survives(before: str, left: str, number: str, right: str, after: str) -> None:
    masked = mask(f"{before} {left}{number}{right} {after}")
    assert number not in masked
    assert NUMBER in masked


@given(WORDS, AROUND, SECRETS, WORDS)
def test_no_token_survives(before: str, left: str, secret: str, after: str) -> None:
    masked = mask(f"{before} {left}{secret} {after}")
    assert secret not in masked
    assert SECRET in masked


@given(st.text(BASE64 + "!$%^*(){}@:/", min_size=1, max_size=20))
@example("p@ss/word")
def test_no_password_in_an_address_survives(password: str) -> None:
    masked = mask(f"cannot reach postgresql://unisync:{password}@db.example:5432/ledger today")
    assert masked == f"cannot reach postgresql://{SECRET}@db.example:5432/ledger today"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abcdefghijklmnopqrst", "Authorization: Bearer <secret>"),
        ("authorization: basic YW5uOnNlY3JldA==", "authorization: basic <secret>"),
        ("GET /cb?code=AB12&state=x1&realmId=12", "GET /cb?code=<secret>&state=<secret>&realmId=12"),
        ("?consumer_key=ck_1&consumer_secret=cs_1", "?consumer_key=<secret>&consumer_secret=<secret>"),
        ('{"refresh_token": "RT1-9", "ok": 1}', '{"refresh_token": "<secret>", "ok": 1}'),
        ("card 4111 1111 1111 1111 refused", "card <number> refused"),
        ("call tel:+491711234567.", "call tel:<number>."),
    ],
)
def test_what_is_secret_is_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "it waits until shop:order:5123456789 is written",
        "order 794 of the shop cannot be read: field billing.email: it is none",
        "the shop says 12345678.90, the books say 12345678.91",
        "The books are closed until 2026-03-31, the document would be of 2026-03-01.",
        "run 00000000-0000-0000-0000-000000000001 of 01.02.2026 at 2026-03-01T12:30:00.123456+00:00",
        "cannot reach 192.168.100.200:54321; is the address right and the host up?",
        "the company 9341453172839465 has it (QuickBooks error 5010, SQLSTATE 22003)",
        "https://shop.example/wp-json/wc/v3/orders?page=12&per_page=100",
        "Basic authentication was refused; key=value pairs and tokens stay words",
        "a" * 64,
    ],
)
def test_what_people_need_to_read_stays(text: str) -> None:
    assert mask(text) == text


def test_our_own_sentences_about_quickbooks_stay() -> None:
    for meaning in MEANINGS.values():
        assert mask(meaning.sentence) == meaning.sentence
        assert mask(meaning.advice) == meaning.advice


@given(st.text(max_size=200) | st.text("0123456789 +-./()@:<>abcK_=?&", max_size=80), st.frozensets(WORDS, max_size=3))
def test_masking_takes_any_text_and_a_second_time_changes_nothing(text: str, known: frozenset[str]) -> None:
    once = mask(text)
    assert mask(once) == once
    mask(text, known)


@given(WORDS.filter(lambda name: len(name) > 1), WORDS)
def test_known_names_are_masked_as_whole_words(name: str, other: str) -> None:
    masked = mask(f"the name {name} is taken: {name.upper()}", {name})
    assert masked.endswith(f"{NAME} is taken: {NAME}") or "ß" in name
    assert mask(f"x{other}x", {other}) == f"x{other}x"


def test_the_words_of_a_payload_that_tell_who_it_is_are_found_at_any_depth() -> None:
    payload = {
        "id": 7,
        "billing": {"first_name": "Ann", "last_name": "Smith", "city": "Berlin", "phone": "030 1"},
        "body": [{"DisplayName": "Ann Smith", "PrimaryEmailAddr": {"Address": "ann@example.org"}}],
    }
    found = {"Ann", "Smith", "030 1", "Ann Smith", "ann@example.org"}
    assert personal_words(payload) == found
    assert personal_words(json.dumps(payload)) == found
    assert personal_words("not JSON") == frozenset()
