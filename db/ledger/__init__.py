"""The verbs of the ledger, one module per concern, one statement each.

Each takes the session of one tenant (``db.session.tenant_session``): Postgres itself fills the tenant in and hides the
rows of all others.
"""

from db.ledger.leases import acquire_lease, holds_lease, release_lease, renew_lease
from db.ledger.links import links_of, live_ids, save_links
from db.ledger.problems import open_problem_ids, open_problems, resolve_problems, save_problems
from db.ledger.runs import (
    RunSummary,
    close_run,
    close_run_of_flow,
    list_runs,
    load_run,
    log_outcomes,
    open_run,
    report_progress,
)
from db.ledger.tenants import (
    StoredConnection,
    create_tenant,
    list_connections,
    load_connection,
    save_connection,
    tenant_exists,
)
from db.ledger.watermarks import drop_watermarks, move_watermark, watermark

__all__ = [
    "RunSummary",
    "StoredConnection",
    "acquire_lease",
    "close_run",
    "close_run_of_flow",
    "create_tenant",
    "drop_watermarks",
    "holds_lease",
    "links_of",
    "list_connections",
    "list_runs",
    "live_ids",
    "load_connection",
    "load_run",
    "log_outcomes",
    "move_watermark",
    "open_problem_ids",
    "open_problems",
    "open_run",
    "release_lease",
    "renew_lease",
    "report_progress",
    "resolve_problems",
    "save_connection",
    "save_links",
    "save_problems",
    "tenant_exists",
    "watermark",
]
