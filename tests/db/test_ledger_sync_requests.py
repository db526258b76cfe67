"""Requests for runs, and the runs that were there before requests were written down."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from alembic import command

from db import migrations
from db.ledger import create_tenant
from db.ledger.sync_requests import list_requests
from db.session import open_engine, owner_session, tenant_session
from domain.requests import Progress
from domain.sync import Mode, SyncRequest

REQUEST = SyncRequest(tenant="default", route="r", source="shop", target="w", kinds=("order",), mode=Mode.FULL)  # type: ignore[arg-type]


def test_runs_from_before_requests_were_written_down_are_listed_too(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as former:
        upgrade = command.upgrade
        former.setattr(migrations.command, "upgrade", lambda config, revision: upgrade(config, "0006"))
        migrations.upgrade(database)
    engine, run_id = open_engine(database), uuid4()
    for tenant in ("default", "other"):
        with owner_session(engine) as session:
            create_tenant(session, tenant)
    with psycopg.connect(database) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        connection.execute(
            "INSERT INTO unisync.runs (id, flow_run_id, request) VALUES (%s, 'f', %s)",
            [run_id, REQUEST.model_dump_json()],
        )

    migrations.upgrade(database)

    with tenant_session(engine, "default") as session:
        (listed,) = list_requests(session, 9)
    assert (listed.id, listed.request, listed.progress, listed.actor) == (run_id, REQUEST, Progress.RUNNING, "unknown")
    with tenant_session(engine, "other") as session:
        assert list_requests(session, 9) == []
    engine.dispose()
