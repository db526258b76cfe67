"""What people hand in to connect a system: secrets go in and never come out again."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, Strict

from connectors.quickbooks.settings import twin_at
from connectors.supabase.settings import settings_of
from domain.inputs import Flag, Line
from domain.keys import ConnectionName, System
from domain.refusals import Unusable
from operations.connecting import Candidate

Secret = Annotated[SecretStr, Field(min_length=1, max_length=8000)]
"""Taken in, sealed, and never given out."""


def _shape(example: dict[str, JsonValue]) -> ConfigDict:
    return ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, json_schema_extra={"examples": [example]})


class WooCommerceShop(BaseModel):
    """A shop, by a key of its REST API."""

    model_config = _shape(
        {"name": "shop", "url": "https://shop.example", "consumer_key": "ck_...", "consumer_secret": "cs_..."}
    )

    name: ConnectionName
    url: Line = Field(description="Address of the shop.")
    consumer_key: Secret
    consumer_secret: Secret
    page_size: Annotated[int, Strict()] = Field(
        default=100, ge=10, le=100, description="Fewer records at once for a shop that is slow."
    )

    def candidate(self) -> Candidate:
        """Give the connection that is wanted."""
        settings: dict[str, object] = {"url": self.url}
        if self.page_size != 100:
            settings["page_size"] = self.page_size
        return Candidate(self.name, System.WOOCOMMERCE, settings, clear(self, "consumer_key", "consumer_secret"))


class QuickBooksApp(BaseModel):
    """An app of Intuit's; ``twin`` is the address of a stand-in for Intuit."""

    client_id: Line = Field(description="Client id of the Intuit app.")
    client_secret: Secret
    sandbox: Flag = False
    twin: Line | None = Field(default=None, description="Address of a stand-in for Intuit, for trying things out.")

    def settings(self) -> dict[str, object]:
        """Give the app as the settings of a connection name it; raises as ``twin_at`` does."""
        found: dict[str, object] = {"client_id": self.client_id, "sandbox": self.sandbox}
        if self.twin:
            found |= twin_at(self.twin)
        return found


class QuickBooksCompany(QuickBooksApp):
    """A company, by a refresh token that was made elsewhere, such as in Intuit's OAuth playground."""

    model_config = _shape(
        {
            "name": "books",
            "realm_id": "9341453000000000",
            "client_id": "ABc1...",
            "client_secret": "...",
            "refresh_token": "RT1-...",
        }
    )

    name: ConnectionName
    realm_id: str = Field(pattern=r"^[0-9]{1,20}$", description="Id of the company.")
    refresh_token: Secret

    def candidate(self) -> Candidate:
        """Give the connection that is wanted."""
        settings = {"realm_id": self.realm_id, **self.settings()}
        credentials = {**clear(self, "client_secret", "refresh_token"), "access_token": ""}
        return Candidate(self.name, System.QUICKBOOKS, settings, credentials)


class SupabaseDatabase(BaseModel):
    """A warehouse: by its Postgres URL, or by the address of a Supabase project and its service key."""

    model_config = _shape(
        {"name": "warehouse", "url": "postgresql://postgres.abcd:...@aws-0-eu.pooler.supabase.com:5432/postgres"}
    )

    name: ConnectionName
    url: Secret | None = Field(default=None, description="Postgres URL: direct, session or transaction pooler.")
    project_url: Line | None = Field(default=None, description="Address of the project, without a Postgres URL.")
    service_key: Secret | None = Field(default=None, description="Service key of the project.")
    warehouse_schema: Line | None = Field(default=None, alias="schema", description="Schema of our tables.")
    read_only: Flag = False

    def candidate(self) -> Candidate:
        """Give the connection that is wanted.

        Raises:
            Unusable: neither way to the warehouse is given, or both.
        """
        by_rest = self.project_url is not None and self.service_key is not None and self.url is None
        by_url = self.url is not None and self.project_url is None and self.service_key is None
        if not (by_rest or by_url):
            raise Unusable("give either url, the Postgres URL, or project_url and service_key", field="url")
        credentials = clear(self, "url", "service_key")
        settings: dict[str, object] = {"project_url": self.project_url}
        if by_url:
            settings = settings_of(credentials["url"]).model_dump(exclude_defaults=True)
        if self.warehouse_schema:
            settings["schema"] = self.warehouse_schema
        if self.read_only:
            settings["read_only"] = True
        return Candidate(self.name, System.SUPABASE, settings, credentials)


class Credentials(BaseModel):
    """New secrets for a connection, in place of those it has; which, depends on the system that it leads to."""

    model_config = _shape({"consumer_key": "ck_...", "consumer_secret": "cs_..."})

    consumer_key: Secret | None = Field(default=None, description="WooCommerce, with consumer_secret.")
    consumer_secret: Secret | None = None
    client_secret: Secret | None = Field(default=None, description="QuickBooks: this, refresh_token, or both.")
    refresh_token: Secret | None = None
    url: Secret | None = Field(default=None, description="Supabase: a Postgres URL to the same database.")
    service_key: Secret | None = Field(default=None, description="Supabase: the key of the same project.")

    def given(self) -> dict[str, str]:
        """Give what was handed in, in clear."""
        return clear(self, *type(self).model_fields)


def clear(model: BaseModel, *names: str) -> dict[str, str]:
    """Give the named secrets of a model in clear, those that are none left out."""
    values: dict[str, Any] = {name: getattr(model, name) for name in names}
    return {name: value.get_secret_value() for name, value in values.items() if value is not None}
