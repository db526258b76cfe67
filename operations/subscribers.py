"""Those who may be told: the configurations that are switched on, with the targets that take notices."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from db.ledger.notification_configs import StoredConfig, list_configs, switched_off
from notifications.rules import NoticeFilters


class Subscriber(NamedTuple):
    """A configuration with its rules; ``targets`` leaves out those that are switched off."""

    config: StoredConfig
    filters: NoticeFilters
    targets: tuple[str, ...]

    @property
    def id(self) -> UUID:
        """The id of the configuration."""
        return self.config.id

    @property
    def is_told_in_part(self) -> bool:
        """Whether some of its targets are switched off and others are not."""
        return 0 < len(self.targets) < len(self.config.targets)


def subscribers(session: Session) -> list[Subscriber]:
    """Give those of the tenant who may be told, by name."""
    off = switched_off(session)
    return [
        Subscriber(
            config,
            rules_of(config),
            tuple(target for target in config.targets if target not in off.get(config.id, {})),
        )
        for config in list_configs(session)
        if config.enabled
    ]


def rules_of(config: StoredConfig) -> NoticeFilters:
    """Give the rules of a configuration."""
    try:
        return NoticeFilters.model_validate(config.filters)
    except ValidationError:
        # Another version wrote them: too much is told rather than nothing.
        return NoticeFilters()
