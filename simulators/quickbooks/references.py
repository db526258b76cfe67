"""Whether what a body refers to exists, is active and is of the right sort."""

from collections.abc import Iterator
from typing import Any

from simulators.quickbooks.company import SHIPPING_ITEM, Company
from simulators.quickbooks.kinds import NAMES
from simulators.quickbooks.refusals import INACTIVE, refusal
from simulators.quickbooks.shapes import Group, Many, Ref, Shape

# How refusals call the kinds (texts quoted in tests of fylein/fyle-qbo-api: Accounts, Klasses, Depts, Names).
_PLURALS = {"Class": "Klasses", "Department": "Depts", **dict.fromkeys(NAMES, "Names")}


def check_references(company: Company, group: Group, body: dict[str, Any]) -> None:
    """Raises Refusal 2500 for an unknown reference, 610 (or 2500, by switch) for an inactive, 6430 for a wrong type."""
    for shape, number in _references(group, body):
        if not shape.kind or number == SHIPPING_ITEM:
            continue
        row = company.find(shape.kind, number)
        if row is None:
            kind = _PLURALS.get(shape.kind, f"{shape.kind}s")
            raise refusal("2500", f"Invalid Reference Id : {kind} element id {number} not found")
        if not row.active:
            code = company.switches.inactive_reference
            raise refusal(code, f"{'Object Not Found' if code == '610' else 'Invalid Reference Id'} : {INACTIVE}")
        if shape.types and row.body["AccountType"] not in shape.types:
            raise refusal("6430", f"Invalid account type used : {row.body['AccountType']}")


def _references(shape: Shape, value: Any) -> Iterator[tuple[Ref, str]]:
    match shape:
        case Group():
            for name, member in value.items():
                if name in shape.fields:
                    yield from _references(shape.fields[name], member)
        case Many():
            for item in value:
                yield from _references(shape.of, item)
        case Ref():
            yield shape, value["value"]
        case _:
            return
