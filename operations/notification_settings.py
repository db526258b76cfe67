"""The settings of a channel as somebody writes them, and the secrets that they leave out because they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from config.channels import require_allowed
from config.wiring import open_vault
from db.ledger.notification_configs import StoredConfig, sealed_to
from domain.errors import Misconfigured, first_fault
from domain.keys import TenantName
from domain.refusals import Unusable
from notifications.configuration import ChannelSettings, join

CHANNELS = ("email", "slack", "webhook", "apprise")

# Where a password goes and how; without these being the same it is not sent there. An address is a secret itself.
_WAY = ("channel", "host", "port", "security", "user")
_ADDRESS = "url"


def read_settings(given: Mapping[str, Any]) -> ChannelSettings:
    """Read the settings of a channel as somebody wrote them.

    Raises:
        Unusable: one sentence naming the field that cannot be used, never its value; or they lead where none may.
    """
    if given.get("channel") not in CHANNELS:
        raise Unusable("choose a channel: email, slack, webhook or apprise", field="channel")
    try:
        settings = join(given, {})
    except ValidationError as error:
        where, why = first_fault(error)
        # The first word names the channel, which chose among the fields.
        field = where.partition(".")[2]
        raise Unusable(f"{field or 'it'} cannot be used: {why}", field=field) from None
    require_allowed(settings)
    return settings


def completed(given: Mapping[str, Any], stored: StoredConfig, tenant: TenantName) -> dict[str, Any]:
    """Add the secrets that are stored to settings that were sent without them, as a form sends what it was shown.

    They are added only where they lead to the same place as before: none goes where nobody entered it for.

    Raises:
        Misconfigured: no key opens them; they must be given again.
    """
    public = stored.settings
    same_way = all(given.get(name, public.get(name)) == public.get(name) for name in _WAY)
    if _ADDRESS in given or not same_way:
        return dict(given)
    kept = settings_of(stored, tenant).model_dump()
    return {**{name: value for name, value in kept.items() if name not in public}, **given}


def settings_of(stored: StoredConfig, tenant: TenantName) -> ChannelSettings:
    """Put the settings of a stored configuration together again.

    Raises:
        Misconfigured: no key opens the secrets, or this version cannot use the settings any more.
    """
    at = sealed_to(tenant, stored.id)
    secrets = open_vault().open(stored.sealed, bound_to=at) if stored.sealed else {}
    try:
        return join(stored.settings, secrets)
    except ValidationError:
        raise Misconfigured(f"the settings of {stored.name} cannot be used any more; enter them again") from None
