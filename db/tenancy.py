"""The first of two walls between tenants: every statement is bound to the tenant of its session.

Row-level security is the second. Either holds alone, so that a mistake in one is no leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Alias, ColumnClause, CompoundSelect, Delete, FromClause, Join, Select, Table, Update, event
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
    if not isinstance(statement, Select | CompoundSelect | Update | Delete):
        return statement
    tables: dict[FromClause, None] = {}
    has_subqueries = _look(statement, tables)
    if isinstance(statement, Select) and len(tables) > 1:
        for source in statement.get_final_froms():
            for table in _optional(source):
                tables.pop(table, None)
    if has_subqueries:

        def within(element: Any, **_: object) -> Any:
            return bound(element, tenant) if element is not statement and isinstance(element, Select) else None

        statement = visitors.replacement_traverse(statement, {}, within)
    if isinstance(statement, CompoundSelect):
        return statement
    return statement.where(*(table.c[TENANT] == tenant for table in tables))


def _look(element: Any, tables: dict[FromClause, None]) -> bool:
    """Collect the tables that a statement itself reads or changes, in order; tell whether it has subqueries."""
    has_subqueries = False
    for child in element.get_children():
        if isinstance(child, Select | CompoundSelect):
            has_subqueries = True
        elif isinstance(child, Table | Alias) and TENANT in child.c:
            tables[child] = None
        elif not isinstance(child, ColumnClause):
            has_subqueries |= _look(child, tables)
    return has_subqueries


def _optional(source: FromClause) -> Iterator[FromClause]:
    """Give what lies behind an outer join: a condition would lose its empty rows, row-level security stands alone."""
    if isinstance(source, Join):
        yield from _optional(source.left)
        yield from _optional(source.right)
        if source.isouter or source.full:
            yield source.right
        if source.full:
            yield source.left
