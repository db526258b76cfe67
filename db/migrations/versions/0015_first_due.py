"""When a notice was first to be sent, which may be long after it was written down."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE unisync.notification_history ADD COLUMN due_at timestamptz")
