"""Looking after every tenant's webhooks, and after what they lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from db.ledger import list_connections
from db.ledger.tenants import tenant_names
from db.ledger.webhooks import load_webhooks
from db.models.arrivals import WebhookState
from db.session import watch_session
from domain.access import Role
from domain.errors import ConnectorError
from domain.keys import ConnectionName, System, TenantName
from operations.book_changes import Looked, catch_up
from operations.caller import Caller
from operations.mirror import reconcile
from operations.registration import check

ACTOR = "schedule:webhooks"
HANDOVER = "schedule:handover"

Look = Callable[[Caller, ConnectionName], str]


class Upkept(BaseModel):
    """What was found at one connection; ``amiss`` is empty when all is well there."""

    model_config = ConfigDict(frozen=True)

    tenant: TenantName
    connection: ConnectionName
    found: str = ""
    amiss: str = ""


def check_webhooks(engine: Engine, tenant: TenantName | None = None) -> list[Upkept]:
    """Look after the webhooks of every registered shop, of one tenant or of all, and mend what can be mended."""
    return list(_each(engine, tenant, System.WOOCOMMERCE, _checked))


def hand_over_the_rest(engine: Engine, tenant: TenantName | None = None) -> int:
    """Tell Prefect what a crash kept from it: requests and schedules, of one tenant or of all; gives how many.

    Raises:
        ConnectorError: Prefect is away or refuses one.
    """
    return sum(
        reconcile(Caller(engine, name, HANDOVER, Role.ADMIN)) for name in ([tenant] if tenant else _tenants(engine))
    )


def catch_up_with_books(engine: Engine, tenant: TenantName | None = None) -> list[Upkept]:
    """Ask every set of books, of one tenant or of all, for what changed there since it was last asked."""
    return list(_each(engine, tenant, System.QUICKBOOKS, _caught_up))


def _each(engine: Engine, tenant: TenantName | None, system: System, look: Look) -> Iterator[Upkept]:
    for name in [tenant] if tenant else _tenants(engine):
        caller = Caller(engine, name, ACTOR, Role.ADMIN)
        for connection in _connections(caller, system):
            try:
                yield Upkept(tenant=name, connection=connection, found=look(caller, connection))
            except ConnectorError as error:
                # One shop that is away must not keep us from the others.
                yield Upkept(tenant=name, connection=connection, amiss=str(error))


def _tenants(engine: Engine) -> list[TenantName]:
    with watch_session(engine) as session:
        return tenant_names(session)


def _connections(caller: Caller, system: System) -> Iterable[ConnectionName]:
    with caller.ledger() as session:
        usable = [each.name for each in list_connections(session) if each.system is system and each.is_usable]
        if system is System.QUICKBOOKS:
            return usable
        return [name for name in usable if (kept := load_webhooks(session, name)) and kept.sealed is not None]


def _checked(caller: Caller, connection: ConnectionName) -> str:
    found = check(caller, connection)
    # A repair is noted in the transaction of the look that made it.
    if found.state is WebhookState.ILL:
        raise ConnectorError(found.problem, connection=connection)
    return "mended" if found.repaired_at == found.checked_at else "as they should be"


def _caught_up(caller: Caller, connection: ConnectionName) -> str:
    return described(catch_up(caller.engine, caller.tenant, connection))


def described(looked: Looked) -> str:
    """Say what a look into the books found."""
    unseen = f"; deletions could not be seen among {', '.join(looked.unseen)}" if looked.unseen else ""
    return (
        f"since {looked.since:%F %T %Z}: {looked.changed} documents changed by others, {looked.untouched} touched "
        f"but the same, {looked.echoes} of our own{unseen}"
    )
