"""Which source record is which target record, and the intents to write one."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON, UUID

from db.models.schema import metadata, one_of, tenant_column, time_column
from domain.writes import Action, LinkState

links = Table(
    "links",
    metadata,
    tenant_column(),
    Column("source_connection", Text, primary_key=True),
    Column("target_connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("target_kind", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("version", Text),
    Column("state", Text, nullable=False),
    time_column("updated_at"),
    one_of("state", LinkState),
)

# From a document of the books back to what it was made of. Copies in a warehouse, which are many, have the name of
# their original and need none of it.
Index(
    "links_target_idx",
    links.c.tenant,
    links.c.target_connection,
    links.c.target_kind,
    links.c.target_id,
    postgresql_where=text("role <> 'document' OR target_kind <> kind"),
)

intents = Table(
    "intents",
    metadata,
    tenant_column(),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("target_connection", Text, nullable=False),
    Column("source_connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    # json, not jsonb: the request is replayed byte for byte.
    Column("body", JSON, nullable=False),
    Column("position", Integer, nullable=False),
    Column("target_kind", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("base_version", Text),
    Column("expected_total", Numeric),
    Column("total", Numeric),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    time_column("created_at"),
    time_column("sent_at"),
    time_column("settled_at", optional=True),
    one_of("action", Action),
    one_of("state", ("open", "settled", "failed")),
)

Index(
    "intents_open_create_key",
    intents.c.tenant,
    intents.c.target_connection,
    intents.c.source_connection,
    intents.c.kind,
    intents.c.source_id,
    intents.c.role,
    unique=True,
    postgresql_where=(intents.c.action == text("'create'")) & (intents.c.state == text("'open'")),
)

Index(
    "intents_open_idx",
    intents.c.tenant,
    intents.c.target_connection,
    postgresql_where=intents.c.state == text("'open'"),
)
Index(
    "intents_identity_idx",
    intents.c.tenant,
    intents.c.target_connection,
    intents.c.source_connection,
    intents.c.kind,
    intents.c.source_id,
    intents.c.role,
)
