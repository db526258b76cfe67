"""How alembic runs our migrations: over the connection that ``db.migrations`` hands in."""

from __future__ import annotations

from alembic import context

from db.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=metadata.schema,
    include_schemas=True,
)
context.run_migrations()
