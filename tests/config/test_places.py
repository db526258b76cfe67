"""One place has one name, however people write it; two places never have the same."""

from __future__ import annotations

from itertools import combinations

import pytest

from config.places import lasting_place, place_of
from connectors.supabase.settings import settings_of
from domain.keys import System

POOLER = "aws-0-eu-central-1.pooler.supabase.com"


def shop(url: str) -> str:
    return place_of(System.WOOCOMMERCE, {"url": url})


def books(**settings: object) -> str:
    return place_of(System.QUICKBOOKS, {"client_id": "c", **settings})


def database(url: str, **settings: object) -> str:
    return place_of(System.SUPABASE, {**settings_of(url).model_dump(exclude_defaults=True), **settings})


def project(url: str, **settings: object) -> str:
    return place_of(System.SUPABASE, {"project_url": url, **settings})


SAME = [
    [
        shop("https://shop.example"),
        shop(" HTTPS://Shop.Example.:443/ "),
        shop("https://shop.example/wp-json"),
        shop("https://shop.example//wp-json/wc/v3/"),
        shop("https://shop.example/blog/.."),
    ],
    [shop("https://müller.example/de"), shop("https://xn--mller-kva.example/de/")],
    [shop("http://localhost:8080"), shop("http://127.0.0.1:8080/"), shop("http://[::1]:8080")],
    [shop("https://shop.example/de")],
    [shop("https://shop.example/DE")],
    [shop("https://shop.example:8443")],
    [shop("https://www.shop.example")],
    [books(realm_id="1"), books(realm_id="1", sandbox=False, url="")],
    [books(realm_id="1", sandbox=True)],
    [books(realm_id="2")],
    [books(realm_id="1", url="http://127.0.0.1:9000"), books(realm_id="1", url="http://LOCALHOST:9000/")],
    [books(realm_id="1", url="http://127.0.0.1:9001")],
    [
        project("https://abcd.supabase.co"),
        project("https://ABCD.supabase.co/rest/v1/", schema="commerce"),
        database("postgresql://postgres:p@db.abcd.supabase.co:5432/postgres"),
        place_of(System.SUPABASE, {"host": "db.abcd.supabase.co", "port": 5432, "database": "postgres"}),
        database("postgresql://postgres:p@DB.abcd.supabase.co/postgres", schema="commerce"),
        database(f"postgresql://postgres.abcd:p@{POOLER}:5432/postgres"),
        database(f"postgresql://unisync.abcd:p@{POOLER}:6543/postgres"),
        database(f"postgresql://unisync.abcd:p@{POOLER.upper()}:6543/postgres"),
    ],
    [database(f"postgresql://postgres.efgh:p@{POOLER}:5432/postgres"), project("https://efgh.supabase.co")],
    [project("https://abcd.supabase.co", schema="commerce_sandbox")],
    [database("postgresql://postgres:p@db.abcd.supabase.co/other")],
    [
        database("postgresql://u:p@db.example/shop"),
        database("postgres://other:q@DB.example.:5432/shop?sslmode=require"),
    ],
    [database("postgresql://u:p@db.example:5433/shop")],
    [database("postgresql://u:p@db.example/shop", schema="commerce_sandbox")],
    [database("postgresql://u:p@localhost/shop"), database("postgresql://u:p@127.0.0.1/shop")],
    [project("https://supabase.shop.example"), project("https://supabase.shop.example/rest/v1")],
]


@pytest.mark.parametrize("spellings", SAME)
def test_a_place_is_the_same_however_it_is_written(spellings: list[str]) -> None:
    assert len(set(spellings)) == 1


def test_no_two_places_are_the_same() -> None:
    assert [pair for pair in combinations(SAME, 2) if set(pair[0]) & set(pair[1])] == []


def test_a_warehouse_may_move_and_nothing_else() -> None:
    here, there = {"host": "a", "database": "d"}, {"host": "b", "database": "d"}
    assert lasting_place(System.SUPABASE, here) == lasting_place(System.SUPABASE, there)
    assert lasting_place(System.WOOCOMMERCE, {"url": "https://shop.example"}) == "woocommerce https://shop.example"
    assert lasting_place(System.QUICKBOOKS, {"realm_id": "9341"}) == "quickbooks 9341"
