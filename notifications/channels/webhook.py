"""A webhook of the customer's own: JSON, signed as standardwebhooks.com lays down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr
from standardwebhooks import Webhook as Signer

from notifications.channels.channel import Undeliverable, post, wait_asked
from notifications.notice import Notice


class WebhookTarget(BaseModel):
    """Where to send, how, and with which secrets; ``signing_secret`` begins with ``whsec_``."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: SecretStr
    method: str = "POST"
    headers: dict[str, SecretStr] = {}
    bearer: SecretStr | None = None
    user: str = ""
    password: SecretStr | None = None
    signing_secret: SecretStr | None = None


class Webhook:
    """One address that takes notices as JSON."""

    def __init__(self, http: httpx.Client, target: WebhookTarget) -> None:
        self._http = http
        self._target = target

    def targets(self) -> tuple[str, ...]:
        """Its host: path and query may be secret."""
        return (httpx.URL(self._target.url.get_secret_value()).host,)

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        response = post(self._http, self._request(notice))
        if response.is_success:
            return f"answered {response.status_code}"
        raise Undeliverable(
            f"{target} answered {response.status_code}",
            # Gone is gone; 404 of an address that a person typed in does not mend itself either.
            permanent=response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE),
            retry_after=wait_asked(response),
        )

    def _request(self, notice: Notice) -> httpx.Request:
        body = json.dumps(payload(notice), ensure_ascii=False, separators=(",", ":"))
        to = self._target
        headers = {name: value.get_secret_value() for name, value in to.headers.items()}
        headers |= {"Content-Type": "application/json", **self._signature(notice, body)}
        if to.bearer is not None:
            headers["Authorization"] = f"Bearer {to.bearer.get_secret_value()}"
        request = self._http.build_request(to.method, to.url.get_secret_value(), content=body, headers=headers)
        if to.password is not None:
            next(httpx.BasicAuth(to.user, to.password.get_secret_value()).auth_flow(request))
        return request

    def _signature(self, notice: Notice, body: str) -> dict[str, str]:
        if self._target.signing_secret is None:
            return {}
        now = datetime.now(UTC)
        signer = Signer(self._target.signing_secret.get_secret_value())
        return {
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(notice.id, now, body),
        }


def payload(notice: Notice) -> dict[str, Any]:
    """Give the body: the type, the moment, and the notice with fields as an object."""
    return {
        "type": f"unisync.{notice.event}.{notice.stage}",
        "timestamp": notice.at.isoformat().replace("+00:00", "Z"),
        "data": notice.model_dump(mode="json", exclude={"fields"}) | {"fields": dict(notice.fields)},
    }
