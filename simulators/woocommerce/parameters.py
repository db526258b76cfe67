"""The parameters that each list registers, and how WordPress validates them."""

import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from simulators.woocommerce import dates
from simulators.woocommerce.errors import invalid_params

Params = dict[str, str | list[str]]
Problem = tuple[str, str, Any]
ORDER_STATUSES = (
    "any", "trash", "auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
    "checkout-draft",
)  # fmt: skip
_INTEGER = re.compile(r"[+-]?\d+(?:\.0*)?")
_SEPARATORS = re.compile(r"[\s,]+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INDEXED = re.compile(r"([^\[\]]+)\[[^\[\]]*\]")


class Parameter(msgspec.Struct, frozen=True):
    """One registered parameter; ``numbers`` are cleaned without being validated (absint), as WooCommerce does."""

    name: str
    shape: Literal["integer", "boolean", "text", "date", "choice", "choices", "numbers"]
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    default: Any = None


def _paging(orderby: tuple[str, ...], first: str, order: str) -> tuple[Parameter, ...]:
    return (
        Parameter("context", "choice", choices=("view", "edit"), default="view"),
        Parameter("page", "integer", minimum=1, default=1),
        Parameter("per_page", "integer", minimum=1, maximum=100, default=10),
        Parameter("search", "text"),
        Parameter("exclude", "numbers"),
        Parameter("include", "numbers"),
        Parameter("offset", "integer"),
        Parameter("order", "choice", choices=("asc", "desc"), default=order),
        Parameter("orderby", "choice", choices=orderby, default=first),
    )


_DATES = (
    Parameter("after", "date"),
    Parameter("before", "date"),
    Parameter("modified_after", "date"),
    Parameter("modified_before", "date"),
    Parameter("dates_are_gmt", "boolean", default=False),
)
_ORDERBY = ("date", "id", "include", "title", "slug", "modified")
_POSTS = _paging(_ORDERBY, "date", "desc") + _DATES
_PARENTS = (Parameter("parent", "numbers"), Parameter("parent_exclude", "numbers"))
_POST_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
_ROLES = ("all", "administrator", "editor", "author", "contributor", "subscriber", "customer", "shop_manager")

# Source of each row: get_collection_params in class-wc-rest-crud-controller.php and its heirs for orders, products,
# variations, customers and taxes, and for orders the recorded shop's OPTIONS answer. Customers and rates register no
# dates: such a parameter is ignored.
REGISTERED: dict[str, tuple[Parameter, ...]] = {
    "orders": _POSTS
    + _PARENTS
    + (
        Parameter("status", "choices", choices=ORDER_STATUSES),
        Parameter("customer", "integer"),
        Parameter("product", "integer"),
        Parameter("dp", "integer", default=2),
    ),
    "refunds": _POSTS + _PARENTS + (Parameter("dp", "integer", default=2),),
    "products": _paging((*_ORDERBY, "price", "popularity", "rating"), "date", "desc")
    + _DATES
    + _PARENTS
    + (
        Parameter("slug", "text"),
        Parameter("status", "choice", choices=_POST_STATUSES, default="any"),
        Parameter("type", "choice", choices=("simple", "grouped", "external", "variable")),
        Parameter("sku", "text"),
    ),
    "variations": (
        *_POSTS,
        Parameter("slug", "text"),
        Parameter("status", "choice", choices=_POST_STATUSES, default="any"),
        Parameter("sku", "text"),
    ),
    "coupons": (*_POSTS, Parameter("code", "text")),
    "customers": (
        *_paging(("id", "include", "name", "registered_date"), "name", "asc"),
        Parameter("email", "text"),
        Parameter("role", "choice", choices=_ROLES, default="customer"),
    ),
    "taxes": (*_paging(("id", "order", "priority"), "order", "asc"), Parameter("class", "text")),
    "webhooks": (
        *_paging(("date", "id", "title"), "date", "desc"),
        Parameter("status", "choice", choices=("all", "active", "paused", "disabled"), default="all"),
    ),
}


def parse_query(query: str) -> Params:
    """A query string as PHP reads it: the last value of a name wins, ``name[]`` and ``name[0]`` collect into a list."""
    params: Params = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        indexed = _INDEXED.fullmatch(name)
        if indexed is None:
            params[name] = value
            continue
        values = params.setdefault(indexed[1], [])
        if isinstance(values, list):
            values.append(value)
    return params


def clean(kind: str, params: Params, extra_statuses: tuple[str, ...] = ()) -> dict[str, Any]:
    """The registered parameters of a list with their defaults; raises ApiError 400 that names every bad one.

    What a list does not register is ignored (woocommerce-observed: dates). ``extra_statuses`` are allowed for orders.
    """
    cleaned: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for parameter in REGISTERED[kind]:
        sent = params.get(parameter.name)
        if parameter.shape == "choices" and extra_statuses:
            parameter = msgspec.structs.replace(parameter, choices=parameter.choices + extra_statuses)
        if sent is None:
            cleaned[parameter.name] = parameter.default
            continue
        problem = next(_problems(parameter, sent), None)
        if problem:
            problems[parameter.name] = problem
        else:
            cleaned[parameter.name] = _value(parameter, sent)
    if problems:
        raise invalid_params(problems)
    return cleaned


def _problems(parameter: Parameter, sent: str | list[str]) -> Iterator[Problem]:
    """What WordPress has against a value (rest-api.php rest_validate_value_from_schema; texts as recorded)."""
    name = parameter.name
    if parameter.shape == "choices":
        for index, item in enumerate(parse_list(sent)):
            if item not in parameter.choices:
                yield _not_a_choice(f"{name}[{index}]", parameter.choices)
    elif parameter.shape == "numbers":
        return
    elif isinstance(sent, list):
        yield _wrong_type(name, parameter.shape if parameter.shape in ("integer", "boolean") else "string")
    elif parameter.shape == "integer":
        yield from _integer_problems(parameter, sent)
    elif parameter.shape == "boolean" and sent.lower() not in _BOOLEANS:
        yield _wrong_type(name, "boolean")
    elif parameter.shape == "date" and dates.parse(sent) is None:
        yield "rest_invalid_date", "Invalid date.", None
    elif parameter.shape == "choice" and sent not in parameter.choices:
        yield _not_a_choice(name, parameter.choices)


def _integer_problems(parameter: Parameter, sent: str) -> Iterator[Problem]:
    name, minimum, maximum = parameter.name, parameter.minimum, parameter.maximum
    if not _INTEGER.fullmatch(sent):
        yield _wrong_type(name, "integer")
    elif minimum is not None and maximum is not None and not minimum <= float(sent) <= maximum:
        text = f"{name} must be between {minimum} (inclusive) and {maximum} (inclusive)"
        yield "rest_out_of_bounds", text, None
    elif minimum is not None and float(sent) < minimum:
        yield "rest_out_of_bounds", f"{name} must be greater than or equal to {minimum}", None


def _value(parameter: Parameter, sent: str | list[str]) -> Any:
    if parameter.shape == "choices":
        return parse_list(sent)
    if parameter.shape == "numbers":
        return [absint(item) for item in parse_list(sent)]
    text = str(sent)
    if parameter.shape == "integer":
        return abs(int(float(text)))
    return _BOOLEANS[text.lower()] if parameter.shape == "boolean" else text


def parse_list(sent: str | list[str]) -> list[str]:
    """A list parameter: repeated, or separated by commas or spaces (WordPress wp_parse_list)."""
    return list(sent) if isinstance(sent, list) else [item for item in _SEPARATORS.split(sent) if item]


def absint(text: str) -> int:
    """PHP's absint: the leading digits, without their sign; 0 for anything else."""
    digits = re.match(r"\s*[+-]?(\d+)", text)
    return int(digits[1]) if digits else 0


def _wrong_type(name: str, wanted: str) -> Problem:
    return "rest_invalid_type", f"{name} is not of type {wanted}.", {"param": name}


def _not_a_choice(name: str, choices: tuple[str, ...]) -> Problem:
    listed = f"{', '.join(choices[:-1])}, and {choices[-1]}" if len(choices) > 2 else " and ".join(choices)
    return "rest_not_in_enum", f"{name} is not one of {listed}.", None
