"""What happened to each record, and how many calls it took."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"

# Rows stay. Their owner sees none of them while row-level security is forced, so it is not for one statement.
RECORD_LOG = """
ALTER TABLE unisync.record_log RENAME COLUMN action TO operation;
ALTER TABLE unisync.record_log
    -- What belongs to a column is called after it.
    ALTER COLUMN operation DROP NOT NULL,
    DROP CONSTRAINT record_log_pkey,
    DROP CONSTRAINT record_log_action_check,
    DROP CONSTRAINT record_log_result_check,
    ADD COLUMN level text NOT NULL DEFAULT 'info' CHECK (level IN ('info', 'warning', 'error')),
    ADD COLUMN code text,
    ADD COLUMN milliseconds real,
    ADD COLUMN belongs_to text,
    ADD COLUMN details jsonb NOT NULL DEFAULT '{}',
    ADD PRIMARY KEY (tenant, at, id),
    ADD CONSTRAINT record_log_operation_check
        CHECK (operation IN ('read', 'plan', 'create', 'update', 'remove')),
    ADD CONSTRAINT record_log_result_check
        CHECK (result IN ('created', 'updated', 'unchanged', 'removed', 'skipped', 'waiting', 'failed'));
ALTER TABLE unisync.record_log ALTER COLUMN operation SET NOT NULL;
ALTER TABLE unisync.record_log NO FORCE ROW LEVEL SECURITY;
UPDATE unisync.record_log SET level = 'error', code = 'unknown' WHERE result = 'failed';
ALTER TABLE unisync.record_log FORCE ROW LEVEL SECURITY;
CREATE INDEX record_log_record_idx ON unisync.record_log (tenant, source_id, kind);
CREATE INDEX record_log_part_idx ON unisync.record_log (tenant, belongs_to, kind) WHERE belongs_to IS NOT NULL;
CREATE INDEX record_log_level_idx ON unisync.record_log (tenant, at, id) WHERE level <> 'info';
CREATE INDEX record_log_told_idx ON unisync.record_log (tenant, at, id) WHERE code IS NOT NULL;
"""

CALLS = f"""
CREATE TABLE unisync.calls (
    tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name),
    connection text NOT NULL,
    day date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
    purpose text NOT NULL CHECK (purpose IN ('read', 'write')),
    count bigint NOT NULL,
    PRIMARY KEY (tenant, connection, day, purpose)
);
GRANT SELECT, INSERT, UPDATE ON unisync.calls TO unisync_app;
ALTER TABLE unisync.calls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON unisync.calls USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
"""


def upgrade() -> None:
    op.execute(RECORD_LOG)
    op.execute(CALLS)
