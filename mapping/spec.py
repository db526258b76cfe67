"""Field mappings as people write them: which field of a target comes from where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Self

import jmespath
import yaml
from jmespath.exceptions import JMESPathError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from domain.keys import Kind
from mapping.transforms import parse_transform

_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*")

POSTED = frozenset(
    {
        *("Id", "SyncToken", "sparse", "domain", "MetaData", "Type", "Taxable", "IncomeAccountRef", "CustomerRef"),
        *("Line", "TxnTaxDetail", "GlobalTaxCalculation", "CurrencyRef", "ExchangeRate", "DocNumber", "TxnDate"),
        *("TotalAmt", "Balance", "LinkedTxn", "DepositToAccountRef", "PaymentMethodRef", "PaymentRefNum"),
    }
)
"""What posting decides: amounts, lines, taxes, dates, numbers and references are no matter of field mappings."""


class InvalidMapping(ValueError):
    """A field mapping cannot work; the text names the file, the field and the reason."""


def _mappable(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError("is no field path; write names joined by dots, such as BillAddr.Line1")
    if path.partition(".")[0] in POSTED:
        raise ValueError("is set by posting, not by a field mapping; remove it")
    return path


def _known_transform(text: str) -> str:
    parse_transform(text)
    return text


def _from_short_form(rule: object) -> object:
    return {"source": rule} if isinstance(rule, str) else rule


class FieldRule(BaseModel):
    """Where one field comes from: a JMESPath ``source`` or a ``constant``, through transforms in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str | None = None
    constant: str | bool | int | None = None
    transforms: tuple[Annotated[str, AfterValidator(_known_transform)], ...] = ()

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError("needs either a source or a constant")
        if self.source is not None:
            try:
                jmespath.compile(self.source)
            except JMESPathError as reason:
                raise ValueError(
                    f"has the source {self.source!r}, which is no JMESPath: {_first_line(reason)}"
                ) from None
        return self


FieldPath = Annotated[str, AfterValidator(_mappable)]
FieldRules = dict[FieldPath, Annotated[FieldRule, BeforeValidator(_from_short_form)]]
_ENTITIES = TypeAdapter(dict[Kind, FieldRules])


def parse_rules(text: str, name: str) -> dict[Kind, FieldRules]:
    """Read the rules of each entity; top-level keys that begin with ``x-`` only hold YAML anchors.

    Raises:
        InvalidMapping: with one sentence that names the file, the entity, the field and the reason.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as reason:
        raise InvalidMapping(f"{name} is no YAML: {_first_line(reason)}") from None
    if not isinstance(content, Mapping):
        raise InvalidMapping(f"{name} must hold a table of entities, such as customer or invoice")
    try:
        rules = _ENTITIES.validate_python(
            {key: value for key, value in content.items() if not str(key).startswith("x-")}
        )
    except ValidationError as failure:
        raise InvalidMapping(f"{name}, {_describe(failure)}") from None
    for entity, fields in rules.items():
        _refuse_overlaps(fields, f"{name}, {entity}")
    return rules


def _refuse_overlaps(fields: FieldRules, where: str) -> None:
    for path in fields:
        parts = path.split(".")
        for length in range(1, len(parts)):
            parent = ".".join(parts[:length])
            if parent in fields:
                raise InvalidMapping(f"{where}, {path}: {parent} is mapped as a whole already; keep one of the two")


def _describe(failure: ValidationError) -> str:
    first = failure.errors()[0]
    where = ", ".join(str(part) for part in first["loc"] if part != "[key]")
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def _first_line(reason: Exception) -> str:
    return str(reason).splitlines()[0]
