"""The verbs of the ledger, one module per concern, one statement each.

Each takes the session of one tenant (``db.session.tenant_session``): Postgres itself fills the tenant in and hides the
rows of all others.
"""

from db.ledger.intents import (
    Intent,
    OpenBatch,
    fail_intents,
    last_settled_item,
    load_open_batches,
    mark_sent,
    open_intents,
    rename_batch,
    settle_intents,
)
from db.ledger.leases import acquire_lease, holds_lease, is_settled, release_lease, renew_lease
from db.ledger.links import linked, linked_targets, links_of, live_ids, save_links
from db.ledger.names import KnownName, find_names, forget_names, save_names
from db.ledger.problems import list_problems, open_problem_ids, open_problems, resolve_problems, save_problems
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
from db.ledger.skips import forget_skips, list_skips, outdated_skips, save_skips
from db.ledger.snapshots import Snapshot, load_snapshot, save_snapshot
from db.ledger.tenants import (
    StoredConnection,
    create_tenant,
    demand_reconnect,
    enable_connection,
    forget_place,
    has_links,
    list_connections,
    load_connection,
    lock_connection,
    remove_connection,
    restore_connection,
    save_connection,
    save_credentials,
    save_settings,
    tenant_exists,
)
from db.ledger.throttles import Limit, postpone_calls, reserve_call
from db.ledger.watermarks import drop_watermarks, move_watermark, watermark

__all__ = [
    "Intent",
    "KnownName",
    "Limit",
    "OpenBatch",
    "RunSummary",
    "Snapshot",
    "StoredConnection",
    "acquire_lease",
    "close_run",
    "close_run_of_flow",
    "create_tenant",
    "demand_reconnect",
    "drop_watermarks",
    "enable_connection",
    "fail_intents",
    "find_names",
    "forget_names",
    "forget_place",
    "forget_skips",
    "has_links",
    "holds_lease",
    "is_settled",
    "last_settled_item",
    "linked",
    "linked_targets",
    "links_of",
    "list_connections",
    "list_problems",
    "list_runs",
    "list_skips",
    "live_ids",
    "load_connection",
    "load_open_batches",
    "load_run",
    "load_snapshot",
    "lock_connection",
    "log_outcomes",
    "mark_sent",
    "move_watermark",
    "open_intents",
    "open_problem_ids",
    "open_problems",
    "open_run",
    "outdated_skips",
    "postpone_calls",
    "release_lease",
    "remove_connection",
    "rename_batch",
    "renew_lease",
    "report_progress",
    "reserve_call",
    "resolve_problems",
    "restore_connection",
    "save_connection",
    "save_credentials",
    "save_links",
    "save_names",
    "save_problems",
    "save_settings",
    "save_skips",
    "save_snapshot",
    "settle_intents",
    "tenant_exists",
    "watermark",
]
