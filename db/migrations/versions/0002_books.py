"""What must be remembered of a set of books: batches under way, names that are taken, calls made, a lost access."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
NOW = "timestamptz NOT NULL DEFAULT now()"
OWNED = f"tenant text NOT NULL DEFAULT {TENANT}"
KNOWN = f"{OWNED} REFERENCES unisync.tenants (name)"

CONNECTIONS = """
ALTER TABLE unisync.connections
    ADD COLUMN state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'reconnect'));
"""

# Nothing was ever written to this table before.
INTENTS = """
ALTER TABLE unisync.intents
    DROP COLUMN batch,
    ADD COLUMN position integer NOT NULL,
    ADD COLUMN target_kind text NOT NULL,
    ADD COLUMN target_id text NOT NULL,
    ADD COLUMN fingerprint text NOT NULL,
    ADD COLUMN base_version text,
    ADD COLUMN expected_total numeric,
    ADD COLUMN total numeric,
    ADD COLUMN sent_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX intents_open_idx ON unisync.intents (tenant, target_connection) WHERE state = 'open';
CREATE INDEX intents_identity_idx ON unisync.intents
    (tenant, target_connection, source_connection, kind, source_id, role);
"""

TABLES = f"""
CREATE TABLE unisync.names (
    {OWNED},
    connection text NOT NULL,
    entity text NOT NULL CHECK (entity IN ('customer', 'vendor', 'employee', 'item')),
    id text NOT NULL,
    name text NOT NULL,
    is_usable boolean NOT NULL,
    version text NOT NULL,
    email_hash text,
    sku text,
    PRIMARY KEY (tenant, connection, entity, id)
);
CREATE INDEX names_name_idx ON unisync.names (tenant, connection, name);
CREATE INDEX names_sku_idx ON unisync.names (tenant, connection, sku) WHERE sku IS NOT NULL;
CREATE TABLE unisync.snapshots (
    {KNOWN},
    connection text NOT NULL,
    subject text NOT NULL,
    content json NOT NULL,
    taken_at {NOW},
    PRIMARY KEY (tenant, connection, subject)
);
CREATE TABLE unisync.throttles (
    {KNOWN},
    connection text NOT NULL,
    bucket text NOT NULL,
    slots timestamptz[] NOT NULL DEFAULT '{{}}',
    PRIMARY KEY (tenant, connection, bucket)
);
"""

RIGHTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON unisync.names TO unisync_app;
GRANT SELECT, INSERT, UPDATE ON unisync.snapshots, unisync.throttles TO unisync_app;
"""


def upgrade() -> None:
    op.execute(CONNECTIONS)
    op.execute(INTENTS)
    op.execute(TABLES)
    op.execute(RIGHTS)
    for table in ("names", "snapshots", "throttles"):
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_tenant ON unisync.{table} USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
