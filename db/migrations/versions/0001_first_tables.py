"""The first tables, who may use them, and the wall between tenants."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
NOW = "timestamptz NOT NULL DEFAULT now()"
NAME = "CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$')"
ACTION = "text NOT NULL CHECK (action IN ('create', 'update', 'remove'))"
OWNED = f"tenant text NOT NULL DEFAULT {TENANT}"
KNOWN = f"{OWNED} REFERENCES unisync.tenants (name)"

TABLES = f"""
CREATE TABLE unisync.tenants (
    name text PRIMARY KEY {NAME},
    created_at {NOW}
);
CREATE TABLE unisync.connections (
    {KNOWN},
    name text NOT NULL {NAME},
    system text NOT NULL,
    settings jsonb NOT NULL,
    sealed bytea NOT NULL,
    key_id text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at {NOW},
    updated_at {NOW},
    PRIMARY KEY (tenant, name)
);
CREATE TABLE unisync.links (
    {OWNED},
    source_connection text NOT NULL,
    target_connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    role text NOT NULL,
    target_kind text NOT NULL,
    target_id text NOT NULL,
    fingerprint text NOT NULL,
    version text,
    state text NOT NULL CHECK (state IN ('live', 'undone')),
    updated_at {NOW},
    PRIMARY KEY (tenant, source_connection, target_connection, kind, source_id, role)
);
CREATE TABLE unisync.intents (
    {OWNED},
    id uuid NOT NULL,
    target_connection text NOT NULL,
    source_connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    role text NOT NULL,
    action {ACTION},
    request_id text NOT NULL,
    body json NOT NULL,
    batch json,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'failed')),
    created_at {NOW},
    settled_at timestamptz,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX intents_open_create_key ON unisync.intents
    (tenant, target_connection, source_connection, kind, source_id, role)
    WHERE action = 'create' AND state = 'open';
CREATE TABLE unisync.runs (
    {KNOWN},
    id uuid NOT NULL,
    flow_run_id text,
    request jsonb NOT NULL,
    state text NOT NULL DEFAULT 'running'
        CHECK (state IN ('running', 'completed', 'failed', 'crashed', 'cancelled')),
    tallies jsonb NOT NULL DEFAULT '{{}}',
    error text,
    started_at {NOW},
    heartbeat_at {NOW},
    finished_at timestamptz,
    PRIMARY KEY (tenant, id),
    CONSTRAINT runs_finished_at_check CHECK ((state = 'running') = (finished_at IS NULL))
);
CREATE INDEX runs_flow_run_id_idx ON unisync.runs (flow_run_id);
CREATE INDEX runs_started_at_idx ON unisync.runs (tenant, started_at);
CREATE TABLE unisync.record_log (
    {OWNED},
    run_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at {NOW},
    target_connection text NOT NULL,
    source_connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    role text NOT NULL,
    action {ACTION},
    result text NOT NULL CHECK (result IN ('created', 'updated', 'unchanged', 'removed', 'failed')),
    message text,
    PRIMARY KEY (tenant, run_id, id)
);
CREATE TABLE unisync.problems (
    {OWNED},
    target_connection text NOT NULL,
    source_connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    fate text NOT NULL CHECK (fate IN ('retry', 'skip', 'stop')),
    advice text,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    count integer NOT NULL DEFAULT 1,
    first_seen {NOW},
    last_seen {NOW},
    run_id uuid NOT NULL,
    PRIMARY KEY (tenant, target_connection, source_connection, kind, source_id)
);
CREATE TABLE unisync.watermarks (
    {KNOWN},
    source_connection text NOT NULL,
    target_connection text NOT NULL,
    kind text NOT NULL,
    at {NOW},
    updated_at {NOW},
    PRIMARY KEY (tenant, source_connection, target_connection, kind)
);
CREATE TABLE unisync.leases (
    {KNOWN},
    target_connection text NOT NULL,
    token bigint NOT NULL,
    holder text,
    expires_at {NOW},
    PRIMARY KEY (tenant, target_connection)
);
"""

# Roles belong to the whole cluster: another database, or another process at this moment, may have made them already.
# Without superuser rights the maker of a role may not yet take it; since version 16 it can be had without inheriting
# its rights, so that the owner's own sessions stay as narrow as before.
ROLES = """
DO $$
DECLARE
    role_name text;
    modern boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['unisync_app', 'unisync_watch'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        IF NOT pg_has_role(current_user, role_name, CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END) THEN
            BEGIN
                EXECUTE format('GRANT %I TO CURRENT_USER', role_name)
                    || CASE WHEN modern THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$
"""

RIGHTS = """
GRANT USAGE ON SCHEMA unisync TO unisync_app, unisync_watch;
GRANT SELECT ON unisync.alembic_version TO unisync_app;
GRANT SELECT ON unisync.tenants TO unisync_app;
GRANT SELECT, INSERT, UPDATE ON unisync.connections, unisync.links, unisync.intents, unisync.runs, unisync.problems,
    unisync.leases TO unisync_app;
GRANT SELECT, INSERT ON unisync.record_log TO unisync_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON unisync.watermarks TO unisync_app;
GRANT SELECT ON unisync.tenants, unisync.runs TO unisync_watch;
GRANT UPDATE (state, error, finished_at) ON unisync.runs TO unisync_watch;
"""

# A policy instead of BYPASSRLS: not every owner may give that away, and this names what the role sees.
WATCH = """
CREATE POLICY watch_reads ON unisync.tenants FOR SELECT TO unisync_watch USING (true);
CREATE POLICY watch_reads ON unisync.runs FOR SELECT TO unisync_watch USING (true);
CREATE POLICY watch_closes ON unisync.runs FOR UPDATE TO unisync_watch USING (true);
"""

OWNERS = {"tenants": "name"} | dict.fromkeys(
    ("connections", "links", "intents", "runs", "record_log", "problems", "watermarks", "leases"), "tenant"
)


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(ROLES)
    op.execute(RIGHTS)
    for table, column in OWNERS.items():
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_tenant ON unisync.{table} USING ({column} = {TENANT}) WITH CHECK ({column} = {TENANT})"
        )
    op.execute(WATCH)
