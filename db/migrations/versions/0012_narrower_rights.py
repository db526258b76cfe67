"""Twins with the same company number side by side, throttled log-ins told once, and rights as narrow as they are meant."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A twin of somebody's, at an address of its own, is not the company of that number at Intuit.
REALM = """
DROP INDEX unisync.connections_realm_idx;
CREATE UNIQUE INDEX connections_realm_idx
    ON unisync.connections ((settings ->> 'realm_id'), lower(rtrim(coalesce(settings ->> 'url', ''), '/')))
    WHERE system = 'quickbooks';
"""

THROTTLED = """
ALTER TABLE unisync.login_attempts ADD COLUMN throttled boolean NOT NULL DEFAULT false;
GRANT UPDATE (throttled) ON unisync.login_attempts TO unisync_door;
"""

# All that is counted of a request, which also names the records that somebody asked for.
ROUTES = """
ALTER TABLE unisync.runs
    ADD COLUMN route text GENERATED ALWAYS AS (request ->> 'route') STORED,
    ADD COLUMN source_connection text GENERATED ALWAYS AS (request ->> 'source') STORED,
    ADD COLUMN target_connection text GENERATED ALWAYS AS (request ->> 'target') STORED,
    ADD COLUMN dry_run boolean GENERATED ALWAYS AS (coalesce(request ->> 'dry_run', '') = 'true') STORED;
REVOKE SELECT (request) ON unisync.runs FROM unisync_meter, unisync_purge;
GRANT SELECT (route, source_connection, target_connection, dry_run) ON unisync.runs TO unisync_meter;
GRANT SELECT (route, source_connection, target_connection) ON unisync.runs TO unisync_purge;
"""

# The listener serves first what waits longest.
WATCHED = "GRANT SELECT (id) ON unisync.arrivals TO unisync_watch"

# The meter sees what is counted: neither what is solved nor what was carried.
METERED = {"runs": "NOT dry_run", "problems": "state = 'open'", "arrivals": "state = 'pending'", "intents": "state = 'open'"}

A_DAY = "now() - interval '1 day'"
TWO_MONTHS = "current_date - 60"

# Whatever a statement says by mistake, nothing of the last day can be deleted, which is the shortest time for which
# anything may be kept; counts cannot within the two months that a forecast looks back. To tell what is over, the purge
# sees keys, states and times of everything.
PURGED = {
    "record_log": f"at < {A_DAY}",
    "runs": f"state <> 'running' AND started_at < {A_DAY}",
    "sync_requests": f"asked_at < {A_DAY}",
    "problems": f"state = 'resolved' AND last_seen < {A_DAY}",
    "intents": f"state <> 'open' AND settled_at < {A_DAY}",
    "arrivals": f"last_seen < {A_DAY}",
    "arrival_counts": f"day < {TWO_MONTHS}",
    "calls": f"day < {TWO_MONTHS}",
    "plan_writes": "NOT EXISTS (SELECT FROM unisync.plans AS kept WHERE kept.tenant = plan_writes.tenant"
    f" AND kept.id = plan_writes.plan_id AND kept.created_at >= {A_DAY})",
    "plans": f"created_at < {A_DAY}",
    "login_attempts": f"at < {A_DAY}",
    "idempotency_keys": f"claimed_at < {A_DAY}",
}


def upgrade() -> None:
    op.execute(REALM)
    op.execute(THROTTLED)
    op.execute(ROUTES)
    op.execute(WATCHED)
    for table, counted in METERED.items():
        op.execute(f"ALTER POLICY meter_reads ON unisync.{table} USING ({counted})")
    for table, is_over in PURGED.items():
        op.execute(f"ALTER POLICY purge_deletes ON unisync.{table} USING ({is_over})")
