"""What arrived is tried, carried and given up for each target by itself."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE unisync.arrivals
    DROP COLUMN attempts,
    ADD COLUMN failed_targets text[] NOT NULL DEFAULT '{}',
    ADD COLUMN failed_attempts text[] NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    op.execute(TABLES)
