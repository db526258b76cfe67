"""What is wrong with the settings of a shop is said in one sentence."""

from __future__ import annotations

import pytest

from connectors.woocommerce.connector import open_woocommerce
from connectors.woocommerce.settings import rest_base
from domain.errors import Misconfigured

KEYS = {"consumer_key": "ck_1234", "consumer_secret": "cs_5678"}


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://shop.example", "https://shop.example/wp-json/wc/v3"),
        ("https://shop.example/", "https://shop.example/wp-json/wc/v3"),
        (" https://shop.example/blog/ ", "https://shop.example/blog/wp-json/wc/v3"),
        ("https://shop.example/wp-json/", "https://shop.example/wp-json/wc/v3"),
        ("https://shop.example/wp-json/wc/v3/", "https://shop.example/wp-json/wc/v3"),
        ("https://shop.example/api/wc/v3", "https://shop.example/api/wc/v3"),
        ("http://127.0.0.1:8088", "http://127.0.0.1:8088/wp-json/wc/v3"),
        ("http://localhost", "http://localhost/wp-json/wc/v3"),
        ("http://[::1]:8088", "http://[::1]:8088/wp-json/wc/v3"),
    ],
)
def test_the_address_of_a_site_or_of_its_api_will_do(written: str, base: str) -> None:
    assert rest_base(written) == base


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "http://shop.example"}, "plain http to shop.example would show the credentials"),
        ({"url": "http://127.0.0.1.shop.example"}, "plain http to"),
        ({"url": "http://10.0.0.1"}, "plain http to"),
        ({"url": "shop.example"}, "must begin with https://"),
        ({"url": "ftp://shop.example"}, "must begin with https://"),
        ({"url": "https://"}, "must begin with https://"),
        ({"url": ""}, "must begin with https://"),
        ({"url": "https://shop.example:port"}, "is not a URL"),
        ({"url": "https://me:ck_1234@shop.example"}, "neither user name, password"),
        ({"url": "https://shop.example/?consumer_secret=cs_5678"}, "neither user name, password"),
        ({"url": "https://shop.example/wp-json/wc/v2"}, "only version 3"),
        ({"url": 7}, "url of the shop cannot be used"),
        ({}, "url of the shop cannot be used: Field required"),
        ({"url": "https://shop.example", "page_size": 101}, "page_size of the shop cannot be used"),
        ({"url": "https://shop.example", "page_size": 1}, "page_size of the shop cannot be used"),
        ({"url": "https://shop.example", "colour": "red"}, "colour of the shop cannot be used"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence) as caught:
        open_woocommerce("default", "berlin-shop", settings, KEYS)

    assert str(caught.value).startswith("berlin-shop: ")
    assert "\n" not in str(caught.value)
    assert "ck_1234" not in str(caught.value)
    assert "cs_5678" not in str(caught.value)


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        ({}, "consumer_key of the shop cannot be used: Field required"),
        ({"consumer_key": "ck_1234"}, "consumer_secret of the shop cannot be used: Field required"),
        ({"consumer_key": "cs_5678", "consumer_secret": "ck_1234"}, "swapped"),
        ({"consumer_key": "1234", "consumer_secret": "cs_5678"}, "must begin with ck_; create one"),
        ({"consumer_key": "ck_1234", "consumer_secret": "ck_1234"}, "must begin with cs_; create one"),
    ],
)
def test_credentials_that_cannot_work_are_refused(credentials: dict[str, str], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence) as caught:
        open_woocommerce("default", "berlin-shop", {"url": "https://shop.example"}, credentials)

    assert "1234" not in str(caught.value)
    assert "5678" not in str(caught.value)


def test_blanks_around_a_pasted_key_do_no_harm() -> None:
    pasted = {name: f" {value}\n" for name, value in KEYS.items()}

    with open_woocommerce("default", "berlin-shop", {"url": "https://shop.example"}, pasted) as shop:
        assert shop.connection == "berlin-shop"
