"""Who is told of what and how: configurations made, changed, listed and removed; secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.channels import open_channel
from config.wiring import open_vault
from db.ledger.deliveries import give_up_notices
from db.ledger.notification_configs import (
    StoredConfig,
    SwitchedOff,
    list_configs,
    load_config,
    remove_config,
    save_config,
    sealed_to,
    switch_on,
    switched_off,
)
from domain.access import Permission
from domain.inputs import Flag
from domain.keys import TenantName
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown
from notifications.configuration import SHOWN, ChannelSettings, split
from notifications.rules import NoticeFilters
from operations.caller import Caller
from operations.notification_settings import completed, read_settings
from operations.retelling import tell_anew
from operations.subscribers import rules_of

EXAMPLE: dict[str, JsonValue] = {
    "name": "Accounting",
    "settings": {"channel": "slack", "url": "https://hooks.slack.com/services/T0000/B0000/XXXXXXXX"},
    "filters": {"minimum_severity": "error", "threshold": 3},
    "enabled": True,
}

MOST_CONFIGS = 100

ConfigName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]


class ConfigWish(BaseModel):
    """A configuration as somebody wants it: ``settings`` name their ``channel`` and hold what it needs.

    Secrets that are left out stay as they are stored, as long as nothing else says where they go.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    name: ConfigName
    settings: dict[str, JsonValue] = Field(
        repr=False, description="As they were given first; secrets may be left out where one is stored."
    )
    filters: NoticeFilters = NoticeFilters()
    enabled: Flag = True


class Target(BaseModel):
    """Somebody who is reached; one that refused for good is switched off until the configuration is saved again."""

    model_config = ConfigDict(frozen=True)

    name: str
    switched_off_at: AwareDatetime | None = None
    why: str = ""


class Configuration(BaseModel):
    """A configuration as people see it: its settings name the secrets that are set, and tell none."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "6f0d3f0e-7a35-4c0e-8f7a-2b9a4f0f6a11",
                    "name": "Accounting",
                    "channel": "slack",
                    "settings": {"channel": "slack", "shown": {"host": "hooks.slack.com", "secrets": ["url"]}},
                    "filters": NoticeFilters().model_dump(mode="json"),
                    "enabled": True,
                    "targets": [{"name": "slack", "switched_off_at": None, "why": ""}],
                    "created_at": "2026-03-01T08:00:00Z",
                    "updated_at": "2026-03-01T08:00:00Z",
                }
            ]
        },
    )

    id: UUID
    name: str
    channel: str
    settings: dict[str, JsonValue]
    filters: NoticeFilters
    enabled: bool
    targets: tuple[Target, ...]
    created_at: AwareDatetime
    updated_at: AwareDatetime


def list_configurations(caller: Caller, page: PageRequest) -> Listing[Configuration]:
    """Give the configurations of the tenant, by name.

    Raises:
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    after = decode_cursor(page.cursor, tuple[ConfigName])[0] if page.cursor else ""
    with caller.ledger() as session:
        found = list_configs(session, page.limit + 1, after)
        off = switched_off(session)
    items = tuple(_shown(stored, off.get(stored.id, {})) for stored in found[: page.limit])
    return Listing(items=items, next_cursor=encode_cursor((items[-1].name,)) if len(found) > page.limit else None)


def show_configuration(caller: Caller, config_id: UUID) -> Configuration:
    """Give one configuration; raises Unknown when the tenant has none with this id."""
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        return _shown(find_config(session, config_id), switched_off(session).get(config_id, {}))


def make_configuration(caller: Caller, wish: ConfigWish) -> Configuration:
    """Make a configuration; people are told from now on.

    Raises:
        Unusable: a setting cannot be used.
        Clash: there is one of this name, or there are too many.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    settings, now = read_settings(wish.settings), datetime.now(UTC)
    stored = sealed(caller.tenant, uuid4(), wish, settings, created_at=now, updated_at=now)
    with caller.ledger() as session:
        if len(list_configs(session, MOST_CONFIGS)) >= MOST_CONFIGS:
            raise Clash(f"there are {MOST_CONFIGS} configurations already; remove one first")
        _save(session, stored)
        caller.note(session, "notification.add", stored.name, channel=stored.channel)
    return show_configuration(caller, stored.id)


def change_configuration(caller: Caller, config_id: UUID, wish: ConfigWish) -> Configuration:
    """Change a configuration; targets that were switched off are told again, also of what lasts.

    Raises:
        Unknown: the tenant has none with this id.
        Unusable: a setting cannot be used, or a secret must be given again.
        Clash: another one has this name.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        before = find_config(session, config_id)
    # Looking hosts up takes its time, in which no transaction is held open.
    settings, now = read_settings(completed(wish.settings, before, caller.tenant)), datetime.now(UTC)
    stored = sealed(caller.tenant, config_id, wish, settings, created_at=before.created_at, updated_at=now)
    with caller.ledger() as session:
        # It may have been removed meanwhile.
        find_config(session, config_id)
        _save(session, stored)
        switch_on(session, config_id)
        tell_anew(session, config_id, now)
        caller.note(session, "notification.change", stored.name, channel=stored.channel, enabled=stored.enabled)
    return show_configuration(caller, config_id)


def remove_configuration(caller: Caller, config_id: UUID) -> None:
    """Remove a configuration with its secrets; what it was told stays in the history.

    Raises:
        Unknown: the tenant has none with this id.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        stored = find_config(session, config_id)
        remove_config(session, config_id)
        give_up_notices(session, config_id, "the configuration was removed")
        caller.note(session, "notification.remove", stored.name, channel=stored.channel)


def find_config(session: Session, config_id: UUID) -> StoredConfig:
    """Give a configuration as it is stored.

    Raises:
        Unknown: the tenant has none with this id.
    """
    stored = load_config(session, config_id)
    if stored is None:
        raise Unknown("there is no configuration with this id; GET /api/notifications/configs lists those there are")
    return stored


def sealed(
    tenant: TenantName, config_id: UUID, wish: ConfigWish, settings: ChannelSettings, **moments: datetime
) -> StoredConfig:
    """Give a configuration as it is stored, its secrets sealed so that they open for it alone."""
    public, secrets = split(settings)
    public[SHOWN] |= {"secrets": sorted(secrets)}
    vault = open_vault()
    with open_channel(settings) as channel:
        targets = channel.targets()
    return StoredConfig(
        id=config_id,
        name=wish.name,
        channel=settings.channel,
        settings=public,
        sealed=vault.seal(secrets, bound_to=sealed_to(tenant, config_id)) if secrets else None,
        key_id=vault.key_id if secrets else None,
        filters=wish.filters.model_dump(mode="json"),
        targets=targets,
        enabled=wish.enabled,
        **moments,
    )


def _save(session: Session, stored: StoredConfig) -> None:
    try:
        save_config(session, stored)
    except IntegrityError:
        raise Clash(f"there is another configuration called {stored.name}; choose another name") from None


def _shown(stored: StoredConfig, off: Mapping[str, SwitchedOff]) -> Configuration:
    fields: dict[str, Any] = stored.model_dump(exclude={"sealed", "key_id", "targets", "filters"})
    targets = (
        Target(name=name, switched_off_at=off[name].at, why=off[name].why) if name in off else Target(name=name)
        for name in stored.targets
    )
    return Configuration(**fields, filters=rules_of(stored), targets=tuple(targets))
