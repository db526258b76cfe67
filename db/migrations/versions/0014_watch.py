"""What the watch looks for: runs without a heartbeat, requests that never began, schedules that are late."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE unisync.watched_minutes (
    minute timestamptz PRIMARY KEY
);
CREATE INDEX runs_open_idx ON unisync.runs (tenant, id) WHERE state = 'running';
CREATE INDEX sync_requests_recent_idx ON unisync.sync_requests (asked_at);
"""

# It finds out whose turn it is to be looked at; what they are about only their own tenant sees.
RIGHTS = """
ALTER TABLE unisync.watched_minutes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON unisync.watched_minutes TO unisync_watch;
CREATE POLICY watch_keeps ON unisync.watched_minutes TO unisync_watch USING (true) WITH CHECK (true);
GRANT SELECT (tenant, id, state, asked_at) ON unisync.sync_requests TO unisync_watch;
GRANT SELECT (tenant, name, next_due) ON unisync.schedules TO unisync_watch;
CREATE POLICY watch_reads ON unisync.sync_requests FOR SELECT TO unisync_watch USING (true);
CREATE POLICY watch_reads ON unisync.schedules FOR SELECT TO unisync_watch USING (true);
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(RIGHTS)
