"""What shops and books tell of themselves: addresses, secrets, the inbox, and counts by day."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
NOW = "timestamptz NOT NULL DEFAULT now()"
KNOWN = f"tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name)"
COUNT = "integer NOT NULL DEFAULT 0"

# The address of a webhook must tell nobody whose it is, and names of connections are unique within a tenant only.
CONNECTIONS = """
ALTER TABLE unisync.connections
    ADD COLUMN public_id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN realm_id text GENERATED ALWAYS AS (settings ->> 'realm_id') STORED;
CREATE UNIQUE INDEX connections_public_id_idx ON unisync.connections (public_id);
"""

TABLES = f"""
CREATE TABLE unisync.webhooks (
    {KNOWN},
    connection text NOT NULL,
    sealed bytea,
    key_id text,
    is_rotating boolean NOT NULL DEFAULT false,
    former_until timestamptz,
    state text NOT NULL DEFAULT 'missing' CHECK (state IN ('missing', 'active', 'ill')),
    problem text NOT NULL DEFAULT '',
    delivery_url text NOT NULL DEFAULT '',
    registered_at timestamptz,
    checked_at timestamptz,
    repaired_at timestamptz,
    repairs {COUNT},
    ping_seen_at timestamptz,
    waits_because text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, connection),
    CONSTRAINT webhooks_sealed_check CHECK ((sealed IS NULL) = (key_id IS NULL))
);
CREATE TABLE unisync.webhook_switches (
    {KNOWN},
    is_on boolean NOT NULL,
    updated_at {NOW},
    PRIMARY KEY (tenant)
);
CREATE TABLE unisync.arrivals (
    {KNOWN},
    id bigint GENERATED ALWAYS AS IDENTITY,
    connection text NOT NULL,
    topic text NOT NULL,
    kind text NOT NULL,
    record_id text NOT NULL,
    related text[] NOT NULL DEFAULT '{{}}',
    body_hash text NOT NULL,
    changed_at timestamptz,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'ignored', 'failed')),
    message text NOT NULL DEFAULT '',
    count integer NOT NULL DEFAULT 1,
    first_seen {NOW},
    last_seen {NOW},
    pending_since {NOW},
    attempts {COUNT},
    done_targets text[] NOT NULL DEFAULT '{{}}',
    done_at timestamptz,
    flow_run_id text,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX arrivals_body_key ON unisync.arrivals (tenant, connection, topic, body_hash);
CREATE INDEX arrivals_record_idx ON unisync.arrivals (tenant, connection, kind, record_id);
CREATE INDEX arrivals_pending_idx ON unisync.arrivals (tenant, connection, id) WHERE state = 'pending';
CREATE TABLE unisync.arrival_counts (
    {KNOWN},
    connection text NOT NULL,
    day date NOT NULL,
    received {COUNT},
    repeated {COUNT},
    ignored {COUNT},
    refused {COUNT},
    stale {COUNT},
    changes {COUNT},
    missed {COUNT},
    last_at timestamptz,
    PRIMARY KEY (tenant, connection, day)
);
"""

# The door finds out whose an address or a company is; the watch, where something waits. Neither sees what arrived.
RIGHTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON unisync.webhooks TO unisync_app;
GRANT SELECT, INSERT, UPDATE ON unisync.webhook_switches, unisync.arrivals, unisync.arrival_counts TO unisync_app;
GRANT SELECT (tenant, name, system, public_id, realm_id) ON unisync.connections TO unisync_door;
CREATE POLICY door_reads ON unisync.connections FOR SELECT TO unisync_door USING (true);
GRANT SELECT (tenant, connection) ON unisync.webhooks TO unisync_watch;
GRANT SELECT (tenant, connection, state) ON unisync.arrivals TO unisync_watch;
CREATE POLICY watch_reads ON unisync.webhooks FOR SELECT TO unisync_watch USING (true);
CREATE POLICY watch_reads ON unisync.arrivals FOR SELECT TO unisync_watch USING (true);
"""


def upgrade() -> None:
    op.execute(CONNECTIONS)
    op.execute(TABLES)
    for table in ("webhooks", "webhook_switches", "arrivals", "arrival_counts"):
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_tenant ON unisync.{table} USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
    op.execute(RIGHTS)
