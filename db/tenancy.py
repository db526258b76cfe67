"""The first of two walls between tenants: every statement is bound to the tenant of its session.

Row-level security is the second. Either holds alone, so that a mistake in one is no leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Alias, Delete, FromClause, Join, Select, Table, Update, event
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import visitors

TENANT = "tenant"


class TenantSession(Session):
    """A session whose statements reach rows of one tenant only: whose, says ``info["tenant"]``."""


@event.listens_for(TenantSession, "do_orm_execute")
def bind_statement(state: ORMExecuteState) -> None:
    """Add the tenant's condition to a statement before it is carried out; an insert takes it from the session."""
    state.statement = bound(state.statement, state.session.info[TENANT])


def bound(statement: Any, tenant: str) -> Any:
    """Give the statement with a condition on the tenant for every table of ours in it, in subqueries too."""

    def within(element: Any, **_: object) -> Any:
        return bound(element, tenant) if element is not statement and isinstance(element, Select) else None

    inner = visitors.replacement_traverse(statement, {}, within)
    if isinstance(inner, Select):
        owned = [table for source in inner.get_final_froms() for table in _owned(source)]
    elif isinstance(inner, Update | Delete):
        owned = list(_owned(inner.table))
    else:
        return inner
    return inner.where(*(table.c[TENANT] == tenant for table in owned))


def _owned(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        # An outer join would lose its empty rows to a condition behind it; row-level security stands alone there.
        yield from _owned(source.left)
        if not (source.isouter or source.full):
            yield from _owned(source.right)
    elif isinstance(source, Table | Alias) and TENANT in source.c:
        yield source
