"""The ids of addresses: every stored address has one (captured)."""

from simulators.quickbooks.company import Body, Company, Row

_NAMES = ("BillAddr", "ShipAddr", "ShipFromAddr", "PrimaryAddr")


def number_addresses(company: Company, body: Body, old: Row | None) -> Body:
    """The body with ids in its addresses: kept on update, shared by equal ones (captured on Customer)."""
    numbered: Body = {}
    for name in _NAMES:
        address = body.get(name)
        if not address:
            continue
        known = old.body.get(name, {}).get("Id") if old else None
        same = next((other["Id"] for other in numbered.values() if _plain(other) == _plain(address)), None)
        numbered[name] = {"Id": address.get("Id") or known or same or company.next_address(), **_plain(address)}
    return {**body, **numbered}


def _plain(address: Body) -> Body:
    return {name: value for name, value in address.items() if name != "Id"}
