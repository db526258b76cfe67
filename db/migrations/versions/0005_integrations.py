"""What connections need to be steered from outside: where they may lead, how they are, and consents under way."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
NOW = "timestamptz NOT NULL DEFAULT now()"
KNOWN = f"tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name)"

# Until now connections were made at the shell of this machine only, whose operator may reach what it reaches.
PUBLIC_ONLY = """
ALTER TABLE unisync.connections ADD COLUMN public_only boolean NOT NULL DEFAULT false;
ALTER TABLE unisync.connections ALTER COLUMN public_only SET DEFAULT true;
"""

TABLES = f"""
CREATE TABLE unisync.connection_health (
    {KNOWN},
    connection text NOT NULL,
    checked_at timestamptz,
    place text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    clock_ahead double precision,
    latency double precision,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_failure text NOT NULL DEFAULT '',
    refused boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, connection)
);
CREATE TABLE unisync.oauth_states (
    {KNOWN},
    hash bytea NOT NULL,
    connection text NOT NULL,
    redirect_uri text NOT NULL,
    asked_by text NOT NULL,
    public_only boolean NOT NULL,
    settings jsonb NOT NULL,
    sealed bytea NOT NULL,
    created_at {NOW},
    expires_at {NOW},
    PRIMARY KEY (tenant, hash)
);
CREATE INDEX oauth_states_hash_idx ON unisync.oauth_states (hash);
"""

RIGHTS = """
GRANT SELECT, INSERT, UPDATE ON unisync.connection_health TO unisync_app;
GRANT SELECT, INSERT, DELETE ON unisync.oauth_states TO unisync_app;
GRANT SELECT (tenant, hash) ON unisync.oauth_states TO unisync_door;
CREATE POLICY door_reads ON unisync.oauth_states FOR SELECT TO unisync_door USING (true);
"""


def upgrade() -> None:
    op.execute(PUBLIC_ONLY)
    op.execute(TABLES)
    for table in ("connection_health", "oauth_states"):
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_tenant ON unisync.{table} USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
    op.execute(RIGHTS)
