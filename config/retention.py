"""How long this installation keeps what is over: variables that begin with ``UNISYNC_RETENTION_``."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import Misconfigured, first_fault
from domain.retention import Retention

PREFIX = "UNISYNC_RETENTION_"


class _ChosenRetention(BaseSettings, Retention):
    """The retention as the environment has it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)


def retention() -> Retention:
    """Read how long things are kept.

    Raises:
        Misconfigured: one sentence naming the variable that cannot be used.
    """
    try:
        return _ChosenRetention()
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"the environment variable {PREFIX}{name.upper()} cannot be used: {why}") from None
