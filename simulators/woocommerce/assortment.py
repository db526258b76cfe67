"""Products, tax rates and customers of a generated shop."""

from random import Random
from typing import Any

import msgspec

from simulators.woocommerce import php
from simulators.woocommerce.recorded import slices
from simulators.woocommerce.shop import Shop

BASE = "https://shop.example.test"
_NAMES = ("Kaffee", "Tee \u2615", "Tasse", "Kanne", "Filter & Sieb", "\u00dcberraschung", "Brot", "\u5bff\u53f8 Set")
_FIRST = ("Anna", "Zo\u00eb", "J\u00fcrgen", "Mary-Ann", "\u0141ukasz", "Fatma", "Lin", "O'Neil")
_LAST = ("Schmidt", "M\u00fcller-L\u00fcdenscheidt", "Garc\u00eda", "Nowak", "Yilmaz", "Chen", "van der Berg", "Smith")
_CITIES = (
    ("Berlin", "10115", "DE"),
    ("M\u00fcnchen", "80331", "DE"),
    ("Wien", "1010", "AT"),
    ("Z\u00fcrich", "8001", "CH"),
)
# Half of the buyers have no account, as in the recorded shop.
_GUEST_SHARE = 0.5


class Article(msgspec.Struct, frozen=True):
    """What an order line says about a product; ``name`` is JSON text."""

    number: int
    name: str
    sku: str
    cents: int
    rate: int
    rate_id: int
    tax_class: str


class Person(msgspec.Struct, frozen=True):
    """What an order says about its buyer, as JSON text; number 0 is a guest."""

    number: int
    addresses: str
    link: str


def rates() -> list[bytes]:
    """The recorded shop's tax rates; the first two are used."""
    return slices("taxes")


def articles(count: int, shop: Shop) -> list[Article]:
    """``count`` simple products, put into ``shop``."""
    made = []
    template = next(body for body in slices("products") if b'"type":"simple","status":"publish"' in body)
    for index in range(count):
        number = shop.next_id("products")
        reduced = index % 5 == 0
        cents = 199 + (index * 137) % 9000
        name, sku = f"{_NAMES[index % len(_NAMES)]} {index + 1}", f"ART-{index + 1:05d}"
        fields: dict[str, Any] = {
            "id": number, "name": name, "slug": f"artikel-{index + 1}",
            "permalink": f"{BASE}/product/artikel-{index + 1}/", "sku": sku, "price": f"{cents / 100:.2f}",
            "regular_price": f"{cents / 100:.2f}", "sale_price": "",
            "tax_class": "reduced-rate" if reduced else "", "manage_stock": index % 2 == 0,
            "stock_quantity": index % 97 if index % 2 == 0 else None, "_links": _links("products", number),
        }  # fmt: skip
        shop.put("products", php.join(php.split(template) | {key: php.raw(value) for key, value in fields.items()}))
        rate, rate_id = (7, 2) if reduced else (19, 1)
        made.append(Article(number, php.encode(name).decode(), sku, cents, rate, rate_id, str(fields["tax_class"])))
    return made


def people(count: int, shop: Shop, random: Random) -> list[Person]:
    """``count`` buyers: about half are put into ``shop`` as customers, the others are guests."""
    template = next(body for body in slices("customers") if b'"role":"customer"' in body)
    made = []
    for index in range(count):
        billing = _address(index, random)
        shipping = {name: value for name, value in billing.items() if name != "email"}
        addresses = php.encode({"billing": billing, "shipping": shipping}).decode()[1:-1]
        if index and random.random() < _GUEST_SHARE:
            made.append(Person(0, addresses, ""))
            continue
        number = shop.next_id("customers")
        fields = {
            "id": number, "email": billing["email"], "first_name": billing["first_name"],
            "last_name": billing["last_name"], "username": f"kunde{number:06d}", "billing": billing,
            "shipping": shipping, "meta_data": [], "_links": _links("customers", number),
        }  # fmt: skip
        shop.put("customers", php.join(php.split(template) | {key: php.raw(value) for key, value in fields.items()}))
        href = php.encode(f"{BASE}/wp-json/wc/v3/customers/{number}").decode()
        made.append(Person(number, addresses, f',"customer":[{{"href":{href}}}]'))
    return made


def _address(index: int, random: Random) -> dict[str, str]:
    city, postcode, country = random.choice(_CITIES)
    return {
        "first_name": random.choice(_FIRST), "last_name": random.choice(_LAST),
        "company": "ACME GmbH & Co. KG" if index % 7 == 0 else "",
        "address_1": f"Hauptstra\u00dfe {index % 300 + 1}", "address_2": "3. OG links" if index % 3 == 0 else "",
        "city": city, "state": "", "postcode": postcode, "country": country, "email": f"buyer{index}@example.test",
        "phone": f"+49 30 {1_000_000 + index}",
    }  # fmt: skip


def _links(kind: str, number: int) -> dict[str, Any]:
    root = f"{BASE}/wp-json/wc/v3/{kind}"
    allow = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
    return {"self": [{"href": f"{root}/{number}", "targetHints": allow}], "collection": [{"href": root}]}
