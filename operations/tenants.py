"""Tenants: separate sets of shops, books and people in one installation."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ConfigDict, TypeAdapter, ValidationError

from db.ledger import tenants
from db.ledger.tenants import StoredTenant
from db.session import owner_session, watch_session
from domain.access import Permission
from domain.keys import TenantName
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unusable
from operations.caller import Caller

_NAME = TypeAdapter(TenantName)


class Tenant(StoredTenant):
    """A tenant and since when there is one."""

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"examples": [{"name": "berlin", "created_at": "2026-07-01T09:00:00Z"}]}
    )


def make_tenant(caller: Caller, name: str) -> Tenant:
    """Make a tenant; its data is invisible to every other one, and nobody belongs to it yet.

    Raises:
        Forbidden: the caller does not run the installation.
        Clash: there is one of this name.
        Unusable: it can be no name.
    """
    caller.require(Permission.MANAGE_INSTALLATION)
    try:
        tenant = _NAME.validate_python(name)
    except ValidationError:
        message = f"{name!r} cannot be the name of a tenant: use lower case letters, digits and dashes, at most 63"
        raise Unusable(message, field="name") from None
    with owner_session(caller.engine) as session:
        made = tenants.create_tenant(session, tenant)
        if made is None:
            raise Clash(f"there is a tenant {tenant} already")
        replace(caller, tenant=tenant).note(session, "tenant.add", tenant)
        return shown(made)


def list_tenants(caller: Caller, page: PageRequest) -> Listing[Tenant]:
    """List the tenants of the installation by name.

    Raises:
        Forbidden: the caller does not run the installation.
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_INSTALLATION)
    after = decode_cursor(page.cursor, tuple[TenantName])[0] if page.cursor else None
    with watch_session(caller.engine) as session:
        found = tenants.list_tenants(session, after, page.limit + 1)
    items = tuple(shown(each) for each in found[: page.limit])
    return Listing(items=items, next_cursor=encode_cursor((items[-1].name,)) if len(found) > page.limit else None)


def shown(found: StoredTenant) -> Tenant:
    """Give a tenant as it is shown."""
    return Tenant.model_validate(found.model_dump())
