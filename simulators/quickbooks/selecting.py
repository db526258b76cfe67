"""Which rows a statement means, in which order."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.quickbooks.company import Body, Company, Row
from simulators.quickbooks.kinds import KINDS, Kind
from simulators.quickbooks.numbers import PACIFIC
from simulators.quickbooks.query import Condition, Statement, invalid, parse
from simulators.quickbooks.refusals import Refusal, bad_id

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other, "IN": lambda one, other: one == other,
    "<": lambda one, other: one < other, ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other, ">=": lambda one, other: one >= other,
}  # fmt: skip
_TIMES = ("MetaData.CreateTime", "MetaData.LastUpdatedTime")
_DAYS = ("TxnDate", "DueDate")
_AMOUNTS = ("TotalAmt", "Balance")
_FLAGS = ("Active", "Job")


def select(company: Company, text: str) -> Body:
    """The QueryResponse of a statement: rows, or a count, or nothing at all (captured). Raises Refusal."""
    statement = parse(text)
    kind = KINDS.get(statement.entity)
    if kind is None:
        raise invalid(f"invalid context declaration: {statement.entity}")
    rows = _matching(company, kind, statement)
    if statement.counts:
        return {"totalCount": len(rows)}
    _sort(company, kind, statement, rows)
    page = rows[statement.start - 1 : statement.start - 1 + statement.rows]
    if not page:
        return {}
    shown = [_projected(company.shown(row), statement.names) for row in page]
    answer: Body = {kind.name: shown, "startPosition": statement.start, "maxResults": len(page)}
    return answer | ({"totalCount": len(rows)} if company.switches.total_count else {})


def entity_of(text: str) -> str:
    """The entity a statement asks for; empty when it cannot be parsed."""
    try:
        return parse(text).entity
    except Refusal:
        return ""


def _matching(company: Company, kind: Kind, statement: Statement) -> list[Row]:
    tests = [_test(company, kind, condition) for condition in statement.conditions]
    if not any(condition.name == "Active" for condition in statement.conditions):
        # Inactive rows are hidden unless the filter names Active (Java SDK issue 19).
        tests.append(lambda row: row.active)
    horizon = company.clock.now() - timedelta(seconds=company.switches.query_lag_seconds)
    if company.switches.query_lag_seconds:
        tests.append(lambda row: row.created <= horizon)
    return [row for row in company.tables[kind.name].values() if all(test(row) for test in tests)]


def _test(company: Company, kind: Kind, condition: Condition) -> Callable[[Row], bool]:
    name = _property(kind, condition.name)
    if condition.operator == "LIKE":
        pattern = re.compile(".*".join(map(re.escape, condition.values[0].split("%"))), re.DOTALL | re.IGNORECASE)
        return lambda row: pattern.fullmatch(str(_value(company, row, name) or "")) is not None
    fold = str.casefold if company.switches.query_ignores_case else str
    typed = [_typed(name, value) for value in condition.values]
    wanted = [fold(value) if isinstance(value, str) else value for value in typed]
    compare = _COMPARE[condition.operator]

    def test(row: Row) -> bool:
        value = _value(company, row, name)
        value = (_number(value) if name == "Id" else fold(value)) if isinstance(value, str) else value
        return any(type(value) is type(want) and compare(value, want) for want in wanted)

    return test


def _property(kind: Kind, name: str) -> str:
    """The property a statement names; raises Refusal 4001 for unknown ones and for those that no query filters by."""
    # Metadata and MetaData both occur in working code.
    exact = "MetaData" + name[8:] if name.lower().startswith("metadata") else name
    if exact in kind.filters:
        return exact
    if exact.partition(".")[0] in kind.group.fields or not kind.writable:
        raise invalid(f"property '{name}' is not queryable")
    raise invalid(f"Property {name} not found for Entity {kind.name}")


def _value(company: Company, row: Row, name: str) -> Any:
    if name == "Id":
        return row.id
    if name in _TIMES:
        return row.created if name == _TIMES[0] else row.updated
    if name == "Active":
        return row.active
    if name == "Balance" and row.kind == "Customer":
        return company.owed_by(row.id)
    value = row.body.get(name)
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value


def _number(text: str) -> int | str:
    """An id to compare with: most are numbers, TAX and NON are not."""
    return int(text) if text.isdigit() else text.casefold()


def _typed(name: str, text: str) -> Any:
    """A value of a statement as what its property is; raises Refusal."""
    try:
        if name == "Id":
            if not text:
                raise bad_id(text)  # captured: WHERE Id = ''
            return _number(text)
        if name in _TIMES:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).astimezone(UTC)
        if name in _DAYS:
            return date.fromisoformat(text[:10]).isoformat()
        if name in _AMOUNTS:
            return Decimal(text)
        if name in _FLAGS:
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, InvalidOperation, KeyError):
        raise invalid(f"invalid value '{text}' for property {name}") from None
    return text


def _sort(company: Company, kind: Kind, statement: Statement, rows: list[Row]) -> None:
    """Without ORDERBY names come by name, transactions by newest change first (captured lists)."""
    if statement.order:
        rows.sort(key=lambda row: int(row.id) if row.id.isdigit() else 0)
    elif kind.family in ("sales", "payments"):
        rows.sort(key=lambda row: (row.updated, int(row.id)), reverse=True)
    else:
        rows.sort(key=lambda row: row.label.casefold())
    for name, descends in reversed(statement.order):
        exact = _property(kind, name)
        rows.sort(key=lambda row, exact=exact: _sortable(company, row, exact), reverse=descends)  # type: ignore[misc]


def _sortable(company: Company, row: Row, name: str) -> tuple[bool, Any]:
    value = _value(company, row, name)
    if name == "Id" and company.switches.sorts_ids == "number":
        value = int(value) if value.isdigit() else 0
    return (value is not None, value.casefold() if isinstance(value, str) else value if value is not None else "")


def _projected(body: Body, names: tuple[str, ...]) -> Body:
    """Only what was asked for, Id always, marked sparse (the mark is unconfirmed)."""
    if not names:
        return body
    chosen = {name.partition(".")[0] for name in names} | {"Id", "domain"}
    return {name: value for name, value in body.items() if name in chosen} | {"sparse": True}
