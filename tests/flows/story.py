"""Flows as Prefect itself runs them: deployed with a schedule of seconds, and carried out by a worker of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prefect import Flow

from cli.processes import running
from config.settings import CHECKOUT
from tests.unmeasured import unmeasured

POOL = "story"


@contextmanager
def deployed(api: str, flow: Flow[..., Any], every: float, **parameters: object) -> Iterator[str]:
    """Have the server run a flow every so many seconds, one at a time; gives the id of the deployment.

    It goes at the end, with the runs that were to come.
    """
    module = flow.fn.__module__.replace(".", "/")
    with httpx.Client(base_url=api, timeout=30) as client:
        client.post("/work_pools/", json={"name": POOL, "type": "process"})
        flow_id = client.post("/flows/", json={"name": flow.name}).raise_for_status().json()["id"]
        content = {
            "name": POOL,
            "flow_id": flow_id,
            "entrypoint": f"{module}.py:{flow.fn.__name__}",
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(CHECKOUT)}}],
            "work_pool_name": POOL,
            "parameters": parameters,
            "enforce_parameter_schema": False,
            "concurrency_limit": 1,
            "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
            "schedules": [{"schedule": {"interval": every}, "active": True}],
        }
        made = client.post("/deployments/", json=content).raise_for_status().json()["id"]
        try:
            yield made
        finally:
            client.delete(f"/deployments/{made}").raise_for_status()


@contextmanager
def working() -> Iterator[subprocess.Popen[Any]]:
    """Have a worker carry out what is deployed, with the environment of this process; gives the worker's process.

    It looks for work every second instead of every ten, and ends with the runs that it has under way.
    """
    environment = {
        **unmeasured(),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_WORKER_PREFETCH_SECONDS": "0",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command, cwd=CHECKOUT, env=environment, **quiet) as process:
        yield process


def ends(api: str, deployment: str) -> list[str]:
    """How the runs of a deployment ended, those that began first at first; cancelled ones never began."""
    wanted = {
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}},
        "sort": "START_TIME_ASC",
    }
    found = httpx.post(f"{api}/flow_runs/filter", json=wanted, timeout=30).raise_for_status().json()
    return [run["state_type"] for run in found]
