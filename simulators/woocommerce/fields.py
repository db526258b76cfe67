"""The ``_fields`` parameter: only the members a caller asked for, still as their exact bytes."""

import msgspec

from simulators.woocommerce import php
from simulators.woocommerce.parameters import Params, parse_list

Tree = dict[str, "Tree | None"]


def wanted(params: Params, *, keeps_id: bool) -> Tree | None:
    """The tree of members that ``_fields`` asks for; None when the whole object is wanted.

    ``a.b`` asks for one member of an object (WordPress rest_filter_response_fields); ``id`` is kept where the shop
    keeps it (class-wc-rest-controller.php get_fields_for_response).
    """
    names = parse_list(params.get("_fields", ""))
    if not names:
        return None
    tree: Tree = {"id": None} if keeps_id else {}
    for name in names:
        _plant(tree, name.split("."))
    return tree


def _plant(tree: Tree, path: list[str]) -> None:
    first, rest = path[0], path[1:]
    if not rest:
        tree[first] = None
        return
    branch = tree.setdefault(first, {})
    if branch is not None:
        _plant(branch, rest)


def trim(body: bytes, tree: Tree) -> bytes:
    """``body`` with the members of ``tree`` only, in the object's own order."""
    slices = php.split(body)
    return php.join({name: _trimmed(value, tree[name]) for name, value in slices.items() if name in tree})


def _trimmed(value: msgspec.Raw, branch: Tree | None) -> msgspec.Raw:
    if branch is None:
        return value
    text = bytes(value)
    if text.startswith(b"{"):
        return msgspec.Raw(trim(text, branch))
    # PHP intersects a list's positions with the names asked for: nothing is left (_rest_array_intersect_key_recursive).
    return msgspec.Raw(b"[]") if text.startswith(b"[") else value
