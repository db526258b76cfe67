"""A webhook of the customer's own: JSON, signed as standardwebhooks.com lays down."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import httpx
from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator
from standardwebhooks import Webhook as Signer

from notifications.channels.addresses import checked_address
from notifications.channels.channel import Secret, SecretSettings, Undeliverable, post
from notifications.channels.webhook_body import body_of
from notifications.notice import Notice

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[!-~]([ -~]{0,998}[!-~])?")

# Ours to set, or the connection's own (RFC 9110, 7.6.1).
_RESERVED = frozenset(
    {
        *("host", "content-length", "content-type", "content-encoding", "accept-encoding", "transfer-encoding"),
        *("connection", "keep-alive", "upgrade", "te", "trailer", "expect", "proxy-authorization", "proxy-connection"),
        *("webhook-id", "webhook-timestamp", "webhook-signature"),
    }
)


class WebhookSettings(SecretSettings):
    """Where to send, how, and with which secrets.

    ``signing_secret`` is ``whsec_`` and 24 to 64 random bytes in base64; with it notices are signed by the Standard
    Webhooks scheme. ``bearer``, ``user`` with ``password``, or a header of your own may authenticate us.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "webhook",
                    "url": "https://alerts.example.org/unisync",
                    "headers": {"X-Team": "accounting"},
                    "bearer": "your-token",
                    "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                }
            ]
        },
    )

    SECRETS: ClassVar[frozenset[str]] = frozenset({"url", "headers", "bearer", "password", "signing_secret"})

    channel: Literal["webhook"] = "webhook"
    url: Secret = Field(max_length=2_000)
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, Secret] = Field(default={}, max_length=20)
    bearer: Secret | None = Field(default=None, max_length=1_000)
    user: str = Field(default="", max_length=254, pattern=r"^[^\x00-\x1f\x7f:]*$")
    password: Secret | None = Field(default=None, max_length=1_000)
    signing_secret: Secret | None = None

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        return SecretStr(checked_address(url.get_secret_value()))

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not _NAME.fullmatch(name):
                raise ValueError("the name of a header holds letters, digits and dashes only")
            if name.lower() in _RESERVED:
                raise ValueError(f"the header {name} is set by ourselves; leave it out")
            if not _VALUE.fullmatch(value.get_secret_value()):
                raise ValueError(f"the value of {name} may hold printable ASCII characters only, on one line")
        if len({name.lower() for name in headers}) < len(headers):
            raise ValueError("a header is named twice")
        return headers

    @field_validator("bearer")
    @classmethod
    def _is_a_token(cls, bearer: SecretStr | None) -> SecretStr | None:
        if bearer and not re.fullmatch(r"[!-~]+", bearer.get_secret_value()):
            raise ValueError("a token holds printable ASCII characters only and no spaces")
        return bearer

    @field_validator("signing_secret")
    @classmethod
    def _can_sign(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and not _is_signing_secret(secret.get_secret_value()):
            raise ValueError("it must be whsec_ and 24 to 64 random bytes in base64")
        return secret

    @model_validator(mode="after")
    def _authenticates_once(self) -> WebhookSettings:
        if bool(self.user) != bool(self.password):
            raise ValueError("give both user and password, or neither")
        ways = [self.bearer, self.user, any(name.lower() == "authorization" for name in self.headers)]
        if sum(map(bool, ways)) > 1:
            raise ValueError("give a bearer token, or user and password, or the header Authorization; not several")
        return self

    @property
    def host(self) -> str:
        """Where it leads."""
        return httpx.URL(self.url.get_secret_value()).host

    def shown(self) -> dict[str, Any]:
        """What may be shown of it: path and query of the address may be secret."""
        return {"host": self.host, "header_names": sorted(self.headers)}


class Webhook:
    """One address that takes notices as JSON."""

    def __init__(self, settings: WebhookSettings, http: httpx.Client) -> None:
        self._settings = settings
        self._http = http

    def targets(self) -> tuple[str, ...]:
        """Its host."""
        return (self._settings.host,)

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        answer = post(self._http, self._request(notice))
        if answer.is_success:
            return f"answered {answer.status}"
        raise Undeliverable(
            f"{target} answered {answer.status}"
            + (
                "; redirects are not followed, enter the final address"
                if httpx.codes.is_redirect(answer.status)
                else ""
            ),
            # Gone is gone; 404 of an address that a person typed in does not mend itself either.
            permanent=answer.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE),
            retry_after=answer.retry_after,
        )

    def _request(self, notice: Notice) -> httpx.Request:
        settings, body = self._settings, body_of(notice).model_dump_json()
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        headers |= {"Content-Type": "application/json", **self._signature(notice, body)}
        if settings.bearer:
            headers["Authorization"] = f"Bearer {settings.bearer.get_secret_value()}"
        if settings.password:
            login = f"{settings.user}:{settings.password.get_secret_value()}"
            headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        return self._http.build_request(settings.method, settings.url.get_secret_value(), content=body, headers=headers)

    def _signature(self, notice: Notice, body: str) -> dict[str, str]:
        if not self._settings.signing_secret:
            return {}
        now = datetime.now(UTC)
        signer = Signer(self._settings.signing_secret.get_secret_value())
        return {
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(notice.id, now, body),
        }


def _is_signing_secret(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (ValueError, binascii.Error):
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64
