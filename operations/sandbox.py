"""Sandbox mode: while it is on, every run of the tenant uses the connections that stand in for the live ones."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE, led_by, sandbox_fault
from db import ledger
from db.ledger.sync_settings import SyncSettings, load_sync_settings, save_sandbox
from domain.access import Permission
from domain.keys import ConnectionName, System
from domain.refusals import Unusable
from operations.caller import Caller

MOST_PAIRS = 100


class StandIn(BaseModel):
    """A connection and what runs use instead of it in sandbox mode; None where that is nothing, so none may run."""

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    system: System
    replacement: ConnectionName | None


class Sandbox(BaseModel):
    """Whether sandbox mode is on, and what stands in for what."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "active": True,
                    "connections": [
                        {"connection": "shop", "system": "woocommerce", "replacement": "staging-shop"},
                        {"connection": "warehouse", "system": "supabase", "replacement": "warehouse-sandbox"},
                    ],
                }
            ]
        },
    )

    active: bool
    connections: tuple[StandIn, ...]


class SandboxWish(BaseModel):
    """Sandbox mode as somebody wants it; what stands in for what stays as it is unless it is said anew."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"active": True, "replacements": {"shop": "staging-shop", "books": "sandbox-books"}}]
        },
    )

    active: bool
    replacements: dict[ConnectionName, ConnectionName] | None = Field(
        default=None, max_length=MOST_PAIRS, description="For each live connection the one that stands in for it."
    )


def show_sandbox(caller: Caller) -> Sandbox:
    """Tell whether sandbox mode is on, and what stands in for what."""
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return sandbox_of(session)


def switch_sandbox(caller: Caller, wish: SandboxWish) -> Sandbox:
    """Switch sandbox mode on or off for every run that begins from now on.

    Raises:
        Unusable: a connection is not there, or cannot stand in for another.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        before = load_sync_settings(session)
        replacements = before.replacements if wish.replacements is None else wish.replacements
        # Whoever leaves it must be able to, whatever became of what stood in.
        if wish.active or wish.replacements is not None:
            require_sandbox(session, replacements)
        save_sandbox(session, wish.active, replacements)
        caller.note(session, "sandbox.switch", "on" if wish.active else "off", replacements=dict(replacements))
        return sandbox_of(session)


def require_sandbox(session: Session, replacements: Mapping[ConnectionName, ConnectionName]) -> None:
    """Make sure that these connections can stand in for those.

    Raises:
        Unusable: one is not there, or cannot; the sentence says why.
    """
    for live, replacement in replacements.items():
        require_connections(session, live, replacement)
    if chained := set(replacements) & set(replacements.values()):
        name = sorted(chained)[0]
        raise Unusable(f"{name} cannot both stand in and be stood in for", field="replacements")
    if fault := sandbox_fault(led_by(session), replacements):
        raise Unusable(fault, field="replacements")


def require_connections(session: Session, live: ConnectionName, replacement: ConnectionName) -> None:
    """Make sure that there is something to be stood in for, and something that can.

    Raises:
        Unusable: there is not.
    """
    if live != OWN_WAREHOUSE and ledger.load_connection(session, live) is None:
        raise Unusable(f"there is no connection {live} that could be stood in for", field="replacements")
    other = ledger.load_connection(session, replacement)
    if other is None or not other.enabled:
        raise Unusable(f"there is no connection {replacement} that is switched on", field="replacements")


def sandbox_of(session: Session) -> Sandbox:
    """Give the sandbox of the session's tenant, with every live connection."""
    chosen = load_sync_settings(session)
    live = {
        each.name: each.system
        for each in ledger.list_connections(session)
        if each.name not in chosen.replacements.values()
    }
    live = dict(sorted({OWN_WAREHOUSE: System.SUPABASE, **live}.items()))
    return Sandbox(
        active=chosen.sandbox,
        connections=tuple(
            StandIn(connection=name, system=system, replacement=stand_in_of(session, chosen, name))
            for name, system in live.items()
        ),
    )


def stand_in_of(session: Session, chosen: SyncSettings, name: ConnectionName) -> ConnectionName | None:
    """Give what runs would use instead of the connection in sandbox mode, if there is anything."""
    own = name == OWN_WAREHOUSE and ledger.load_connection(session, name) is None
    return chosen.replacements.get(name) or (OWN_SANDBOX if own else None)
