"""Everything a tenant needs, by HTTP alone, with twins, a Prefect server and a worker; no secret leaks on the way."""

from __future__ import annotations

import base64
import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from cli.processes import stop
from config.settings import CHECKOUT, settings
from config.wiring import open_vault
from db import embedded, ledger
from db.vault import bound_to
from operations.outbox import flush_outbox
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.api.conftest import Service
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.browser import consent
from tests.unmeasured import unmeasured

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300)]

UNISYNC = [sys.executable, "-c", "from cli.main import run; run()"]
ROUTE = {"route": "woocommerce-to-quickbooks", "source": "shop", "target": "books"}
INTO_DATA = {"route": "woocommerce-to-supabase", "source": "shop", "target": "data"}
CANARY = "c0ffee"
PASSWORD = f"{CANARY}-password-of-the-warehouse"


class Said:
    """Every answer that the service gave, word for word."""

    def __init__(self) -> None:
        self.answers: list[str] = []

    def hear(self, response: httpx.Response) -> None:
        response.read()
        self.answers.append(f"{response.headers}\n{response.text}")


@pytest.fixture
def shop() -> Iterator[Twin]:
    with Twin.start(shop=recorded_shop(), key=f"ck_{CANARY}{'1' * 34}", secret=f"cs_{CANARY}{'2' * 34}") as twin:
        yield twin


@pytest.fixture
def company() -> Iterator[QuickBooksTwin]:
    with QuickBooksTwin.start("eu") as twin:
        yield twin


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as started:
        yield started


@contextmanager
def worker(log: Path) -> Iterator[None]:
    """A worker as a process of its own, with everything that it says in a file."""
    environment = {**unmeasured(), "PYTHONUNBUFFERED": "1", "PREFECT_WORKER_QUERY_SECONDS": "1"}
    with log.open("wb") as said:
        deployed = subprocess.run(
            [*UNISYNC, "prefect", "up"], cwd=CHECKOUT, env=environment, stdout=said, stderr=said, timeout=120
        )
        assert deployed.returncode == 0, log.read_text()
        process = subprocess.Popen(
            [*UNISYNC, "prefect", "worker"], cwd=CHECKOUT, env=environment, stdout=said, stderr=said
        )
        try:
            yield
        finally:
            stop(process)


def ended(client: httpx.Client, run: str) -> dict[str, Any]:
    """The run once it is over."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(f"/api/sync/status/{run}").raise_for_status().json()
        if found["finished_at"]:
            return found
        time.sleep(0.2)
    raise AssertionError(f"run {run} did not end: {found}")


def did(response: httpx.Response) -> Any:
    """What a call that must succeed answered."""
    assert response.is_success, response.text
    return response.json() if response.content else None


def confirmed(client: httpx.Client, kind: str, wish: dict[str, Any]) -> dict[str, Any]:
    """Make a dry run, look at its plan, ask for the real run, confirm it, and give it when it is over."""
    planned = ended(client, did(client.post("/api/sync/dry-run", json={**wish, "kinds": [kind]}))["id"])
    assert planned["state"] == "completed", planned
    refused = client.post(f"/api/sync/{kind}", json=wish)
    assert refused.status_code == 428
    asked = did(client.post(f"/api/sync/{kind}", json={**wish, "plan": planned["plan_id"]}))
    token = asked["confirmation"]["token"]
    started = did(client.post(f"/api/sync/confirm/{token}", headers={"Idempotency-Key": f"confirm-{kind}"}))
    assert client.post(f"/api/sync/confirm/{token}").status_code in (404, 409)
    return ended(client, started["run"]["id"])


def test_a_tenant_is_set_up_synced_mended_and_exported_by_http_alone_and_no_secret_shows(
    service: Service, shop: Twin, company: QuickBooksTwin, receiver: HttpReceiver, warehouse_url: str, ledger_url: str,
    prefect_api: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", service.url)
    settings.cache_clear()
    said = Said()
    did(service.installer.post("/api/tenants", json={"name": "berlin"}))
    made = did(service.installer.post("/api/tenants/berlin/tokens", json={"name": "set-up", "role": "admin"}))
    client = service.client(made["secret"], event_hooks={"response": [said.hear]})

    with worker(tmp_path / "worker.log"):
        connect(client, shop, company, warehouse_url)
        channels = subscribe(client, receiver)
        unmapped = mapped(client)
        # Ten records or fewer want no confirmation.
        kept = did(client.post("/api/sync/product", json={**INTO_DATA, "ids": ["109"]}))["run"]["id"]
        posted = confirmed(client, "order", {**ROUTE, "mode": "full"})
        assert posted["state"] == "completed"
        assert posted["tallies"]["order"]["created"] > 50
        assert ended(client, kept)["tallies"]["product"]["created"] == 1
        mend(client, unmapped)

    history = list(csv.DictReader(io.StringIO(client.get("/api/sync/history/export?format=csv").text)))
    lines = [json.loads(line) for line in client.get("/api/sync/history/export?format=json").text.splitlines()]
    assert len(history) == len(lines) > posted["tallies"]["order"]["created"]
    story = did(client.get(f"/api/sync/history/records/shop/order/{lines[0]['record'].rpartition(':')[2]}"))
    assert story["events"]

    flush_outbox(service.engine)
    told = did(client.get("/api/notifications/history", params={"state": "delivered", "event": "records_rejected"}))
    assert {entry["channel"] for entry in told["items"]} == {"webhook", "slack", "apprise"}
    secrets = {made["secret"], *channels, *opened(service)}
    assert len(secrets) > 10
    places = {
        "an answer": "\n".join(said.answers),
        "the log of the worker": (tmp_path / "worker.log").read_text(),
        "the log of the service": caplog.text,
        "the ledger": everything(ledger_url),
        "Prefect's database": everything(str(make_url(ledger_url).set(database="prefect").render_as_string(False))),
    }
    leaks = [place for place, text in places.items() for secret in secrets if secret in text]
    assert not leaks


def opened(service: Service) -> Iterator[str]:
    """Every secret that the tenant's connections hold by now, renewed ones too."""
    with service.caller("berlin").ledger() as session:
        for stored in ledger.list_connections(session):
            held = open_vault().open(stored.sealed, bound_to=bound_to("berlin", stored.name))
            # Of an address only the password is secret.
            yield from (PASSWORD if name == "url" else value for name, value in held.items() if len(value) > 20)


def connect(client: httpx.Client, shop: Twin, company: QuickBooksTwin, warehouse_url: str) -> None:
    """Connect all three systems and test them."""
    with_password = warehouse_url.replace(f"{embedded.OWNER}@", f"{embedded.OWNER}:{PASSWORD}@")
    keys = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    did(client.post("/api/integrations/woocommerce", json={"name": "shop", "url": shop.url, **keys}))
    did(client.post("/api/integrations/supabase", json={"name": "data", "url": with_password}))
    app = {"client_id": company.client_id, "client_secret": company.client_secret, "twin": company.url}
    link = did(client.post("/api/integrations/quickbooks/authorize", json={"name": "books", **app}))
    landed = httpx.get(consent(link["url"]), timeout=30, trust_env=False)
    assert landed.status_code == 200, landed.text
    for name in ("shop", "data", "books"):
        assert did(client.post(f"/api/integrations/{name}/test"))["works"], name


def subscribe(client: httpx.Client, receiver: HttpReceiver) -> set[str]:
    """Have people told over every channel, and try each; gives the secrets of all."""
    here, names = f"127.0.0.1:{receiver.port}", ("path", "bearer", "header", "service", "user", "mailbox", "slack")
    secret = {name: f"{CANARY}-{name}-of-a-channel" for name in names}
    key = base64.b64encode(f"{CANARY} with enough bytes for a key".encode()).decode()
    people = {"sender": "a@example.org", "recipients": ["ann@example.org"]}
    channels: list[dict[str, Any]] = [
        {
            "channel": "webhook", "url": f"http://{here}/{secret['path']}", "headers": {"X-Key": secret["header"]},
            "bearer": secret["bearer"], "signing_secret": f"whsec_{key}",
        },
        {"channel": "slack", "url": f"http://{here}/services/{secret['slack']}"},
        {"channel": "apprise", "url": f"json://u:{secret['user']}@{here}/{secret['service']}"},
        {"channel": "email", "host": "127.0.0.1", "port": 9, "user": "u", "password": secret["mailbox"], **people},
    ]  # fmt: skip
    for each in channels:
        made = did(client.post("/api/notifications/configs", json={"name": each["channel"], "settings": each}))
        tried = did(client.post(f"/api/notifications/configs/{made['id']}/test"))
        assert tried["delivered"] is (each["channel"] != "email"), tried
    return {*secret.values(), key}


def mapped(client: httpx.Client) -> str:
    """Give the books a posting policy in which one tax rate is forgotten; gives that rate."""
    policy = did(
        client.post("/api/integrations/books/posting/suggest", json={"source": "shop", "zone": "Europe/Berlin"})
    )
    forgotten = sorted(policy["tax_codes"])[0]
    kept = {rate: code for rate, code in policy["tax_codes"].items() if rate != forgotten}
    did(client.put("/api/integrations/books/posting", json={**policy, "tax_codes": kept}))
    return str(forgotten)


def mend(client: httpx.Client, rate: str) -> None:
    """Find what the forgotten rate kept out of the books, put the rate right, and try one of them again."""
    broken = did(client.get("/api/sync/failures", params={"code": "tax_rate_unmapped"}))["items"]
    assert broken
    assert all(each["advice"] for each in broken)
    policy = did(
        client.post("/api/integrations/books/posting/suggest", json={"source": "shop", "zone": "Europe/Berlin"})
    )
    assert rate in policy["tax_codes"]
    did(client.put("/api/integrations/books/posting", json=policy))
    # Whatever the order comes to, it is to be tried again at once.
    did(client.put("/api/sync/limits", json={"amount": "1000000.00"}))
    retried = did(client.post(f"/api/sync/failures/{broken[0]['id']}/retry"))
    assert ended(client, retried["run"]["id"])["state"] == "completed"
    assert did(client.get(f"/api/sync/failures/{broken[0]['id']}"))["state"] == "resolved"


def everything(url: str) -> str:
    """All that lies in a database, in clear."""
    url = url.replace("+psycopg", "").replace(f"{embedded.OWNER}@", "postgres@")
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        return "\n".join(
            str(row)
            for table in tables
            for row in connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*table))).fetchall()
        )
