"""What does not belong into the log of a run: the traceback of a failure that we understand."""

from __future__ import annotations

import logging

from config.logs import mask_logs
from domain.errors import ConnectorError


class WithoutTraceback(logging.Filter):
    """Lets every line pass, but takes the traceback from one that reports a typed failure: its sentence says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record where it is due."""
        if record.exc_info and isinstance(record.exc_info[1], ConnectorError):
            record.exc_info = record.exc_text = None
        return True


def keep_tracebacks_out() -> None:
    """Shorten what Prefect logs of failed tasks and flows in this process, and mask all that is logged in it."""
    mask_logs()
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logger = logging.getLogger(name)
        if not any(isinstance(present, WithoutTraceback) for present in logger.filters):
            logger.addFilter(WithoutTraceback())
