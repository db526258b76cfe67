"""The recorded shop: what a real WooCommerce 10.9 answered, byte for byte."""

from functools import cache
from pathlib import Path

import msgspec

from simulators.woocommerce.shop import Shop

RECORDINGS = Path(__file__).parent / "recordings"
ZONE = "Europe/Berlin"
_LISTS = {
    "orders": ("orders-p1", "orders-p2", "orders-p3", "orders-p4", "orders-trash", "orders-checkout-draft"),
    "refunds": ("refunds",),
    "products": ("products",),
    "variations": ("variations",),
    "customers": ("customers",),
    "taxes": ("taxes",),
    "coupons": ("coupons",),
}


class Head(msgspec.Struct, frozen=True):
    """Status and headers of a recorded answer; ``{base}`` in a header stands for the shop's address."""

    status: int
    headers: list[tuple[str, str]]
    request: dict[str, str]


class Recording(msgspec.Struct, frozen=True):
    """One recorded answer."""

    head: Head
    body: bytes


def recorded_shop() -> Shop:
    """A fresh copy of the recorded shop: 308 orders, 9 in the trash, 4 drafts, and all that belongs to them."""
    shop = Shop(ZONE, blob("tax-classes"), blob("blank-order"))
    for kind, names in _LISTS.items():
        for name in names:
            shop.fill(kind, slices(name))
    return shop


def slices(name: str) -> list[bytes]:
    """The objects of a recorded list, each as its exact bytes."""
    return [bytes(part) for part in msgspec.json.decode(blob(name), type=list[msgspec.Raw])]


@cache
def blob(name: str) -> bytes:
    """A recorded list answer, byte for byte."""
    return (RECORDINGS / f"{name}.json").read_bytes()


@cache
def recording(name: str) -> Recording:
    """The recorded answer ``name``; raises ValueError that lists the known names when there is none."""
    if name not in recording_names():
        raise ValueError(f"No recording is called {name!r}. Known: {', '.join(recording_names())}.")
    head = msgspec.json.decode((RECORDINGS / "errors" / f"{name}.head.json").read_bytes(), type=Head)
    return Recording(head, (RECORDINGS / "errors" / f"{name}.body").read_bytes())


@cache
def recording_names() -> tuple[str, ...]:
    """The recorded answers that a fault can replay."""
    return tuple(sorted(path.stem for path in (RECORDINGS / "errors").glob("*.body")))
