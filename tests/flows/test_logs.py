"""What stands in the log of a run that failed."""

from __future__ import annotations

import logging

import pytest

from domain.errors import Unavailable
from flows.logs import keep_tracebacks_out


@pytest.mark.parametrize(("error", "is_kept"), [(Unavailable("the shop is away"), False), (ValueError("ours"), True)])
def test_only_a_failure_that_we_do_not_understand_shows_its_traceback(
    caplog: pytest.LogCaptureFixture, error: Exception, is_kept: bool
) -> None:
    for _ in range(2):
        keep_tracebacks_out()
    logger = logging.getLogger("prefect.task_runs")
    with caplog.at_level(logging.ERROR, logger.name):
        try:
            raise error
        except (Unavailable, ValueError):
            logger.exception("the task failed")
    assert ("Traceback" in caplog.text) is is_kept
    assert "the task failed" in caplog.text
