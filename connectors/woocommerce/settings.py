"""What must be known of a shop to read it: its address and a key to its REST API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.addresses import one_spelling
from connectors.http import check_url
from domain.errors import Misconfigured

REST_PATH = "/wp-json/wc/v3"
KEY_ADVICE = "create one with read access under WooCommerce > Settings > Advanced > REST API"


def rest_base(url: str) -> str:
    """Give the full base of the REST API for the address of a site, or of its API, as a person would write either.

    Raises:
        Misconfigured: when the address cannot be used, as ``check_url`` says, or names another version of the API.
    """
    base = check_url(url.strip()).rstrip("/")
    if re.search(r"/wc/v3$", base):
        return base
    if other := re.search(r"/wc/v\d+$", base):
        raise Misconfigured(
            f"only version 3 of the REST API is spoken here; let the address end in /wc/v3, not {other[0]}"
        )
    return base + (REST_PATH.removeprefix("/wp-json") if base.endswith("/wp-json") else REST_PATH)


def place_in(settings: Mapping[str, object]) -> str:
    """Name the shop that stored settings lead to, one way however its address is written; raises as ``rest_base``."""
    return one_spelling(rest_base(str(settings.get("url", "")))).removesuffix("/wc/v3").removesuffix("/wp-json")


class WooCommerceSettings(BaseModel):
    """Where the shop is; ``url`` becomes the full base of its REST API.

    ``page_size`` is the number of records asked for at once: fewer when a slow shop runs into its own time limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(rest_base)]
    page_size: int = Field(default=100, ge=10, le=100)


class WooCommerceCredentials(BaseModel):
    """The key pair of the REST API; it may do what the user it was made for may do."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    consumer_key: SecretStr
    consumer_secret: SecretStr

    @model_validator(mode="after")
    def _look_like_keys(self) -> WooCommerceCredentials:
        key, secret = self.consumer_key.get_secret_value(), self.consumer_secret.get_secret_value()
        if key.startswith("cs_") and secret.startswith("ck_"):
            raise Misconfigured("consumer_key and consumer_secret of the shop are swapped")
        if not key.startswith("ck_"):
            raise Misconfigured(f"consumer_key of the shop must begin with ck_; {KEY_ADVICE}")
        if not secret.startswith("cs_"):
            raise Misconfigured(f"consumer_secret of the shop must begin with cs_; {KEY_ADVICE}")
        return self
