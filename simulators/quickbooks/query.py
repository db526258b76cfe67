"""The query language: from a statement to its parts (Intuit: data queries; captured refusals)."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from simulators.quickbooks.refusals import Refusal, refusal

Operator = Literal["=", "<", ">", "<=", ">=", "IN", "LIKE"]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<sign><=|>=|!=|[=<>(),*])|(?P<end>$)|(?P<other>\S))"
)
_ESCAPED = re.compile(r"\\(.)")
_DEFAULT_ROWS, _MOST_ROWS = 100, 1000


class Condition(msgspec.Struct, frozen=True):
    """One comparison of a property with one value, or with several for IN."""

    name: str
    operator: Operator
    values: tuple[str, ...]


class Statement(msgspec.Struct):
    """A SELECT; ``names`` is empty for all properties."""

    entity: str
    names: tuple[str, ...] = ()
    counts: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """Properties to sort by, each with whether it descends."""
    start: int = 1
    rows: int = _DEFAULT_ROWS


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else self.text


def parse(text: str) -> Statement:
    """The parts of a statement; raises Refusal 4000 for broken grammar, 4001 for paging out of range."""
    return _Parser(text).statement()


class _Parser:
    """A recursive descent over the tokens: AND only, keywords in any case."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def statement(self) -> Statement:
        self._expect("SELECT")
        counts, names = self._projection()
        self._expect("FROM")
        statement = Statement(self._name(), names, counts)
        if self._took("WHERE"):
            statement.conditions = tuple(self._conditions())
        if self._took("ORDERBY") or (self._took("ORDER") and self._expect("BY")):
            statement.order = tuple(self._order())
        self._paging(statement)
        if self._token.kind != "end":
            raise self._lost("<EOF>")
        return statement

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _projection(self) -> tuple[bool, tuple[str, ...]]:
        if self._token.word == "COUNT" and self._tokens[self._at + 1].text == "(":
            self._at += 1
            for sign in "(*)":
                self._expect(sign)
            return True, ()
        names = [self._projected()]
        while self._took(","):
            names.append(self._projected())
        return False, () if "*" in names else tuple(names)

    def _projected(self) -> str:
        return "*" if self._took("*") else self._name()

    def _conditions(self) -> Iterator[Condition]:
        yield self._condition()
        while self._took("AND"):
            yield self._condition()

    def _condition(self) -> Condition:
        name = self._name()
        for operator in ("=", "<=", ">=", "<", ">", "LIKE"):
            if self._took(operator):
                return Condition(name, operator, (self._value(),))
        self._expect("IN")
        self._expect("(")
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        self._expect(")")
        return Condition(name, "IN", tuple(values))

    def _value(self) -> str:
        token = self._token
        if token.kind == "text":
            self._at += 1
            return _ESCAPED.sub(r"\1", token.text[1:-1])
        if token.word in ("TRUE", "FALSE"):
            self._at += 1
            return token.text.lower()
        raise self._lost("<STRING>")

    def _order(self) -> Iterator[tuple[str, bool]]:
        while True:
            name = self._name()
            descends = self._took("DESC")
            if not descends:
                self._took("ASC")
            yield name, descends
            if not self._took(","):
                return

    def _paging(self, statement: Statement) -> None:
        # Captured: both orders occur, MAXRESULTS before STARTPOSITION too.
        while True:
            if self._took("STARTPOSITION"):
                statement.start = self._number()
            elif self._took("MAXRESULTS"):
                statement.rows = self._number(_MOST_ROWS)
            else:
                return

    def _number(self, most: int | None = None) -> int:
        token = self._token
        if token.kind != "number" or "." in token.text:
            raise self._lost("<NUMBER>")
        self._at += 1
        number = int(token.text)
        if number < 1:
            raise invalid(f"value {number} is too small. Min allowed value is 1.")
        if most and number > most:
            raise invalid(f"value {number} is too large. Max allowed value is {most}.")
        return number

    def _name(self) -> str:
        token = self._token
        if token.kind != "word" or token.word in ("WHERE", "FROM", "AND", "ORDERBY", "OR", "NOT", "NULL"):
            raise self._lost("<IDENTIFIER>")
        self._at += 1
        return token.text

    def _took(self, wanted: str) -> bool:
        if self._token.kind != "text" and self._token.word == wanted:
            self._at += 1
            return True
        return False

    def _expect(self, wanted: str) -> bool:
        if not self._took(wanted):
            raise self._lost(f'"{wanted}"')
        return True

    def _lost(self, wanted: str) -> Refusal:
        token = self._token
        shown = "<EOF>" if token.kind == "end" else f' "{token.text}" "{token.text} "'
        text = f'Encountered "{shown}" at line 1, column {token.column}.\nWas expecting:\n    {wanted} ...\n    '
        return refusal("4000", f"QueryParserError: {text}", None)


def invalid(text: str) -> Refusal:
    """Code 4001: well-formed, but not possible."""
    return refusal("4001", f"QueryValidationError: {text}", None)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while True:
        found = _TOKEN.match(text, position)
        assert found is not None and found.lastgroup  # noqa: S101, PT018 -- the pattern takes any character
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1)
        if found.lastgroup == "end":
            return
        position = found.end()
