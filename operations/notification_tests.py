"""Trying a configuration: a notice takes the way of all others, and what the channel answered is reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from db.ledger.deliveries import StoredNotice, save_notice
from db.ledger.notification_configs import StoredConfig
from db.models.notifications import DeliveryState
from domain.access import Permission
from domain.refusals import Unusable
from notifications.events import Severity
from operations.caller import Caller
from operations.delivering import CLAIM, Attempt, Fate, send, settle
from operations.notification_configs import ConfigWish, find_config, sealed
from operations.notification_settings import completed, read_settings
from operations.notifier import event_of_test
from operations.subscribers import rules_of
from operations.telling import single_notice


class Answer(BaseModel):
    """What was answered for one target; ``id`` finds it in the history."""

    model_config = ConfigDict(frozen=True)

    target: str
    delivered: bool
    answer: str
    id: int


class Trial(BaseModel):
    """What a test found: what the rules would let through just now, and what each target answered."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "delivered": True,
                    "rules": ["quiet hours: until 2026-03-01 06:00 UTC only what is critical is told"],
                    "answers": [{"target": "slack", "delivered": True, "answer": "ok", "id": 12}],
                }
            ]
        },
    )

    delivered: bool
    rules: tuple[str, ...]
    answers: tuple[Answer, ...]


def try_configuration(caller: Caller, config_id: UUID | None = None, wish: ConfigWish | None = None) -> Trial:
    """Send a test to every target of a stored configuration, of one that is not stored yet, or of a change to one.

    A target that takes it is told again if it was switched off, one of a stored configuration that refuses for good is
    switched off; what lasts and never arrived is told anew. Nothing is tried a second time.

    Raises:
        Unknown: the tenant has no configuration with this id.
        Unusable: a setting cannot be used.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    config, now = wanted_config(caller, config_id, wish), datetime.now(UTC)
    # What was changed for the test only says nothing about the stored one.
    counts_for = config_id if wish is None else None
    answers = tuple(answers_of(caller, config, counts_for))
    with caller.ledger() as session:
        caller.note(session, "notification.test", config.name, channel=config.channel)
    rules = tuple(remarks(config, now))
    return Trial(delivered=all(answer.delivered for answer in answers), rules=rules, answers=answers)


def wanted_config(caller: Caller, config_id: UUID | None, wish: ConfigWish | None) -> StoredConfig:
    """Give the configuration that is to be tried, as if it were stored; raises as ``try_configuration`` does."""
    stored = None
    if config_id is not None:
        with caller.ledger() as session:
            stored = find_config(session, config_id)
    if wish is None:
        if stored is None:
            raise Unusable("say what to try: a stored configuration by its id, or one in the body", field="settings")
        return stored
    given = completed(wish.settings, stored, caller.tenant) if stored else wish.settings
    now = datetime.now(UTC)
    return sealed(caller.tenant, uuid4(), wish, read_settings(given), created_at=now, updated_at=now)


def answers_of(caller: Caller, config: StoredConfig, counts_for: UUID | None) -> Iterator[Answer]:
    """Send the test to one target after the other; where a server does not answer, the others are not tried."""
    failed = False
    for target in config.targets:
        now = datetime.now(UTC)
        claimed = claimed_test(caller, config, target, counts_for, now)
        attempt = Attempt(Fate.OBSOLETE, "not tried, because the one before failed") if failed else None
        attempt = attempt or send(caller.tenant, config, claimed)
        with caller.ledger() as session:
            settle(session, claimed, attempt, datetime.now(UTC), config)
        failed = failed or attempt.fate is Fate.FAILED
        yield Answer(target=target, delivered=attempt.fate is Fate.DELIVERED, answer=attempt.said, id=claimed.id)


def claimed_test(
    caller: Caller, config: StoredConfig, target: str, counts_for: UUID | None, now: datetime
) -> StoredNotice:
    """Write a test down as a notice that is being sent."""
    notice = single_notice(event_of_test(caller.tenant, now))
    row = StoredNotice(
        config_id=counts_for,
        config_name=config.name,
        channel=config.channel,
        target=target,
        event_type=notice.event,
        stage=notice.stage,
        notice=notice.model_dump(mode="json"),
        state=DeliveryState.PENDING,
        attempts=1,
        created_at=now,
        next_at=now,
        claimed_until=now + CLAIM,
    )
    with caller.ledger() as session:
        return row.model_copy(update={"id": save_notice(session, row)})


def remarks(config: StoredConfig, now: datetime) -> Iterator[str]:
    """Say what the rules of a configuration hold back that a test does not show."""
    filters = rules_of(config)
    if not config.enabled:
        yield "it is switched off: nothing but tests is told"
    if filters.minimum_severity is not Severity.INFO:
        yield f"what is less severe than {filters.minimum_severity} is not told"
    for what, names in (("systems", filters.systems), ("kinds", filters.kinds), ("error types", filters.error_types)):
        if names:
            yield f"only these {what} are told: {', '.join(names)}"
    if filters.quiet_hours and filters.quiet(Severity.ERROR, now):
        yield f"quiet hours: until {filters.quiet_hours.over_at(now):%Y-%m-%d %H:%M} UTC only what is critical is told"
