"""Who may come in, and what they did."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from db.models.schema import SCHEMA, metadata, one_of, tenant_column, time_column
from domain.access import Role

audit_log = Table(
    "audit_log",
    metadata,
    tenant_column(known=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    time_column("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("request_id", Text, nullable=False, server_default=text("''")),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("outcome", ("done", "refused")),
    Index("audit_log_at_idx", "tenant", "at"),
)

# A person may work for several tenants: whose they are, memberships say.
users = Table(
    "users",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("password_hash", Text, nullable=False),
    Column("runs_installation", Boolean, nullable=False, server_default=text("false")),
    time_column("created_at"),
    time_column("disabled_at", optional=True),
    CheckConstraint("email = lower(email)", name="email"),
    Index("users_email_idx", "email", unique=True),
)

memberships = Table(
    "memberships",
    metadata,
    tenant_column(known=True),
    Column("user_id", UUID(as_uuid=True), ForeignKey(f"{SCHEMA}.users.id"), primary_key=True),
    Column("role", Text, nullable=False),
    one_of("role", Role),
    Index("memberships_user_idx", "user_id"),
)

tokens = Table(
    "tokens",
    metadata,
    tenant_column(known=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("runs_installation", Boolean, nullable=False, server_default=text("false")),
    Column("created_by", Text, nullable=False),
    time_column("created_at"),
    time_column("expires_at", optional=True),
    time_column("last_used_at", optional=True),
    time_column("revoked_at", optional=True),
    one_of("role", Role),
    Index("tokens_hash_idx", "hash", unique=True),
    Index("tokens_name_idx", "tenant", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
)

sessions = Table(
    "sessions",
    metadata,
    tenant_column(),
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", UUID(as_uuid=True), nullable=False),
    Column("address", Text, nullable=False),
    time_column("created_at"),
    time_column("last_seen_at"),
    time_column("expires_at"),
    # Whoever is no member any more has no session either, whichever way the membership was lost.
    ForeignKeyConstraint(
        ["tenant", "user_id"],
        [f"{SCHEMA}.memberships.tenant", f"{SCHEMA}.memberships.user_id"],
        name="sessions_tenant_user_id_fkey",
        ondelete="CASCADE",
    ),
    Index("sessions_hash_idx", "hash", unique=True),
    Index("sessions_user_idx", "user_id"),
)

# Of no tenant: nobody knows yet who stands at the door. The account only as a hash, because people type their
# password into the wrong field.
login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    time_column("at"),
    Column("account", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("succeeded", Boolean, nullable=False, server_default=text("false")),
    # Whether somebody had to wait because of it.
    Column("throttled", Boolean, nullable=False, server_default=text("false")),
    Index("login_attempts_account_idx", "account", "at"),
    Index("login_attempts_address_idx", "address", "at"),
    Index("login_attempts_at_idx", "at"),
)
