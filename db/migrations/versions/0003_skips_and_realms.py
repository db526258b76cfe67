"""Which records policy keeps out of a target, and by which rules; a set of books belongs to one connection only."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"

SKIPS = f"""
CREATE TABLE unisync.skips (
    tenant text NOT NULL DEFAULT {TENANT},
    target_connection text NOT NULL,
    source_connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    rules text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, target_connection, source_connection, kind, source_id)
);
"""

# Two connections to one company would post the same order twice, each with links of its own.
REALM = """
CREATE UNIQUE INDEX connections_realm_idx ON unisync.connections ((settings ->> 'realm_id'))
    WHERE system = 'quickbooks';
"""


def upgrade() -> None:
    op.execute(REALM)
    op.execute(SKIPS)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON unisync.skips TO unisync_app")
    op.execute("ALTER TABLE unisync.skips ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_tenant ON unisync.skips USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
