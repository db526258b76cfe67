"""Who may come in and what they did."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"

AUDIT = f"""
CREATE TABLE unisync.audit_log (
    tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name),
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
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


def upgrade() -> None:
    op.execute(AUDIT)
    # Nobody who works through the application can rewrite what was noted.
    op.execute("GRANT SELECT, INSERT ON unisync.audit_log TO unisync_app")
    op.execute("ALTER TABLE unisync.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON unisync.audit_log USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})"
    )
