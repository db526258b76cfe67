"""A watchdog whose minutes a test counts, and what it watches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine

from config.cron import next_due
from config.routes import WOOCOMMERCE_TO_SUPABASE
from db.ledger import open_run
from db.ledger.schedules import save_schedule
from db.ledger.sync_requests import save_request
from db.session import tenant_session
from domain.keys import Kind
from domain.requests import RequestState
from domain.sync import Mode, RunState
from operations.closing import close_run_and_tell
from operations.watching import LATE_MINUTES, SILENT_MINUTES, Watched, watch
from tests.operations.people import in_database
from tests.operations.telling import SHOP, WAREHOUSE, Story

MINUTE = timedelta(minutes=1)


@dataclass
class Watch:
    """Somebody who looks once a minute, from the present on unless told otherwise."""

    engine: Engine
    tenant: str = "default"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def look(self) -> Watched:
        return watch(self.engine, self.now)

    def looks_for(self, minutes: int) -> list[Watched]:
        """What each of so many looks found that was not fine."""
        found = []
        for _ in range(minutes):
            self.now += MINUTE
            found.append(self.look().model_copy(update={"amiss": ""}))
        return [each for each in found if each != Watched()]

    def others_look_for(self, minutes: int) -> None:
        """Somebody looks in each of so many minutes, and finds nothing."""
        span = f"'{self.now.isoformat()}'::timestamptz + n * interval '1 minute'"
        rows = f"SELECT date_trunc('minute', {span}) FROM generate_series(1, {minutes}) n"
        in_database(self.engine, f"INSERT INTO unisync.watched_minutes {rows} ON CONFLICT DO NOTHING")
        self.now += minutes * MINUTE

    def sleeps(self, **span: float) -> None:
        """Nobody looks."""
        self.now += timedelta(**span)

    def begins(self, flow_run_id: str | None = None, **request: Any) -> UUID:
        """A run begins now and shows no sign of life after that."""
        run_id = uuid4()
        with tenant_session(self.engine, self.tenant) as session:
            open_run(session, run_id, Story(self.engine, self.tenant).request(**request), flow_run_id)
        self._set(run_id, "started_at")
        self.beats(run_id)
        return run_id

    def is_asked_for(
        self, flow_run_id: str | None = None, state: RequestState = RequestState.STARTED, **request: Any
    ) -> UUID:
        """Somebody asks for a run now; nothing comes of it."""
        request_id = uuid4()
        with tenant_session(self.engine, self.tenant) as session:
            wanted = Story(self.engine, self.tenant).request(schedule=None, **request)
            save_request(session, request_id, wanted, state, actor="user:ann", flow_run_id=flow_run_id)
        asked_at = f"asked_at = '{self.now.isoformat()}'"
        in_database(self.engine, f"UPDATE unisync.sync_requests SET {asked_at} WHERE id = '{request_id}'")
        return request_id

    def beats(self, run_id: UUID) -> None:
        self._set(run_id, "heartbeat_at")

    def ends(self, run_id: UUID) -> None:
        """The run completes, and says nothing of it."""
        self._set(run_id, "state = 'completed', finished_at")

    def completes(self, run_id: UUID) -> None:
        """The run completes, and that is told as its flow does."""
        with tenant_session(self.engine, self.tenant) as session:
            assert close_run_and_tell(session, run_id, RunState.COMPLETED, at=self.now)

    def schedules(self, name: str = "nightly", cron: str = "30 2 * * *", zone: str = "UTC", **values: Any) -> None:
        known: dict[str, Any] = {
            "route": WOOCOMMERCE_TO_SUPABASE,
            "source_connection": SHOP,
            "target_connection": WAREHOUSE,
            "mode": Mode.FULL,
            "kinds": [Kind.ORDER.value],
            "cron": cron,
            "zone": zone,
            "next_due": next_due(cron, zone, self.now),
            "mirrored": 1,
        }
        with tenant_session(self.engine, self.tenant) as session:
            assert save_schedule(session, name, "user:ann", **known | values)

    def due(self, name: str = "nightly") -> datetime | None:
        [(moment,)] = in_database(
            self.engine, f"SELECT next_due FROM unisync.schedules WHERE (tenant, name) = ('{self.tenant}', '{name}')"
        )
        return moment  # type: ignore[no-any-return]

    def _set(self, run_id: UUID, column: str) -> None:
        in_database(self.engine, f"UPDATE unisync.runs SET {column} = '{self.now.isoformat()}' WHERE id = '{run_id}'")


def let_time_pass(engine: Engine) -> None:
    """As if ten minutes had passed, somebody had looked in each of them, and no run had shown that it lives."""
    ago = "now() - {} * interval '1 minute'"
    in_database(engine, f"UPDATE unisync.runs SET heartbeat_at = {ago.format(10)} WHERE state = 'running'")
    minutes = f"SELECT date_trunc('minute', {ago.format('n')}) FROM generate_series(1, 9) n"
    in_database(engine, f"INSERT INTO unisync.watched_minutes {minutes} ON CONFLICT DO NOTHING")


def told(engine: Engine, columns: str = "tenant, type, event ->> 'error_type'") -> list[tuple[Any, ...]]:
    """What was put into the outbox."""
    return in_database(engine, f"SELECT {columns} FROM unisync.events ORDER BY id")


DIED, MISSED, LONG = Watched(died=1), Watched(missed=1), Watched(overdue=1)
SILENCE, LATENESS = SILENT_MINUTES + 1, LATE_MINUTES + 1
"""After so many looks what died, or did not begin, is found."""


def watch_from(engine: Engine, year: int, month: int, day: int, hour: int, minute: int = 0) -> Watch:
    """Somebody who has looked for a while, at a moment in UTC."""
    watch = Watch(engine, now=datetime(year, month, day, hour, minute, tzinfo=UTC) - LATENESS * MINUTE)
    assert watch.looks_for(LATENESS) == []
    return watch
