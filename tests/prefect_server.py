"""A real Prefect server for the tests that need one."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from cli.prefect_server import free_port, server_command, server_environment, wait_until_healthy
from cli.progress import send_the_rest
from config.routes import ROUTES
from config.settings import CHECKOUT
from operations.orchestrator import ON_DEMAND
from tests.unmeasured import unmeasured


@contextmanager
def running(database_url: str, folder: Path) -> Iterator[str]:
    """Run a server with its data in this database; gives its API address, which this process uses from then on."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = unmeasured({**server_environment(port, database_url), "PREFECT_HOME": str(folder)})
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(server_command(port), env=environment, cwd=CHECKOUT, stdout=output, stderr=output)
    try:
        wait_until_healthy(url, server, log)
        # Whoever sends heartbeats waits for up to a second at the end of every run. Nothing of ours looks for them.
        with temporary_settings({PREFECT_API_URL: url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield url
            send_the_rest()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def forget_schedules(url: str) -> None:
    """Have the server forget what earlier tests deployed with a schedule, with the runs that nobody will carry out."""
    with httpx.Client(base_url=url, timeout=30) as client:
        for each in client.post("/deployments/filter", json={}).raise_for_status().json():
            if each["schedules"]:
                client.delete(f"/deployments/{each['id']}").raise_for_status()


@contextmanager
def deployed_on_demand(url: str) -> Iterator[None]:
    """Let the server know the deployments for runs on demand; without a work pool, so that nobody carries them out.

    They go at the end, with the runs that were asked for.
    """
    with httpx.Client(base_url=url, timeout=30) as client:
        made = []
        for route in ROUTES:
            flow = client.post("/flows/", json={"name": route}).raise_for_status().json()["id"]
            content = {"name": ON_DEMAND, "flow_id": flow, "enforce_parameter_schema": False}
            # Another test may have left one behind, with runs of its own.
            former = client.post("/deployments/", json=content).raise_for_status().json()["id"]
            client.delete(f"/deployments/{former}").raise_for_status()
            made.append(client.post("/deployments/", json=content).raise_for_status().json()["id"])
        yield
        for deployment in made:
            client.delete(f"/deployments/{deployment}").raise_for_status()
