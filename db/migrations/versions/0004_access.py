"""Who may come in and what they did."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"
NOW = "timestamptz NOT NULL DEFAULT now()"
KNOWN = f"tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name)"
ROLE = "text NOT NULL CHECK (role IN ('admin', 'operator', 'bookkeeper', 'viewer'))"

AUDIT = f"""
CREATE TABLE unisync.audit_log (
    {KNOWN},
    id bigint GENERATED ALWAYS AS IDENTITY,
    at {NOW},
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    address text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{{}}',
    PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_log_at_idx ON unisync.audit_log (tenant, at);
"""

TABLES = f"""
CREATE TABLE unisync.users (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email)),
    name text NOT NULL DEFAULT '',
    password_hash text NOT NULL,
    runs_installation boolean NOT NULL DEFAULT false,
    created_at {NOW},
    disabled_at timestamptz
);
CREATE UNIQUE INDEX users_email_idx ON unisync.users (email);
CREATE TABLE unisync.memberships (
    {KNOWN},
    user_id uuid NOT NULL REFERENCES unisync.users (id),
    role {ROLE},
    PRIMARY KEY (tenant, user_id)
);
CREATE INDEX memberships_user_idx ON unisync.memberships (user_id);
CREATE TABLE unisync.tokens (
    {KNOWN},
    id uuid NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    role {ROLE},
    runs_installation boolean NOT NULL DEFAULT false,
    created_by text NOT NULL,
    created_at {NOW},
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX tokens_hash_idx ON unisync.tokens (hash);
CREATE UNIQUE INDEX tokens_name_idx ON unisync.tokens (tenant, name) WHERE revoked_at IS NULL;
CREATE TABLE unisync.sessions (
    tenant text NOT NULL DEFAULT {TENANT},
    hash bytea NOT NULL,
    user_id uuid NOT NULL,
    address text NOT NULL,
    created_at {NOW},
    last_seen_at {NOW},
    expires_at {NOW},
    PRIMARY KEY (tenant, hash),
    FOREIGN KEY (tenant, user_id) REFERENCES unisync.memberships (tenant, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sessions_hash_idx ON unisync.sessions (hash);
CREATE INDEX sessions_user_idx ON unisync.sessions (user_id);
CREATE TABLE unisync.login_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at {NOW},
    account bytea NOT NULL,
    address text NOT NULL,
    succeeded boolean NOT NULL DEFAULT false
);
CREATE INDEX login_attempts_account_idx ON unisync.login_attempts (account, at);
CREATE INDEX login_attempts_address_idx ON unisync.login_attempts (address, at);
CREATE INDEX login_attempts_at_idx ON unisync.login_attempts (at);
"""

# As the roles of the first migration are made, and for its reasons.
DOOR_ROLE = """
DO $$
DECLARE
    modern boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
    BEGIN
        CREATE ROLE unisync_door NOLOGIN NOSUPERUSER NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    IF NOT pg_has_role(current_user, 'unisync_door', CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END) THEN
        BEGIN
            EXECUTE 'GRANT unisync_door TO CURRENT_USER'
                || CASE WHEN modern THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
END
$$
"""

# The application cannot rewrite what was noted, reads no hash, and can neither make an account nor admit one: it does
# not even know that a person who is no member exists. Accounts and sessions are the business of the door.
APP_RIGHTS = """
GRANT SELECT, INSERT ON unisync.audit_log TO unisync_app;
GRANT SELECT (id, email, name, runs_installation, created_at, disabled_at) ON unisync.users TO unisync_app;
GRANT SELECT, UPDATE (role), DELETE ON unisync.memberships TO unisync_app;
GRANT SELECT (tenant, id, name, role, runs_installation, created_by, created_at, expires_at, last_used_at, revoked_at),
    INSERT, UPDATE (revoked_at) ON unisync.tokens TO unisync_app;
"""

DOOR_RIGHTS = """
GRANT USAGE ON SCHEMA unisync TO unisync_door;
GRANT SELECT, INSERT, UPDATE (name, password_hash, runs_installation, disabled_at) ON unisync.users TO unisync_door;
GRANT SELECT, INSERT ON unisync.memberships TO unisync_door;
GRANT SELECT, UPDATE (last_used_at) ON unisync.tokens TO unisync_door;
GRANT SELECT, INSERT, UPDATE (last_seen_at), DELETE ON unisync.sessions TO unisync_door;
GRANT SELECT, INSERT, UPDATE (succeeded), DELETE ON unisync.login_attempts TO unisync_door;
GRANT INSERT ON unisync.audit_log TO unisync_door;
"""

POLICIES = f"""
CREATE POLICY own_tenant ON unisync.users FOR SELECT TO unisync_app USING (
    EXISTS (SELECT FROM unisync.memberships WHERE user_id = users.id AND tenant = {TENANT})
);
CREATE POLICY door_keeps ON unisync.users TO unisync_door USING (true) WITH CHECK (true);
CREATE POLICY door_keeps ON unisync.memberships TO unisync_door USING (true) WITH CHECK (true);
CREATE POLICY door_keeps ON unisync.tokens TO unisync_door USING (true) WITH CHECK (true);
CREATE POLICY door_keeps ON unisync.sessions TO unisync_door USING (true) WITH CHECK (true);
CREATE POLICY door_keeps ON unisync.login_attempts TO unisync_door USING (true) WITH CHECK (true);
CREATE POLICY door_notes ON unisync.audit_log FOR INSERT TO unisync_door WITH CHECK (true);
"""

OWNED = ("audit_log", "memberships", "tokens", "sessions")


def upgrade() -> None:
    op.execute(AUDIT)
    op.execute(TABLES)
    op.execute(DOOR_ROLE)
    op.execute(APP_RIGHTS)
    op.execute(DOOR_RIGHTS)
    for table in (*OWNED, "users", "login_attempts"):
        op.execute(f"ALTER TABLE unisync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for table in OWNED:
        op.execute(f"CREATE POLICY own_tenant ON unisync.{table} USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})")
    op.execute(POLICIES)
