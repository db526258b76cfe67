"""Which task runs are repeated, and how often."""

from __future__ import annotations

from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from domain.errors import RetryableError


def may_retry(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether the failure may pass by itself; what is refused or misconfigured stays so."""
    return isinstance(state.result(raise_on_failure=False), RetryableError)


# The clients below have already backed off several times; what they give up on gets two more chances, a while later.
# A cached task would be a lost write, and a persisted one would put records into Prefect's storage.
STEP: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": exponential_backoff(backoff_factor=10),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": may_retry,
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "log_prints": False,
}
