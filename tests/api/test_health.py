"""Whether the service lives and is ready."""

from __future__ import annotations

import psycopg
import pytest

from api.app import create_app
from config.settings import settings
from db.session import open_engine
from tests.api.conftest import Service, Stage


def test_the_process_lives_whatever_else_is_wrong(service: Service, stage: tuple[Stage, str]) -> None:
    stage[0].app = create_app(open_engine("postgresql://nobody@127.0.0.1:9/nothing"))

    answer = service.nobody.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.prefect
def test_it_is_ready_when_nothing_is_missing(
    service: Service, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)

    answer = service.nobody.get("/readyz")

    assert answer.json() == {"status": "ready", "ledger": "ok", "prefect": "ok", "key": "ok"}
    assert answer.status_code == 200


def test_what_is_missing_is_named_without_addresses_and_secrets(
    service: Service, stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_SECRET_KEY", "canary-no-key")
    settings.cache_clear()
    stage[0].app = create_app(open_engine("postgresql://canary:canary@127.0.0.1:9/canary"))

    answer = service.nobody.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "ledger": "cannot be reached",
        "prefect": "does not answer; start it with: unisync prefect server",
        "key": "UNISYNC_SECRET_KEY is missing or no key; unisync key prints a new one",
    }


def test_a_ledger_of_another_version_is_not_ready(service: Service, ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as connection:
        connection.execute("UPDATE unisync.alembic_version SET version_num = '0001'")

    answer = service.nobody.get("/readyz").json()

    assert answer["ledger"] == "not prepared for this version; run: unisync db upgrade"
