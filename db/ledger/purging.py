"""What is over and may be deleted, table by table; each verb needs a ``purge_session``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause

from db.models.access import audit_log, login_attempts, sessions
from db.models.arrivals import arrival_counts, arrivals
from db.models.history import calls, record_log
from db.models.idempotency import idempotency_keys
from db.models.integrations import oauth_states
from db.models.links import intents
from db.models.notifications import (
    UNSENT,
    DeliveryState,
    EventState,
    IncidentState,
    events,
    incident_tellings,
    incidents,
    notification_history,
)
from db.models.runs import problems, runs
from db.models.steering import confirmations, plan_writes, plans, sync_requests
from domain.retention import Retention
from domain.sync import RunState

_IDENTITY = ("tenant", "target_connection", "source_connection", "kind", "source_id", "role")
_ROUTE = ("route", "source_connection", "target_connection")

# Their own modules count on them for a quarter of an hour, and for a day.
_ATTEMPTS_KEPT = timedelta(days=1)
_KEYS_KEPT = timedelta(days=2)


class Rule(NamedTuple):
    """What of a table is over under a retention; ``what`` says it to people."""

    what: str
    table: Table
    is_over: Callable[[Retention], ColumnElement[bool]]


def count_over(session: Session, rule: Rule, retention: Retention) -> int:
    """Count what is over, of all tenants."""
    found = select(func.count()).select_from(rule.table).where(rule.is_over(retention))
    return session.execute(found).scalar_one()


def purge_some(session: Session, rule: Rule, retention: Retention, limit: int) -> int:
    """Delete at most so many rows of what is over, and tell how many it were."""
    table = rule.table
    over = select(*table.primary_key).where(rule.is_over(retention)).limit(limit).subquery("over")
    same = (column == over.c[column.name] for column in table.primary_key)
    # Looked at again while deleting: what came back to life meanwhile stays.
    done = delete(table).where(and_(*same), rule.is_over(retention))
    return session.execute(done).rowcount  # type: ignore[attr-defined, no-any-return]


def _older(column: ColumnElement[object], days: int) -> ColumnElement[bool]:
    return column < func.now() - timedelta(days=days)


def _runs_over(retention: Retention) -> ColumnElement[bool]:
    # The last run of a route that completed stays, and so does whatever came after it.
    later = runs.alias("later")
    return and_(
        _older(runs.c.started_at, retention.run_days),
        runs.c.state != RunState.RUNNING,
        exists(later.c.id).where(
            later.c.tenant == runs.c.tenant,
            later.c.started_at > runs.c.started_at,
            later.c.state == RunState.COMPLETED,
            *(later.c[name] == runs.c[name] for name in _ROUTE),
        ),
    )


def _requests_over(retention: Retention) -> ColumnElement[bool]:
    ran = exists(runs.c.id).where(runs.c.tenant == sync_requests.c.tenant, runs.c.id == sync_requests.c.id)
    return and_(_older(sync_requests.c.asked_at, retention.run_days), ~ran)


def _intents_over(retention: Retention) -> ColumnElement[bool]:
    newer = intents.alias("newer")
    was_followed = exists(newer.c.id).where(
        *(newer.c[name] == intents.c[name] for name in _IDENTITY),
        newer.c.state == "settled",
        newer.c.settled_at > intents.c.settled_at,
    )
    counts_no_more = or_(intents.c.state == "failed", was_followed)
    return and_(
        intents.c.state != "open",
        or_(
            and_(_older(intents.c.settled_at, retention.payload_days), counts_no_more),
            _older(intents.c.settled_at, retention.last_payload_days),
        ),
    )


def _plan_writes_over(retention: Retention) -> ColumnElement[bool]:
    kept: FromClause = plans.alias("kept")
    return ~exists(kept.c.id).where(
        kept.c.tenant == plan_writes.c.tenant,
        kept.c.id == plan_writes.c.plan_id,
        ~_older(kept.c.created_at, retention.plan_days),
    )


def _incidents_over(retention: Retention, found: FromClause = incidents) -> ColumnElement[bool]:
    return and_(_older(found.c.last_at, retention.notification_days), found.c.state == IncidentState.RESOLVED)


def _tellings_over(retention: Retention) -> ColumnElement[bool]:
    kept: FromClause = incidents.alias("kept")
    return ~exists(kept.c.id).where(
        kept.c.tenant == incident_tellings.c.tenant,
        kept.c.id == incident_tellings.c.incident_id,
        ~_incidents_over(retention, kept),
    )


def _notices_over(retention: Retention) -> ColumnElement[bool]:
    history = notification_history.c
    waits = history.state.in_((*UNSENT, DeliveryState.PUT_OFF))
    return and_(_older(history.created_at, retention.notification_days), ~waits)


RULES = (
    Rule("entries of the record log", record_log, lambda kept: _older(record_log.c.at, kept.record_log_days)),
    Rule("runs", runs, _runs_over),
    Rule("requests for runs", sync_requests, _requests_over),
    Rule(
        "problems that are solved",
        problems,
        lambda kept: and_(_older(problems.c.last_seen, kept.problem_days), problems.c.state == "resolved"),
    ),
    Rule("what was sent to books", intents, _intents_over),
    Rule("writes of plans", plan_writes, _plan_writes_over),
    Rule("plans", plans, lambda kept: _older(plans.c.created_at, kept.plan_days)),
    Rule("confirmations", confirmations, lambda kept: _older(confirmations.c.expires_at, kept.plan_days)),
    # Those that still wait, too: a connection may have nowhere to carry them, and schedules do not need them.
    Rule("webhooks", arrivals, lambda kept: _older(arrivals.c.last_seen, kept.webhook_days)),
    Rule(
        "events",
        events,
        lambda kept: and_(_older(events.c.at, kept.notification_days), events.c.state == EventState.JUDGED),
    ),
    Rule("what people were told of incidents", incident_tellings, _tellings_over),
    Rule("incidents", incidents, _incidents_over),
    Rule("notices", notification_history, _notices_over),
    Rule("counts of webhooks", arrival_counts, lambda kept: _older(arrival_counts.c.day, kept.count_days)),
    Rule("counts of calls", calls, lambda kept: _older(calls.c.day, kept.count_days)),
    Rule("entries of the audit log", audit_log, lambda kept: _older(audit_log.c.at, kept.audit_days)),
    Rule("sessions", sessions, lambda _: sessions.c.expires_at < func.now()),
    Rule("consents that nobody gave", oauth_states, lambda _: oauth_states.c.expires_at < func.now()),
    Rule("attempts to log in", login_attempts, lambda _: login_attempts.c.at < func.now() - _ATTEMPTS_KEPT),
    Rule(
        "answers kept for repeated calls",
        idempotency_keys,
        lambda _: idempotency_keys.c.claimed_at < func.now() - _KEYS_KEPT,
    ),
)
