"""Field mappings at work: rules compiled once to closures, applied to records as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from pathlib import Path

import jmespath
from jmespath.exceptions import JMESPathError

from domain.keys import Kind
from mapping.fingerprint import fingerprint
from mapping.spec import FieldRule, FieldRules, InvalidMapping, parse_rules
from mapping.transforms import Transform, parse_transform

DEFAULTS = Path(__file__).parent / "defaults"

Fields = dict[str, object]
FieldMapping = Callable[[Mapping[str, object]], Fields]


class Mappings:
    """The compiled field mappings of one target, by entity; an entity without rules gets no fields."""

    def __init__(self, text: str, name: str) -> None:
        """Compile the text of a mapping file; raises InvalidMapping with a sentence that begins with ``name``."""
        rules = parse_rules(text, name)
        self._entities = {entity: compile_rules(fields, f"{name}, {entity}") for entity, fields in rules.items()}
        self.hash = fingerprint(repr(sorted((entity, repr(fields)) for entity, fields in rules.items())).encode())

    def fields(self, entity: Kind, record: Mapping[str, object]) -> Fields:
        """Give the mapped fields of an entity, empty ones left out; raises InvalidMapping when a source cannot work."""
        mapping = self._entities.get(entity)
        return mapping(record) if mapping else {}


@cache
def default_mappings() -> Mappings:
    """The mappings for QuickBooks that come with the product."""
    file = DEFAULTS / "quickbooks.yaml"
    return Mappings(file.read_text(encoding="utf-8"), file.name)


def compile_rules(rules: FieldRules, where: str) -> FieldMapping:
    """Turn rules into one function from a record as JSON to nested fields."""
    setters = [(path.split("."), _compile_rule(rule, f"{where}, {path}")) for path, rule in rules.items()]

    def apply(record: Mapping[str, object]) -> Fields:
        fields: Fields = {}
        for path, value_of in setters:
            value = value_of(record)
            # QuickBooks leaves out what is not set; it refuses null.
            if value is not None and value not in ("", [], {}):
                _put(fields, path, value)
        return fields

    return apply


def _compile_rule(rule: FieldRule, where: str) -> Callable[[Mapping[str, object]], object]:
    transforms = [parse_transform(text) for text in rule.transforms]
    if rule.source is None:
        settled = _through(rule.constant, transforms)
        return lambda record: settled
    expression = jmespath.compile(rule.source)

    def value_of(record: Mapping[str, object]) -> object:
        try:
            found = expression.search(record)
        except JMESPathError as reason:
            raise InvalidMapping(f"{where}: the source {rule.source!r} cannot be used: {reason}") from None
        return _through(found, transforms)

    return value_of


def _through(value: object, transforms: list[Transform]) -> object:
    return reduce(lambda found, transform: transform(found), transforms, value)


def _put(fields: Fields, path: list[str], value: object) -> None:
    *parents, last = path
    place = fields
    for name in parents:
        inner = place.setdefault(name, {})
        assert isinstance(inner, dict), "overlapping paths are refused when the rules are read"  # noqa: S101
        place = inner
    place[last] = value
