"""What was asked for, planned and confirmed, and what runs when; problems that somebody decides to leave."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
OWNED = f"tenant text NOT NULL DEFAULT {TENANT}"
KNOWN = f"{OWNED} REFERENCES unisync.tenants (name)"
NOW = "timestamptz NOT NULL DEFAULT now()"

TABLES = f"""
CREATE TABLE unisync.sync_requests (
    {KNOWN},
    id uuid NOT NULL,
    request jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('awaiting_confirmation', 'asked', 'started', 'refused', 'cancelled')),
    actor text NOT NULL,
    permission text NOT NULL CHECK (permission IN ('run_sync', 'resolve_failures')),
    flow_run_id text,
    error text,
    asked_at {NOW},
    PRIMARY KEY (tenant, id)
);
CREATE INDEX sync_requests_asked_at_idx ON unisync.sync_requests (tenant, asked_at, id);
CREATE TABLE unisync.plans (
    {KNOWN},
    id uuid NOT NULL,
    request jsonb NOT NULL,
    hash text,
    counts jsonb NOT NULL DEFAULT '{{}}',
    amounts jsonb NOT NULL DEFAULT '{{}}',
    records integer NOT NULL DEFAULT 0,
    removals integer NOT NULL DEFAULT 0,
    tallies jsonb NOT NULL DEFAULT '{{}}',
    created_at {NOW},
    expires_at {NOW},
    confirmed_at timestamptz,
    confirmed_by text,
    used_by uuid,
    PRIMARY KEY (tenant, id)
);
CREATE TABLE unisync.plan_writes (
    {OWNED},
    plan_id uuid NOT NULL,
    source_connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    role text NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'update', 'remove')),
    fingerprint text NOT NULL,
    amount numeric,
    currency text,
    PRIMARY KEY (tenant, plan_id, source_connection, kind, source_id, role)
);
CREATE TABLE unisync.confirmations (
    {KNOWN},
    token_hash bytea NOT NULL,
    request_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    plan_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'operator', 'bookkeeper', 'viewer')),
    remaining integer NOT NULL,
    created_at {NOW},
    expires_at {NOW},
    used_at timestamptz,
    PRIMARY KEY (tenant, token_hash)
);
CREATE TABLE unisync.confirmed_pairs (
    {KNOWN},
    route text NOT NULL,
    source_connection text NOT NULL,
    target_connection text NOT NULL,
    kind text NOT NULL,
    run_id uuid NOT NULL,
    at {NOW},
    PRIMARY KEY (tenant, route, source_connection, target_connection, kind)
);
CREATE TABLE unisync.schedules (
    {KNOWN},
    name text NOT NULL,
    route text NOT NULL,
    source_connection text NOT NULL,
    target_connection text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('full', 'incremental')),
    kinds jsonb NOT NULL,
    cron text NOT NULL,
    zone text NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    removed boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    mirrored bigint NOT NULL DEFAULT 0,
    deployment_id uuid,
    next_due timestamptz,
    created_by text NOT NULL,
    created_at {NOW},
    updated_at {NOW},
    PRIMARY KEY (tenant, name)
);
CREATE TABLE unisync.sync_settings (
    {KNOWN},
    most_amount numeric,
    sandbox boolean NOT NULL DEFAULT false,
    replacements jsonb NOT NULL DEFAULT '{{}}',
    changed_at {NOW},
    PRIMARY KEY (tenant)
);
"""

PROBLEMS = """
ALTER TABLE unisync.problems
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN amount numeric,
    ADD COLUMN currency text,
    ADD COLUMN reason text,
    ADD COLUMN decided_by text,
    ADD COLUMN decided_at timestamptz,
    DROP CONSTRAINT problems_state_check,
    ADD CONSTRAINT problems_state_check CHECK (state IN ('open', 'resolved', 'ignored'));
CREATE UNIQUE INDEX problems_id_idx ON unisync.problems (tenant, id);
CREATE INDEX problems_last_seen_idx ON unisync.problems (tenant, last_seen, id);
"""

# Whoever owns a table is held back by its policies too; here all tenants are meant.
RUNS = """
ALTER TABLE unisync.runs ADD COLUMN cancel_requested_at timestamptz, NO FORCE ROW LEVEL SECURITY;
INSERT INTO unisync.sync_requests (tenant, id, request, state, actor, permission, flow_run_id, asked_at)
    SELECT tenant, id, request, 'started', 'unknown', 'run_sync', flow_run_id, started_at FROM unisync.runs;
ALTER TABLE unisync.runs FORCE ROW LEVEL SECURITY;
"""

RIGHTS = """
GRANT SELECT, INSERT ON unisync.sync_requests, unisync.plans, unisync.plan_writes, unisync.confirmations,
    unisync.confirmed_pairs, unisync.schedules, unisync.sync_settings TO unisync_app;
GRANT UPDATE (state, flow_run_id, error) ON unisync.sync_requests TO unisync_app;
GRANT UPDATE (hash, counts, amounts, records, removals, tallies, confirmed_at, confirmed_by, used_by) ON unisync.plans
    TO unisync_app;
GRANT UPDATE (action, fingerprint, amount, currency) ON unisync.plan_writes TO unisync_app;
GRANT UPDATE (used_at) ON unisync.confirmations TO unisync_app;
GRANT UPDATE, DELETE ON unisync.schedules TO unisync_app;
GRANT UPDATE ON unisync.sync_settings TO unisync_app;
"""

MADE = ("sync_requests", "plans", "plan_writes", "confirmations", "confirmed_pairs", "schedules", "sync_settings")


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(PROBLEMS)
    op.execute(RUNS)
    op.execute(RIGHTS)
    for table in MADE:
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_tenant ON unisync.{table} USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
