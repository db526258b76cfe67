"""What must be known of a QuickBooks company to work with it: where it is, and the tokens that open it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.http import check_url
from domain.errors import Misconfigured

PRODUCTION = "https://quickbooks.api.intuit.com"
SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
# One for both; developer.intuit.com/.well-known/openid-sandbox-configuration names the same.
TOKEN_URL = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105


class QuickBooksSettings(BaseModel):
    """Which company, and where: Intuit's production hosts unless ``sandbox`` is set or ``url`` names another.

    Who gives a ``url`` must give the ``token_url`` too, so that tokens never go where they do not belong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    realm_id: str = Field(pattern=r"^[0-9]{1,20}$")
    client_id: str = Field(min_length=1)
    sandbox: bool = False
    url: str = ""
    token_url: str = ""

    @model_validator(mode="after")
    def _addresses_can_be_used(self) -> Self:
        if bool(self.url) != bool(self.token_url):
            raise Misconfigured("url and token_url of QuickBooks belong together: give both or neither")
        if self.url and self.sandbox:
            raise Misconfigured("sandbox and url of QuickBooks exclude each other: give one of them")
        for address in filter(None, (self.url, self.token_url)):
            check_url(address)
        return self

    @property
    def company_url(self) -> str:
        """Where everything about the company is; every call goes below it."""
        host = self.url or (SANDBOX if self.sandbox else PRODUCTION)
        return f"{host.rstrip('/')}/v3/company/{self.realm_id}/"

    @property
    def tokens_url(self) -> str:
        """Where tokens are renewed."""
        return self.token_url or TOKEN_URL


class QuickBooksCredentials(BaseModel):
    """The secret of our app and the pair of tokens of the company; without a stamp a token counts until refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    client_secret: SecretStr
    access_token: SecretStr
    refresh_token: SecretStr
    access_expires_at: AwareDatetime | None = None
    refresh_expires_at: AwareDatetime | None = None

    def stored(self) -> dict[str, str]:
        """Give them as the vault keeps them: all text, in clear."""
        values: dict[str, SecretStr | datetime | None] = dict(self)
        return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: SecretStr | datetime) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value.isoformat()
