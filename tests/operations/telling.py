"""Runs that end, people who want to be told, and a clock that stands still until a test moves it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from config import channels
from config.routes import WOOCOMMERCE_TO_SUPABASE
from db.ledger import open_run, report_progress, save_problems
from db.session import tenant_session
from domain.errors import ConnectorError, Unavailable
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem
from domain.sync import Mode, RunState, SyncRequest, Tally
from operations.caller import Caller
from operations.closing import close_run_and_tell
from operations.delivering import deliver_notices
from operations.judging import judge_events
from operations.notification_configs import Configuration, ConfigWish, make_configuration
from operations.notification_history import HistoricNotice, HistoryWish, list_history
from tests.notifications.channels.authority import Authority
from tests.notifications.channels.receivers import PASSWORD, USER, HttpReceiver, MailReceiver
from tests.operations.people import in_database, operator

NOON = datetime(2026, 7, 16, 12, 0, tzinfo=UTC)
SHOP, WAREHOUSE = "shop", "warehouse"
AWAY = Unavailable("cannot reach shop.example; is the address right and the host up?", connection=SHOP)
Told = list[tuple[str, str]]


@dataclass
class Story:
    """One tenant's day: runs end, time passes, the outbox is emptied."""

    engine: Engine
    tenant: str = "default"
    now: datetime = NOON
    delivered: int = field(default=0, init=False)

    @property
    def caller(self) -> Caller:
        return operator(self.engine, self.tenant)

    def runs(
        self,
        state: RunState = RunState.FAILED,
        error: ConnectorError | str | None = AWAY,
        *,
        tallies: dict[Kind, Tally] | None = None,
        problems: Iterable[Problem] = (),
        **request: Any,
    ) -> UUID:
        """A run that ends now."""
        run_id = uuid4()
        with tenant_session(self.engine, self.tenant) as session:
            open_run(session, run_id, self.request(**request), None)
            if tallies:
                report_progress(session, run_id, tallies)
            save_problems(session, run_id, request.get("target", WAREHOUSE), problems)
        with tenant_session(self.engine, self.tenant) as session:
            assert close_run_and_tell(session, run_id, state, error, at=self.now)
        return run_id

    def request(self, **changes: Any) -> SyncRequest:
        known: dict[str, Any] = {
            "tenant": self.tenant,
            "route": WOOCOMMERCE_TO_SUPABASE,
            "source": SHOP,
            "target": WAREHOUSE,
            "kinds": (Kind.ORDER,),
            "mode": Mode.FULL,
            "schedule": "nightly",
        }
        return SyncRequest(**known | changes)

    def succeeds(self, **request: Any) -> UUID:
        return self.runs(RunState.COMPLETED, None, **request)

    def writes_queued(self) -> None:
        """Everything that was queued is written."""
        in_database(self.engine, f"UPDATE unisync.problems SET state = 'resolved' WHERE tenant = '{self.tenant}'")

    def judge(self) -> None:
        """Decide whom to tell, and send nothing."""
        judge_events(self.engine, self.now)

    def flush(self) -> None:
        """Judge and deliver as things stand now."""
        self.judge()
        self.delivered += deliver_notices(self.engine, lambda: self.now, self.now + timedelta(minutes=4))

    def later(self, **span: float) -> None:
        """Let time pass and empty the outbox."""
        self.now += timedelta(**span)
        self.flush()

    def history(self, **wanted: Any) -> list[HistoricNotice]:
        """What the history tells, the oldest first."""
        return list(list_history(self.caller, HistoryWish(**wanted)).items)[::-1]

    def subscribe(
        self, receiver: HttpReceiver, name: str = "people", *, enabled: bool = True, **filters: Any
    ) -> Configuration:
        """Have everything posted to a receiver."""
        settings = {"channel": "webhook", "url": receiver.url}
        wish = ConfigWish(name=name, settings=settings, filters=filters, enabled=enabled)
        return make_configuration(self.caller, wish)


@contextmanager
def trusted_mail(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailReceiver]:
    """A mail server with STARTTLS and a login, whose authority the installation trusts."""
    authority = Authority(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    channels._trusted.cache_clear()
    with MailReceiver(authority.server_context("localhost"), starttls=True, login=True) as started:
        yield started
    channels._trusted.cache_clear()


def mailed(story: Story, mail: MailReceiver, *recipients: str, name: str = "mail") -> Configuration:
    """Have everything mailed to these people."""
    server = {"channel": "email", "host": "localhost", "port": mail.port, "user": USER, "password": PASSWORD}
    wish = {**server, "sender": USER, "recipients": list(recipients)}
    return make_configuration(story.caller, ConfigWish(name=name, settings=wish))


def posted(receiver: HttpReceiver) -> list[dict[str, Any]]:
    """The notices that a receiver took, in order."""
    return [json.loads(request.body)["data"] for request in receiver.requests]


def told(receiver: HttpReceiver) -> Told:
    """What and at which stage it was told."""
    return [(notice["event"], notice["stage"]) for notice in posted(receiver)]


def rejected(count: int, code: str = "unique_violation", kind: Kind = Kind.ORDER) -> list[Problem]:
    """Records that the warehouse refuses."""
    return [
        Problem(
            code=code,
            message=f"the warehouse refuses it ({code})",
            fate=Fate.SKIP,
            key=RecordKey(connection=SHOP, kind=kind, id=str(number)),
        )
        for number in range(count)
    ]
