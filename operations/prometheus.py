"""Figures of all tenants for Prometheus, counted in the ledger when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from db.ledger import figures
from db.session import meter_session
from domain.access import Permission
from domain.sync import Tally
from operations.caller import Caller

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

DAY = timedelta(days=1)
# Whatever has not run for longer is missing, which an alert on absence tells.
SUCCESSES_KEPT = timedelta(days=31)

Sample = tuple[Sequence[str], float]


def exposition(caller: Caller) -> bytes:
    """Give the figures as text for Prometheus.

    All are gauges: what the ledger holds shrinks when it is purged, which a counter must not.

    Raises:
        Forbidden: the caller does not run the installation.
    """
    caller.require(Permission.MANAGE_INSTALLATION)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    with meter_session(caller.engine) as session:
        registry.register(_Ledger(session))
        return generate_latest(registry)


class _Ledger(Collector):
    """Counts in the ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give one family after the other."""
        now = figures.clock(self._session)
        yield from self._done(now)
        yield from self._owed(now)
        yield from self._told(now)
        yield _gauge(
            "unisync_calls_today",
            "Calls to a system since midnight UTC.",
            ("tenant", "connection", "purpose"),
            _samples(figures.count_calls_since(self._session, now.date()), "count", "tenant", "connection", "purpose"),
        )

    def _done(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        yield _gauge(
            "unisync_runs_last_day",
            "Runs that began within 24 hours, by how they stand.",
            ("tenant", "route", "state"),
            _samples(figures.count_runs(self._session, now - DAY), "count", "tenant", "route", "state"),
        )
        records = figures.count_records(self._session, now - DAY)
        yield _gauge(
            "unisync_records_last_day",
            "Records that runs within 24 hours looked at, by what became of them.",
            ("tenant", "route", "kind", "result"),
            (
                ((row["tenant"], row["route"], row["kind"], name), float(row[name]))
                for row in records
                for name in Tally.model_fields
                if name != "read"
            ),
        )
        labels = ("tenant", "route", "source", "target")
        routes = figures.list_routes(self._session, now - SUCCESSES_KEPT)
        yield _gauge(
            "unisync_seconds_since_success",
            "Since a run of the route last ran to its end, within 31 days.",
            labels,
            _ages((row for row in routes if row["last_success_at"]), "last_success_at", now, *labels),
        )

    def _owed(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        rows, labels = figures.count_owed(self._session), ("tenant", "target", "kind")
        yield _gauge(
            "unisync_failures_open",
            "Records that could not be written so far.",
            labels,
            _samples(rows, "count", *labels),
        )
        yield _gauge(
            "unisync_failure_oldest_seconds", "Age of the oldest of these.", labels, _ages(rows, "oldest", now, *labels)
        )
        yield _gauge(
            "unisync_writes_in_doubt",
            "Writes that were sent and of which nobody knows yet what became of them.",
            ("tenant", "target"),
            _samples(figures.count_doubts(self._session), "count", "tenant", "target"),
        )

    def _told(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        rows, labels = figures.count_arrivals(self._session), ("tenant", "connection")
        yield _gauge(
            "unisync_webhooks_waiting", "Webhooks that are not carried yet.", labels, _samples(rows, "count", *labels)
        )
        yield _gauge(
            "unisync_webhook_oldest_seconds", "Age of the oldest of these.", labels, _ages(rows, "oldest", now, *labels)
        )


def _gauge(name: str, meaning: str, labels: Sequence[str], samples: Iterable[Sample]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _samples(rows: Iterable[RowMapping], value: str, *labels: str) -> Iterator[Sample]:
    return (([row[label] for label in labels], float(row[value])) for row in rows)


def _ages(rows: Iterable[RowMapping], value: str, now: datetime, *labels: str) -> Iterator[Sample]:
    return (([row[label] for label in labels], max(0.0, (now - row[value]).total_seconds())) for row in rows)
