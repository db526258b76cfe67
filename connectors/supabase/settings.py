"""What must be known of a warehouse to write it: a connection string, or the address of a project and a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.addresses import host_of, one_spelling
from connectors.http import check_url
from connectors.supabase.keys import require_service_key
from connectors.supabase.places import POOLERS, place_of, project_at, read_url

SCHEMA = "commerce"
"""A schema of its own: what Supabase exposes as an API, it does not name, so nothing here is public unasked."""


def check_schema(name: str) -> str:
    """Accept the name of a schema that can be made and may be ours.

    Raises:
        ValueError: one sentence that says why it cannot.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError("a schema is named with lower case letters, digits and underscores, at most 63")
    if name == "information_schema" or name.startswith("pg_"):
        raise ValueError("this schema belongs to Postgres itself; name another")
    return name


_FROZEN = ConfigDict(
    frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True, serialize_by_alias=True
)


class WarehouseSettings(BaseModel):
    """What the ways to a warehouse have in common: the schema of its tables, and whether they may be written."""

    model_config = _FROZEN

    # Pydantic's own models have an attribute of the name that the setting has.
    schema_name: Annotated[str, AfterValidator(check_schema)] = Field(default=SCHEMA, alias="schema")
    read_only: bool = False


class PostgresSettings(WarehouseSettings):
    """How long to wait for a warehouse that is reached by its connection string, in seconds, and where it is.

    Host, port and database are for people to see, as ``settings_of`` fills them in; the way to the warehouse is the
    connection string among the credentials. ``project`` is the reference of the Supabase project, if it is one.
    """

    host: str = ""
    port: int = 5432
    database: str = ""
    project: str = ""
    connect_seconds: int = Field(default=10, ge=1, le=300)
    statement_seconds: int = Field(default=120, ge=1, le=3600)


class RestSettings(WarehouseSettings):
    """The address of a Supabase project, whose REST API writes the warehouse."""

    project_url: str

    @field_validator("project_url")
    @classmethod
    def _can_be_called(cls, url: str) -> str:
        return project_base(url)


def project_base(url: str) -> str:
    """Give the address of a project, or of its API, which people copy as readily; raises as ``check_url`` does."""
    return check_url(url).rstrip("/").removesuffix("/rest/v1").rstrip("/")


class PostgresCredentials(BaseModel):
    """The connection string of the warehouse, password included."""

    model_config = _FROZEN

    url: SecretStr

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: SecretStr) -> SecretStr:
        read_url(url.get_secret_value())
        return url


class RestCredentials(BaseModel):
    """The key of a Supabase project that may write its tables past row-level security."""

    model_config = _FROZEN

    service_key: SecretStr

    @field_validator("service_key")
    @classmethod
    def _may_write(cls, key: SecretStr) -> SecretStr:
        require_service_key(key.get_secret_value())
        return key


def is_rest(settings: Mapping[str, object]) -> bool:
    """Whether stored settings lead to a warehouse by REST, and not by its connection string."""
    return "project_url" in settings


def settings_of(url: str) -> PostgresSettings:
    """Give the settings to be stored beside a connection string; raises as ``read_url`` does."""
    place = place_of(read_url(url))
    return PostgresSettings(host=place.host, port=place.port, database=place.database, project=place.project)


def place_in(settings: Mapping[str, object]) -> str:
    """Name the tables that stored settings lead to, one way whichever way leads there.

    A Supabase project is the same directly, through either pooler, and by REST, which serves its database ``postgres``.

    Raises:
        Misconfigured: the address of the project cannot be used.
    """
    schema = settings.get("schema") or SCHEMA
    if is_rest(settings):
        address = one_spelling(project_base(str(settings["project_url"])))
        project, place = project_at(httpx.URL(address).host), address
        database: object = "postgres"
    else:
        host, database = host_of(str(settings.get("host", ""))), settings.get("database", "")
        # What was stored before projects were told apart names none.
        project = str(settings.get("project") or project_at(host))
        place = f"{host}:{settings.get('port', 5432)}/{database}"
    return f"{f'Supabase project {project}/{database}' if project else place}, schema {schema}"


def names_no_project(settings: Mapping[str, object]) -> bool:
    """Whether stored settings lead through a pooler and do not tell to which project, so that it may be any."""
    return host_of(str(settings.get("host", ""))).endswith(POOLERS) and not settings.get("project")


def with_any_door(settings: Mapping[str, object]) -> dict[str, object]:
    """Give stored settings without the door of the server: one answers on several ports, and on sockets besides."""
    host = str(settings.get("host", ""))
    return {**settings, "port": 5432, "host": host if host and not host.startswith("/") else "localhost"}
