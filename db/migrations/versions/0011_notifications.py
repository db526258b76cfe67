"""Who is told of what: configurations, events, incidents, and every notice with what became of it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
NOW = "timestamptz NOT NULL DEFAULT now()"
KNOWN = f"tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name)"

TABLES = f"""
CREATE TABLE unisync.notification_configs (
    {KNOWN},
    id uuid NOT NULL,
    name text NOT NULL,
    channel text NOT NULL,
    settings jsonb NOT NULL,
    sealed bytea,
    key_id text,
    filters jsonb NOT NULL,
    targets text[] NOT NULL DEFAULT '{{}}',
    enabled boolean NOT NULL DEFAULT true,
    created_at {NOW},
    updated_at {NOW},
    PRIMARY KEY (tenant, id),
    CONSTRAINT notification_configs_sealed_check CHECK ((sealed IS NULL) = (key_id IS NULL))
);
CREATE UNIQUE INDEX notification_configs_name_idx ON unisync.notification_configs (tenant, name);
CREATE TABLE unisync.switched_off_targets (
    {KNOWN},
    config_id uuid NOT NULL,
    target text NOT NULL,
    why text NOT NULL,
    at {NOW},
    PRIMARY KEY (tenant, config_id, target)
);
CREATE TABLE unisync.events (
    {KNOWN},
    id bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL,
    cause text NOT NULL,
    run_id uuid,
    event jsonb NOT NULL,
    track jsonb,
    recovery jsonb,
    config_id uuid,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'judged')),
    at {NOW},
    judged_at timestamptz,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX events_once_idx ON unisync.events (tenant, run_id, type, cause);
CREATE INDEX events_pending_idx ON unisync.events (tenant, id) WHERE state = 'pending';
CREATE TABLE unisync.incidents (
    {KNOWN},
    id uuid NOT NULL,
    type text NOT NULL,
    cause text NOT NULL,
    connection text,
    event jsonb NOT NULL,
    tracks jsonb NOT NULL DEFAULT '[]',
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    count integer NOT NULL DEFAULT 1,
    heard boolean NOT NULL DEFAULT true,
    opened_at {NOW},
    last_at {NOW},
    reopened_at timestamptz,
    resolved_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text NOT NULL DEFAULT '',
    silenced_until timestamptz,
    silenced_by text NOT NULL DEFAULT '',
    look_at timestamptz,
    PRIMARY KEY (tenant, id),
    CONSTRAINT incidents_resolved_at_check CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE INDEX incidents_last_at_idx ON unisync.incidents (tenant, last_at, id);
CREATE INDEX incidents_cause_idx ON unisync.incidents (tenant, cause, last_at);
CREATE UNIQUE INDEX incidents_open_idx ON unisync.incidents (tenant, cause) WHERE state = 'open';
CREATE INDEX incidents_look_at_idx ON unisync.incidents (tenant, look_at) WHERE look_at IS NOT NULL;
CREATE TABLE unisync.incident_tellings (
    {KNOWN},
    incident_id uuid NOT NULL,
    config_id uuid NOT NULL,
    told jsonb NOT NULL,
    PRIMARY KEY (tenant, incident_id, config_id)
);
CREATE TABLE unisync.streaks (
    {KNOWN},
    route text NOT NULL,
    source_connection text NOT NULL,
    target_connection text NOT NULL,
    schedule text NOT NULL,
    failures integer NOT NULL,
    since {NOW},
    last_at {NOW},
    PRIMARY KEY (tenant, route, source_connection, target_connection, schedule)
);
CREATE TABLE unisync.notification_history (
    {KNOWN},
    id bigint GENERATED ALWAYS AS IDENTITY,
    config_id uuid,
    config_name text NOT NULL,
    channel text NOT NULL,
    target text NOT NULL,
    incident_id uuid,
    event_type text NOT NULL,
    stage text NOT NULL,
    notice jsonb NOT NULL,
    state text NOT NULL
        CHECK (state IN ('pending', 'delivered', 'failed', 'given_up', 'suppressed', 'put_off')),
    why text NOT NULL DEFAULT '',
    count integer NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    created_at {NOW},
    next_at timestamptz,
    claimed_until timestamptz,
    delivered_at timestamptz,
    answer text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, id)
);
CREATE INDEX notification_history_created_at_idx ON unisync.notification_history (tenant, created_at);
CREATE INDEX notification_history_config_idx ON unisync.notification_history (tenant, config_id, id);
CREATE INDEX notification_history_incident_idx ON unisync.notification_history (tenant, incident_id, id);
CREATE INDEX notification_history_type_idx ON unisync.notification_history (tenant, event_type, id);
CREATE INDEX notification_history_state_idx ON unisync.notification_history (tenant, state, id);
CREATE INDEX notification_history_due_idx ON unisync.notification_history (tenant, next_at)
    WHERE state IN ('pending', 'failed');
CREATE UNIQUE INDEX notification_history_untold_idx
    ON unisync.notification_history (tenant, incident_id, config_id, why)
    WHERE state IN ('suppressed', 'put_off') AND target = '';
"""

MADE = (
    "notification_configs",
    "switched_off_targets",
    "events",
    "incidents",
    "incident_tellings",
    "streaks",
    "notification_history",
)

# Of an event nothing changes but that it was judged. What was put off makes room for what is told instead, nothing else
# leaves the history. The watch finds out where something is due and sees none of it.
RIGHTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON unisync.notification_configs, unisync.switched_off_targets TO unisync_app;
GRANT SELECT, INSERT ON unisync.events, unisync.incidents, unisync.incident_tellings, unisync.streaks,
    unisync.notification_history TO unisync_app;
GRANT UPDATE (state, judged_at) ON unisync.events TO unisync_app;
GRANT UPDATE (event, tracks, state, count, heard, last_at, reopened_at, resolved_at, acknowledged_at, acknowledged_by,
    silenced_until, silenced_by, look_at) ON unisync.incidents TO unisync_app;
GRANT UPDATE (told) ON unisync.incident_tellings TO unisync_app;
GRANT UPDATE (failures, since, last_at) ON unisync.streaks TO unisync_app;
GRANT UPDATE (notice, state, why, count, attempts, next_at, claimed_until, delivered_at, answer), DELETE
    ON unisync.notification_history TO unisync_app;
CREATE POLICY only_put_off ON unisync.notification_history AS RESTRICTIVE FOR DELETE TO unisync_app
    USING (state = 'put_off');
GRANT SELECT (tenant, state) ON unisync.events TO unisync_watch;
GRANT SELECT (tenant, look_at) ON unisync.incidents TO unisync_watch;
GRANT SELECT (tenant, state, next_at, claimed_until) ON unisync.notification_history TO unisync_watch;
CREATE POLICY watch_reads ON unisync.events FOR SELECT TO unisync_watch USING (true);
CREATE POLICY watch_reads ON unisync.incidents FOR SELECT TO unisync_watch USING (true);
CREATE POLICY watch_reads ON unisync.notification_history FOR SELECT TO unisync_watch USING (true);
"""

# What may be deleted at all, whatever the retention says.
PURGED = {
    "events": ("tenant, id, state, at", "state = 'judged'"),
    "notification_history": ("tenant, id, state, created_at", "state NOT IN ('pending', 'failed', 'put_off')"),
    "incidents": ("tenant, id, state, last_at", "state = 'resolved'"),
    "incident_tellings": ("tenant, incident_id, config_id", "true"),
}


def upgrade() -> None:
    op.execute(TABLES)
    for table in MADE:
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_tenant ON unisync.{table} USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
    op.execute(RIGHTS)
    for table, (columns, is_over) in PURGED.items():
        op.execute(f"GRANT SELECT ({columns}), DELETE ON unisync.{table} TO unisync_purge")
        op.execute(f"CREATE POLICY purge_reads ON unisync.{table} FOR SELECT TO unisync_purge USING (true)")
        op.execute(f"CREATE POLICY purge_deletes ON unisync.{table} FOR DELETE TO unisync_purge USING ({is_over})")
