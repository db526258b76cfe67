"""Calls that were carried out once, and what was answered."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TENANT = "NULLIF(current_setting('unisync.tenant', true), '')"

KEYS = f"""
CREATE TABLE unisync.idempotency_keys (
    tenant text NOT NULL DEFAULT {TENANT} REFERENCES unisync.tenants (name),
    key text NOT NULL,
    claim uuid NOT NULL,
    request text NOT NULL,
    status integer,
    body text,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_keys_claimed_at_idx ON unisync.idempotency_keys (tenant, claimed_at);
"""


def upgrade() -> None:
    op.execute(KEYS)
    op.execute("GRANT SELECT, INSERT, DELETE ON unisync.idempotency_keys TO unisync_app")
    # The request that a key stands for never changes; its answer comes later.
    op.execute("GRANT UPDATE (status, body) ON unisync.idempotency_keys TO unisync_app")
    op.execute("ALTER TABLE unisync.idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON unisync.idempotency_keys USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})"
    )
