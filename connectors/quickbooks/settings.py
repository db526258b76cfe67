"""What must be known of a QuickBooks company to work with it: where it is, and the tokens that open it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.addresses import one_spelling
from connectors.http import check_url
from domain.errors import Misconfigured

PRODUCTION = "https://quickbooks.api.intuit.com"
SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
# One each for both; developer.intuit.com/.well-known/openid-sandbox-configuration names the same.
TOKENS_PATH = "/oauth2/v1/tokens/bearer"
TOKEN_URL = f"https://oauth.platform.intuit.com{TOKENS_PATH}"
CONSENT_URL = "https://appcenter.intuit.com/connect/oauth2"
REVOCATION_URL = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"


class IntuitApp(BaseModel):
    """Which app of Intuit's, and where: Intuit's production hosts unless ``sandbox`` is set or ``url`` names another.

    Who gives a ``url`` must give the ``token_url`` too, so that tokens never go where they do not belong. Consent is
    then asked for, and access given back, on the host of the ``token_url``, below Intuit's own paths.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

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
    def tokens_url(self) -> str:
        """Where tokens are given and renewed."""
        return self.token_url or TOKEN_URL

    @property
    def consent_url(self) -> str:
        """Where a person lets the app into a company."""
        return self._beside(CONSENT_URL)

    @property
    def revocation_url(self) -> str:
        """Where access is given back."""
        return self._beside(REVOCATION_URL)

    def _beside(self, address: str) -> str:
        if not self.token_url:
            return address
        return str(httpx.URL(self.token_url).copy_with(raw_path=httpx.URL(address).raw_path))


def place_in(settings: Mapping[str, object]) -> str:
    """Name the company that stored settings lead to, and where it is unless among Intuit's real ones.

    Raises:
        Misconfigured: the address of a stand-in for Intuit cannot be used.
    """
    realm, twin = str(settings.get("realm_id", "")), str(settings.get("url") or "")
    if twin:
        return f"{realm} at {one_spelling(check_url(twin.strip()))}"
    return f"{realm} (sandbox)" if settings.get("sandbox") else realm


def twin_at(address: str) -> dict[str, object]:
    """Give the settings that lead to a twin instead of to Intuit.

    Raises:
        Misconfigured: the address cannot be used.
    """
    # One spelling, or else the ledger would not see that two connections lead to one company.
    url = one_spelling(check_url(address.strip()))
    return {"url": url, "token_url": f"{url}{TOKENS_PATH}"}


def is_for_trying(settings: Mapping[str, object]) -> bool:
    """Whether stored settings lead to a company that nobody keeps real books in."""
    return bool(settings.get("sandbox") or settings.get("url"))


class QuickBooksSettings(IntuitApp):
    """Which company, and by which app."""

    realm_id: str = Field(pattern=r"^[0-9]{1,20}$")

    @property
    def company_url(self) -> str:
        """Where everything about the company is; every call goes below it."""
        host = self.url or (SANDBOX if self.sandbox else PRODUCTION)
        return f"{host.rstrip('/')}/v3/company/{self.realm_id}/"


class QuickBooksCredentials(BaseModel):
    """The secret of our app and the pair of tokens of the company; without a stamp a token counts until refused.

    However often tokens are renewed, a person must consent anew at ``consent_expires_at``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    client_secret: SecretStr
    access_token: SecretStr
    refresh_token: SecretStr
    access_expires_at: AwareDatetime | None = None
    refresh_expires_at: AwareDatetime | None = None
    consent_expires_at: AwareDatetime | None = None

    def stored(self) -> dict[str, str]:
        """Give them as the vault keeps them: all text, in clear."""
        values: dict[str, SecretStr | datetime | None] = dict(self)
        return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: SecretStr | datetime) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value.isoformat()
