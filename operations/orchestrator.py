"""What we ask of Prefect, by plain HTTP: runs of deployments, and deployments with schedules.

Prefect knows no tenants: an id that came from a caller must have been found in our own tables before it gets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

import httpx

from config.prefect_address import api_credentials, api_url, shown_address
from connectors.http import trusted
from domain.errors import AccessDenied, Misconfigured, Unavailable

# Somebody waits for the answer; Prefect gives it within 0.2 s.
TIMEOUT = httpx.Timeout(10, connect=3)
ON_DEMAND = "on-demand"
"""The name of the deployment of each route that has no schedule of its own."""

# What a deployment that is made after another has in common with it.
_SHARED = (
    "flow_id", "entrypoint", "path", "pull_steps", "work_pool_name", "work_queue_name", "job_variables",
    "parameter_openapi_schema", "enforce_parameter_schema", "version",
)  # fmt: skip


class FlowRunState(NamedTuple):
    """How Prefect sees a flow run: the type of its state, such as ``RUNNING``, and what it says about it."""

    type: str
    message: str


class Timetable(NamedTuple):
    """When a deployment runs by itself, and what becomes of a run while another is at work."""

    cron: str
    zone: str
    active: bool
    collision_strategy: str


class Orchestrator:
    """Talks to the Prefect server in use; closed at the end of the block.

    All its verbs raise:
        Unavailable: the server is away or busy.
        AccessDenied: it asks for a password that is missing or wrong.
        Misconfigured: it refuses what is asked; the message is its own.
    """

    def __init__(self) -> None:
        self._url = api_url()
        self._client = httpx.Client(timeout=TIMEOUT, auth=api_credentials(), trust_env=False, verify=trusted())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def create_run(
        self, deployment: str, parameters: Mapping[str, object], *, idempotency_key: str, tags: Sequence[str]
    ) -> str:
        """Ask for a run of a deployment (``flow/name``) and give its id; the same key gives the same run."""
        found = self._deployment(deployment)
        content = {"parameters": dict(parameters), "idempotency_key": idempotency_key, "tags": list(tags)}
        return str(self._call("POST", f"/deployments/{found['id']}/create_flow_run", content)["id"])

    def state(self, flow_run_id: str) -> FlowRunState | None:
        """Tell how the flow run stands; None when Prefect has none of this id."""
        found = self._call("GET", f"/flow_runs/{UUID(flow_run_id)}", may_lack=True)
        state = (found or {}).get("state") or {}
        return FlowRunState(state["type"], state.get("message") or "") if state else None

    def cancel(self, flow_run_id: str) -> FlowRunState | None:
        """Ask for the end of the flow run and tell how it stands then; None when Prefect has none of this id."""
        content = {"state": {"type": "CANCELLING"}}
        found = self._call("POST", f"/flow_runs/{UUID(flow_run_id)}/set_state", content, may_lack=True)
        # What is refused, such as the end of a run that has ended, leaves it as it is.
        return self.state(flow_run_id) if found else None

    def put_deployment(
        self, name: str, like: str, parameters: Mapping[str, object], *, tags: Sequence[str], timetable: Timetable
    ) -> UUID:
        """Make or change a deployment after the model of another (``flow/name``), and give its id."""
        model = self._deployment(like)
        schedule = {"schedule": {"cron": timetable.cron, "timezone": timetable.zone}, "active": timetable.active}
        content = {part: model[part] for part in _SHARED if model.get(part) is not None} | {
            "name": name,
            "parameters": dict(parameters),
            "tags": list(tags),
            "schedules": [schedule],
            "concurrency_limit": 1,
            "concurrency_options": {"collision_strategy": timetable.collision_strategy},
        }
        return UUID(self._call("POST", "/deployments/", content)["id"])

    def delete_deployment(self, deployment_id: UUID) -> None:
        """Remove a deployment with the runs that it has scheduled, if it is there."""
        self._call("DELETE", f"/deployments/{deployment_id}", may_lack=True)

    def find_deployment(self, name: str) -> UUID | None:
        """Give the id of a deployment (``flow/name``), None when there is none."""
        found = self._call("GET", f"/deployments/name/{name}", may_lack=True)
        return UUID(found["id"]) if found else None

    def _deployment(self, name: str) -> Any:
        found = self._call("GET", f"/deployments/name/{name}", may_lack=True)
        if not found:
            raise Misconfigured(f"Prefect knows no deployment {name}; make it with: unisync prefect up")
        return found

    def _call(self, method: str, path: str, content: object = None, *, may_lack: bool = False) -> Any:
        try:
            answer = self._client.request(method, self._url + path, json=content)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the Prefect server at {shown_address()} does not answer ({type(error).__name__}); "
                "start it with: unisync prefect server"
            ) from None
        if answer.status_code == httpx.codes.NOT_FOUND and may_lack:
            return None
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise AccessDenied("the Prefect server asks for a password; set PREFECT_API_AUTH_STRING to name:password")
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unavailable(f"the Prefect server is busy or broken (status {answer.status_code}); try again")
        if answer.is_error:
            raise Misconfigured(f"Prefect refuses it: {_reason(answer)}")
        return answer.json() if answer.content else {}


def flow_run_page(flow_run_id: str) -> str:
    """Give the address of the flow run's page in the Prefect UI."""
    return f"{shown_address().removesuffix('/api')}/runs/flow-run/{flow_run_id}"


def _reason(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
    first = detail[0] if isinstance(detail, list) and detail else detail
    return " ".join(str(first.get("msg", first) if isinstance(first, dict) else first).split())[:300]
