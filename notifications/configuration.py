"""What a configuration says of its channel: one of four kinds of settings, stored as what may be shown and secrets."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
from pydantic import BeforeValidator, Field, SecretStr, TypeAdapter

from domain.refusals import Unusable
from notifications.channels.apprise import Apprise, AppriseSettings
from notifications.channels.channel import Admit, Channel, SecretSettings
from notifications.channels.email import Email, EmailSettings, Security
from notifications.channels.slack import Slack, SlackSettings
from notifications.channels.webhook import Webhook, WebhookSettings

_KINDS: dict[str, type[SecretSettings]] = {
    "email": EmailSettings,
    "slack": SlackSettings,
    "webhook": WebhookSettings,
    "apprise": AppriseSettings,
}


def _cover(given: Any) -> Any:
    """Put secrets under cover: an error holds what was given, and whatever these settings are part of may show it."""
    if not isinstance(given, dict):
        return given
    kind = _KINDS.get(str(given.get("channel")))
    # A field that does not exist may be a secret with its name misspelt.
    shown = kind.model_fields.keys() - kind.SECRETS if kind else {"channel"}
    return {name: value if name in shown else _covered(value) for name, value in given.items()}


def _covered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _covered(inner) for name, inner in value.items()}
    return SecretStr(value) if isinstance(value, str) else value


ChannelSettings = Annotated[
    EmailSettings | SlackSettings | WebhookSettings | AppriseSettings,
    Field(discriminator="channel"),
    BeforeValidator(_cover),
]
"""The settings of a channel, told apart by their field ``channel``; no error about them repeats a secret."""

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
SHOWN = "shown"

_SETTINGS: TypeAdapter[ChannelSettings] = TypeAdapter(ChannelSettings)


def refuse_private(settings: ChannelSettings) -> None:
    """Let pass what an installation takes that keeps tenants from private addresses, as far as settings alone tell.

    Raises:
        Unusable: it leads elsewhere than to Slack, or is not encrypted.
    """
    match settings:
        case SlackSettings() if settings.host not in SLACK_HOSTS:
            raise Unusable("the address of a Slack webhook begins with https://hooks.slack.com/", field="url")
        case EmailSettings(security=Security.NONE):
            raise Unusable("mail is sent encrypted only: starttls (port 587) or tls (port 465)", field="security")
        case AppriseSettings() if settings.is_in_clear:
            clear = "it would show notices and secrets to anyone on the way"
            raise Unusable(f"{clear}; write {settings.secure_spelling}", field="url")


def split(settings: ChannelSettings) -> tuple[dict[str, Any], dict[str, str]]:
    """Give what may be stored openly and shown, as JSON, and the secrets by name, to be encrypted.

    What is open holds, under ``shown``, what people may see of the secrets, such as the host of an address.
    """
    secrets: dict[str, str] = {}
    for name in settings.SECRETS:
        match getattr(settings, name):
            case SecretStr() as value:
                secrets[name] = value.get_secret_value()
            case dict() as values:
                secrets |= {f"{name}.{key}": value.get_secret_value() for key, value in values.items()}
    return settings.model_dump(mode="json", exclude=set(settings.SECRETS)) | {SHOWN: settings.shown()}, secrets


def join(stored: Mapping[str, Any], secrets: Mapping[str, str]) -> ChannelSettings:
    """Put together again what was split.

    Raises:
        pydantic.ValidationError: it is not what ``split`` gave.
    """
    values: dict[str, Any] = {name: value for name, value in stored.items() if name != SHOWN}
    for name, secret in secrets.items():
        field, inner, key = name.partition(".")
        if inner:
            values.setdefault(field, {})[key] = secret
        else:
            values[field] = secret
    return _SETTINGS.validate_python(values)


def open_channel(settings: ChannelSettings, http: httpx.Client, admit: Admit, trust: ssl.SSLContext) -> Channel:
    """Give the channel of these settings; ``http`` and ``admit`` decide where it may connect to."""
    match settings:
        case EmailSettings():
            return Email(settings, admit, trust)
        case SlackSettings():
            return Slack(settings, http)
        case WebhookSettings():
            return Webhook(settings, http)
        case AppriseSettings():
            return Apprise(settings, admit)
