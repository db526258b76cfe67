"""The settings of an installation, read once from environment variables that begin with ``UNISYNC_``."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import Misconfigured, first_fault

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder the product runs from: where ``prefect.yaml`` and ``flows`` are."""


def default_home() -> Path:
    """Give the data folder: ``/var/lib/unisync`` for root, otherwise one below the user's home.

    Root's home is closed to everybody else, and the embedded Postgres, started by root, runs as a user of its own.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/unisync")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "unisync"


class Settings(BaseSettings):
    """What an operator may set; nothing here belongs to one tenant."""

    model_config = SettingsConfigDict(env_prefix="UNISYNC_", frozen=True)

    home: Path = default_home()
    database_url: SecretStr | None = None
    warehouse_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    prefect_port: int = Field(default=4200, ge=1, le=65535)

    @field_validator("home")
    @classmethod
    def _is_no_file(cls, home: Path) -> Path:
        found = next((place for place in (home, *home.parents) if os.path.lexists(place)), home)
        if found.exists() and not found.is_dir():
            raise ValueError(f"{found} is a file; name a folder")
        return home


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the settings, once per process.

    Raises:
        Misconfigured: one sentence naming the variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"the environment variable UNISYNC_{name.upper()} cannot be used: {why}") from None
