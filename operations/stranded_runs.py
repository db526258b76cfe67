"""Flow runs that Prefect still waits for: those that no worker took up, and those whose process is gone."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.errors import ConnectorError
from operations.orchestrator import Orchestrator

# What waits for its turn at a deployment, or for another attempt, has a name of its own.
_WAITING = ("Scheduled", "Late", "Pending")
_AT_WORK = ("PENDING", "RUNNING", "CANCELLING")
# What is older was told when it was new.
_AT_ONCE = 200


class LateRun(BaseModel):
    """A run of a flow that a schedule of Prefect wanted."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    flow: str
    deployment: str
    parameters: dict[str, Any]
    due_at: AwareDatetime


class StrandedRuns(Orchestrator):
    """Looks for flow runs that do not move; raises as its parent does, but for ``crash``."""

    def late(self, flow: str, since: datetime, until: datetime) -> list[LateRun]:
        """Give the scheduled runs of a flow that were due in this time and did not begin, the last one first."""
        wanted = {
            "flows": {"name": {"any_": [flow]}},
            "flow_runs": {
                "state": {"name": {"any_": list(_WAITING)}},
                "expected_start_time": {"after_": since.isoformat(), "before_": until.isoformat()},
            },
            "sort": "EXPECTED_START_TIME_DESC",
            "limit": _AT_ONCE,
        }
        found = [run for run in self._call("POST", "/flow_runs/filter", wanted) if run["auto_scheduled"]]
        names = {id_: self._name(id_) for id_ in {run["deployment_id"] for run in found}}
        return [
            LateRun(
                id=run["id"],
                flow=flow,
                deployment=names[run["deployment_id"]],
                parameters=run["parameters"],
                due_at=run["expected_start_time"],
            )
            for run in found
        ]

    def crash(self, flow_run_id: str) -> None:
        """Have Prefect, too, take a flow run for dead, so that the next one need not wait for it.

        Nothing is done where it has ended or nobody knows it; where Prefect is away, it finds out by itself, later.
        """
        with suppress(ConnectorError, ValueError):
            state = self.state(flow_run_id)
            if state is not None and state.type in _AT_WORK:
                content = {"state": {"type": "CRASHED", "message": "It gave no sign of life any more."}, "force": True}
                self._call("POST", f"/flow_runs/{UUID(flow_run_id)}/set_state", content, may_lack=True)

    def _name(self, deployment_id: str) -> str:
        found = self._call("GET", f"/deployments/{deployment_id}", may_lack=True)
        return str(found["name"]) if found else "that was removed"
