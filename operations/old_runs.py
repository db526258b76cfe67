"""Runs that Prefect has done long ago, with their artifacts and logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from operations.orchestrator import Orchestrator

# The most that Prefect deletes at once.
AT_ONCE = 50
_ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class OldRuns(Orchestrator):
    """Looks for flow runs that ended before a moment, and deletes them; raises as its parent does.

    With a tag it looks for those that bear it.

    Prefect deletes the logs of a deleted run by itself, a moment later, and its task runs with it. Artifacts it would
    leave behind; events grow old on their own (``PREFECT_SERVER_EVENTS_RETENTION_PERIOD``).
    """

    def count(self, before: datetime, tag: str = "") -> int:
        """Tell how many there are."""
        return int(self._call("POST", "/flow_runs/count", {"flow_runs": _ended(before, tag)}))

    def delete_some(self, before: datetime, tag: str = "") -> tuple[int, int]:
        """Delete some of them, and tell how many runs and how many artifacts it were; none when none are left."""
        wanted = {"flow_runs": _ended(before, tag), "limit": AT_ONCE}
        runs = [str(run["id"]) for run in self._call("POST", "/flow_runs/filter", wanted)]
        if not runs:
            return 0, 0
        # First, so that an interruption leaves none that nobody finds any more.
        artifacts = self._delete_artifacts(runs)
        content = {"flow_runs": {"id": {"any_": runs}}, "limit": AT_ONCE}
        return len(self._call("POST", "/flow_runs/bulk_delete", content)["deleted"]), artifacts

    def _delete_artifacts(self, runs: Sequence[str]) -> int:
        deleted = 0
        wanted = {"artifacts": {"flow_run_id": {"any_": list(runs)}}, "limit": 200}
        while found := self._call("POST", "/artifacts/filter", wanted):
            for artifact in found:
                self._call("DELETE", f"/artifacts/{artifact['id']}", may_lack=True)
            deleted += len(found)
        return deleted


def _ended(before: datetime, tag: str) -> dict[str, Any]:
    tagged = {"tags": {"all_": [tag]}} if tag else {}
    return {"end_time": {"before_": before.isoformat()}, "state": {"type": {"any_": list(_ENDED)}}, **tagged}
