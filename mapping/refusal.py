"""Why a record is not posted, on its way up from the place that noticed."""

from __future__ import annotations

from domain.keys import RecordKey
from domain.problems import Fate, Problem
from domain.writes import Skipped


class Refusal(Exception):
    """The record cannot be posted before a person does something."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice

    def problem(self, key: RecordKey) -> Problem:
        """Give the refusal as data."""
        return Problem(code=self.code, message=self.message, fate=Fate.SKIP, key=key, advice=self.advice)


class Exclusion(Exception):
    """The record is kept out of the books by policy or because nothing is to be posted."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def skipped(self, key: RecordKey) -> Skipped:
        """Give the exclusion as data."""
        return Skipped(key=key, code=self.code, reason=self.reason)
