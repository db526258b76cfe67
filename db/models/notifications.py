"""Who is told of what: configurations, events, incidents, and every notice with what became of it."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from db.models.schema import metadata, one_of, tenant_column, time_column


class EventState(StrEnum):
    """Whether it was decided whom an event is told to."""

    PENDING = "pending"
    JUDGED = "judged"


class IncidentState(StrEnum):
    """Whether the cause of an incident still strikes."""

    OPEN = "open"
    RESOLVED = "resolved"


class DeliveryState(StrEnum):
    """What became of a notice: one that failed is sent again, one that was put off is decided upon again later."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    SUPPRESSED = "suppressed"
    PUT_OFF = "put_off"


UNSENT = (DeliveryState.PENDING, DeliveryState.FAILED)
"""The states of notices that are to be sent."""

notification_configs = Table(
    "notification_configs",
    metadata,
    tenant_column(known=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("sealed", LargeBinary),
    Column("key_id", Text),
    Column("filters", JSONB, nullable=False),
    # As people know them, none of them a secret: deciding whom to tell needs no key.
    Column("targets", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    time_column("created_at"),
    time_column("updated_at"),
    CheckConstraint("(sealed IS NULL) = (key_id IS NULL)", name="sealed"),
    Index("notification_configs_name_idx", "tenant", "name", unique=True),
)

switched_off_targets = Table(
    "switched_off_targets",
    metadata,
    tenant_column(known=True),
    Column("config_id", UUID(as_uuid=True), primary_key=True),
    Column("target", Text, primary_key=True),
    Column("why", Text, nullable=False),
    time_column("at"),
)

events = Table(
    "events",
    metadata,
    tenant_column(known=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("type", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("run_id", UUID(as_uuid=True)),
    Column("event", JSONB, nullable=False),
    # What a run was about whose end this is, and what its success puts right.
    Column("track", JSONB),
    Column("recovery", JSONB),
    # The configuration that an event is about: it is not told through a target of it that takes nothing any more.
    Column("config_id", UUID(as_uuid=True)),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    time_column("at"),
    time_column("judged_at", optional=True),
    one_of("state", EventState),
    # Whoever closes a run tells of it; so does whoever comes second, in vain.
    Index("events_once_idx", "tenant", "run_id", "type", "cause", unique=True),
)

Index("events_pending_idx", events.c.tenant, events.c.id, postgresql_where=events.c.state == text("'pending'"))

incidents = Table(
    "incidents",
    metadata,
    tenant_column(known=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("type", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("connection", Text),
    Column("event", JSONB, nullable=False),
    Column("tracks", JSONB, nullable=False, server_default=text("'[]'")),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("count", Integer, nullable=False, server_default=text("1")),
    Column("heard", Boolean, nullable=False, server_default=text("true")),
    time_column("opened_at"),
    time_column("last_at"),
    time_column("reopened_at", optional=True),
    time_column("resolved_at", optional=True),
    time_column("acknowledged_at", optional=True),
    Column("acknowledged_by", Text, nullable=False, server_default=text("''")),
    time_column("silenced_until", optional=True),
    Column("silenced_by", Text, nullable=False, server_default=text("''")),
    # When the mere passing of time may change what people are to be told.
    time_column("look_at", optional=True),
    one_of("state", IncidentState),
    CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_at"),
    Index("incidents_last_at_idx", "tenant", "last_at", "id"),
    Index("incidents_cause_idx", "tenant", "cause", "last_at"),
)

Index(
    "incidents_open_idx",
    incidents.c.tenant,
    incidents.c.cause,
    unique=True,
    postgresql_where=incidents.c.state == text("'open'"),
)

Index(
    "incidents_look_at_idx",
    incidents.c.tenant,
    incidents.c.look_at,
    postgresql_where=incidents.c.look_at.is_not(None),
)

incident_tellings = Table(
    "incident_tellings",
    metadata,
    tenant_column(known=True),
    Column("incident_id", UUID(as_uuid=True), primary_key=True),
    Column("config_id", UUID(as_uuid=True), primary_key=True),
    Column("told", JSONB, nullable=False),
)

streaks = Table(
    "streaks",
    metadata,
    tenant_column(known=True),
    Column("route", Text, primary_key=True),
    Column("source_connection", Text, primary_key=True),
    Column("target_connection", Text, primary_key=True),
    Column("schedule", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    time_column("since"),
    time_column("last_at"),
)

notification_history = Table(
    "notification_history",
    metadata,
    tenant_column(known=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("config_id", UUID(as_uuid=True)),
    Column("config_name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("incident_id", UUID(as_uuid=True)),
    Column("event_type", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("notice", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=text("''")),
    # How many events one entry of what was not told stands for.
    Column("count", Integer, nullable=False, server_default=text("1")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    time_column("created_at"),
    time_column("next_at", optional=True),
    time_column("claimed_until", optional=True),
    time_column("delivered_at", optional=True),
    Column("answer", Text, nullable=False, server_default=text("''")),
    # When it was first to be sent, where quiet hours put it off.
    time_column("due_at", optional=True),
    one_of("state", DeliveryState),
    Index("notification_history_created_at_idx", "tenant", "created_at"),
    Index("notification_history_config_idx", "tenant", "config_id", "id"),
    Index("notification_history_incident_idx", "tenant", "incident_id", "id"),
    Index("notification_history_type_idx", "tenant", "event_type", "id"),
    Index("notification_history_state_idx", "tenant", "state", "id"),
)

Index(
    "notification_history_due_idx",
    notification_history.c.tenant,
    notification_history.c.next_at,
    postgresql_where=text("state IN ('pending', 'failed')"),
)
# One entry counts everything that a configuration was not told of an incident for the same reason.
Index(
    "notification_history_untold_idx",
    notification_history.c.tenant,
    notification_history.c.incident_id,
    notification_history.c.config_id,
    notification_history.c.why,
    unique=True,
    postgresql_where=text("state IN ('suppressed', 'put_off') AND target = ''"),
)
