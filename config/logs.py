"""What this process logs, with personal data and secrets masked."""

from __future__ import annotations

import logging
from typing import Any

from domain.masking import mask


class MaskedLogRecord(logging.LogRecord):
    """A line of the log that is masked where it is made, its traceback included.

    A filter would sit on one logger or one handler; Prefect, uvicorn and we have many, and libraries add theirs.
    """

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        if self.exc_info and self.exc_info[1] is not None:
            self.exc_text = mask(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802 - what all formatters of logging call
        """Give the line with its values in place."""
        return mask(super().getMessage())


def mask_logs() -> None:
    """Mask every line that is logged in this process from now on; a second call changes nothing."""
    logging.setLogRecordFactory(MaskedLogRecord)
