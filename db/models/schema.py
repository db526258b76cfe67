"""What all our tables share: their schema, the names of their constraints, the tenant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, MetaData, Text, text

SCHEMA = "unisync"

metadata = MetaData(
    schema=SCHEMA,
    # As Postgres itself names them, so that plain SQL in migrations and these tables agree.
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    },
)

_TENANT_OF_SESSION = text("NULLIF(current_setting('unisync.tenant', true), '')")


def tenant_column(*, known: bool = False) -> Column[str]:
    """Give the column that says whose the row is: filled with the tenant of the session, first in the primary key.

    ``known`` has Postgres check that the tenant exists; too dear for tables that take a thousand rows at once.
    """
    keys = [ForeignKey(f"{SCHEMA}.tenants.name")] if known else []
    return Column("tenant", Text, *keys, primary_key=True, server_default=_TENANT_OF_SESSION)


def time_column(name: str, *, optional: bool = False) -> Column[datetime]:
    """Give a column for a moment: now, unless told otherwise or ``optional``."""
    return Column(name, DateTime(timezone=True), nullable=optional, server_default=None if optional else text("now()"))


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """Give the constraint that a column holds one of the words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
