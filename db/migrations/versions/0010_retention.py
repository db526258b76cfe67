"""Who may count over all tenants, who may delete what is over, and ways to find all that is known of a record."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX links_target_idx ON unisync.links (tenant, target_connection, target_kind, target_id)
    WHERE role <> 'document' OR target_kind <> kind;
CREATE INDEX plan_writes_record_idx ON unisync.plan_writes (tenant, kind, source_id);
"""

# As the roles of the first migration are made, and for its reasons.
ROLES = """
DO $$
DECLARE
    role_name text;
    modern boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['unisync_meter', 'unisync_purge'] LOOP
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

# What the meter counts: columns that hold neither a message nor anything of a record.
METERED = {
    "tenants": "name",
    "runs": "tenant, request, state, tallies, started_at, finished_at",
    "problems": "tenant, state, kind, source_connection, target_connection, first_seen",
    "calls": "tenant, connection, day, purpose, count",
    "arrivals": "tenant, connection, state, pending_since",
    "intents": "tenant, target_connection, state",
}

# What may be deleted at all, whatever the retention says: the policies hold even against a mistake in a statement.
# Links, watermarks, names and all that is still owed or open are not among it.
PURGED = {
    "record_log": ("tenant, at, id", "true"),
    "runs": ("tenant, id, request, state, started_at", "state <> 'running'"),
    "sync_requests": ("tenant, id, state, asked_at", "true"),
    "problems": (
        "tenant, target_connection, source_connection, kind, source_id, state, last_seen",
        "state = 'resolved'",
    ),
    "intents": (
        "tenant, id, target_connection, source_connection, kind, source_id, role, state, settled_at",
        "state <> 'open'",
    ),
    "arrivals": ("tenant, id, state, last_seen", "state <> 'pending'"),
    "arrival_counts": ("tenant, connection, day", "true"),
    "calls": ("tenant, connection, day, purpose", "true"),
    "audit_log": ("tenant, id, at", "at < now() - interval '90 days'"),
    "plan_writes": ("tenant, plan_id, source_connection, kind, source_id, role", "true"),
    "plans": ("tenant, id, created_at", "true"),
    "confirmations": ("tenant, token_hash, expires_at", "expires_at < now()"),
    "sessions": ("tenant, hash, expires_at", "expires_at < now()"),
    "oauth_states": ("tenant, hash, expires_at", "expires_at < now()"),
    "login_attempts": ("id, at", "true"),
    "idempotency_keys": ("tenant, key, claimed_at", "true"),
}


def upgrade() -> None:
    op.execute(INDEXES)
    op.execute(ROLES)
    op.execute("GRANT USAGE ON SCHEMA unisync TO unisync_meter, unisync_purge")
    for table, columns in METERED.items():
        op.execute(f"GRANT SELECT ({columns}) ON unisync.{table} TO unisync_meter")
        op.execute(f"CREATE POLICY meter_reads ON unisync.{table} FOR SELECT TO unisync_meter USING (true)")
    for table, (columns, is_over) in PURGED.items():
        op.execute(f"GRANT SELECT ({columns}), DELETE ON unisync.{table} TO unisync_purge")
        op.execute(f"CREATE POLICY purge_reads ON unisync.{table} FOR SELECT TO unisync_purge USING (true)")
        op.execute(f"CREATE POLICY purge_deletes ON unisync.{table} FOR DELETE TO unisync_purge USING ({is_over})")
