"""What shops and books told of themselves: their webhooks, the inbox, and counts by day."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.models.schema import metadata, one_of, tenant_column, time_column


class ArrivalState(StrEnum):
    """What became of something that arrived; it is pending until every target in use has it or is given up."""

    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class WebhookState(StrEnum):
    """How the webhooks of a connection stand: not set up, working, or not as they should be."""

    MISSING = "missing"
    ACTIVE = "active"
    ILL = "ill"


webhooks = Table(
    "webhooks",
    metadata,
    tenant_column(known=True),
    Column("connection", Text, primary_key=True),
    Column("sealed", LargeBinary),
    Column("key_id", Text),
    # While a shop is being given another secret, both count; then the former for a while.
    Column("is_rotating", Boolean, nullable=False, server_default=text("false")),
    time_column("former_until", optional=True),
    Column("state", Text, nullable=False, server_default=text("'missing'")),
    Column("problem", Text, nullable=False, server_default=text("''")),
    Column("delivery_url", Text, nullable=False, server_default=text("''")),
    time_column("registered_at", optional=True),
    time_column("checked_at", optional=True),
    time_column("repaired_at", optional=True),
    Column("repairs", Integer, nullable=False, server_default=text("0")),
    time_column("ping_seen_at", optional=True),
    Column("waits_because", Text, nullable=False, server_default=text("''")),
    one_of("state", WebhookState),
    CheckConstraint("(sealed IS NULL) = (key_id IS NULL)", name="sealed"),
)

webhook_switches = Table(
    "webhook_switches",
    metadata,
    tenant_column(known=True),
    Column("is_on", Boolean, nullable=False),
    time_column("updated_at"),
)

arrivals = Table(
    "arrivals",
    metadata,
    tenant_column(known=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("connection", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    # Records that go with it: the refunds of an order, what a merge in the books swallowed.
    Column("related", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("body_hash", Text, nullable=False),
    time_column("changed_at", optional=True),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("count", Integer, nullable=False, server_default=text("1")),
    time_column("first_seen"),
    time_column("last_seen"),
    time_column("pending_since"),
    # The targets that have it, those that were given up, and one entry for each attempt that failed.
    Column("done_targets", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    time_column("done_at", optional=True),
    Column("flow_run_id", Text),
    Column("failed_targets", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("failed_attempts", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    one_of("state", ArrivalState),
)

Index(
    "arrivals_body_key", arrivals.c.tenant, arrivals.c.connection, arrivals.c.topic, arrivals.c.body_hash, unique=True
)
Index("arrivals_record_idx", arrivals.c.tenant, arrivals.c.connection, arrivals.c.kind, arrivals.c.record_id)
Index(
    "arrivals_pending_idx",
    arrivals.c.tenant,
    arrivals.c.connection,
    arrivals.c.id,
    postgresql_where=arrivals.c.state == text("'pending'"),
)

arrival_counts = Table(
    "arrival_counts",
    metadata,
    tenant_column(known=True),
    Column("connection", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("received", Integer, nullable=False, server_default=text("0")),
    Column("repeated", Integer, nullable=False, server_default=text("0")),
    Column("ignored", Integer, nullable=False, server_default=text("0")),
    Column("refused", Integer, nullable=False, server_default=text("0")),
    Column("stale", Integer, nullable=False, server_default=text("0")),
    # Of what a walk through the shop found changed: how much, and how much of it no webhook had told of.
    Column("changes", Integer, nullable=False, server_default=text("0")),
    Column("missed", Integer, nullable=False, server_default=text("0")),
    time_column("last_at", optional=True),
)
