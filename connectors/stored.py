"""Settings and credentials as they were stored: checked before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.errors import Misconfigured, first_fault

Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], values: Mapping[str, object], connection: str, whose: str) -> Model:
    """Build settings or credentials; ``whose`` they are is a word for people, such as "the shop".

    Raises:
        Misconfigured: one sentence that names the first value that cannot be used, never the value itself.
    """
    try:
        return model.model_validate(dict(values))
    except Misconfigured as error:
        raise Misconfigured(str(error), connection=connection) from None
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"{name} of {whose} cannot be used: {why}", connection=connection) from None
