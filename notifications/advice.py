"""What to do about a failure: the catalogue of ``topics.yaml``, and the general answer where it knows none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from domain.errors import ConnectorError
from domain.keys import System
from domain.problems import Problem

CATALOGUE = Path(__file__).with_name("topics.yaml")
GUIDE = "docs/troubleshooting.md"


class Cause(BaseModel):
    """What is known of a failure.

    ``system`` is the one it met, ``error`` the name of our exception, ``code`` that of a problem, of QuickBooks,
    WooCommerce or Postgres, ``status`` that of HTTP. ``event`` names what no error tells of, such as ``run-crashed``.
    """

    model_config = ConfigDict(frozen=True)

    system: System | None = None
    error: str = ""
    event: str = ""
    code: str = ""
    status: int | None = None
    message: str = ""


class Advice(BaseModel):
    """A plain sentence on the cause and steps that help; ``topic`` names both and is the anchor in the guide."""

    model_config = ConfigDict(frozen=True)

    topic: str
    title: str
    cause: str
    steps: tuple[str, ...]

    @property
    def link(self) -> str:
        """Where the guide tells it."""
        return f"{GUIDE}#{self.topic}"


GENERAL = Advice(
    topic="unknown",
    title="Something that we do not know yet",
    cause="This failure is not in our catalogue, so we cannot say for certain what causes it.",
    steps=(
        "Read the message; it is the other system's own where it has one.",
        "Retry the record or the run; what is written already is not written twice.",
        "If it happens again, tell us the code and the time, so that the catalogue can learn it.",
    ),
)


def advise(cause: Cause) -> Advice:
    """Give the advice of the first topic that fits, or the general one."""
    return next((advice for advice, matches in catalogue() if any(_fits(match, cause) for match in matches)), GENERAL)


def cause_of_error(error: ConnectorError, system: System | None = None) -> Cause:
    """Describe the failure of a run, in the system that it met."""
    return Cause(
        system=system, error=type(error).__name__, code=error.code or "", status=error.status, message=str(error)
    )


def cause_of_problem(problem: Problem, system: System | None = None) -> Cause:
    """Describe the failure of a record towards a target of this system."""
    return Cause(system=system, code=problem.code, message=problem.message)


@lru_cache(maxsize=1)
def catalogue() -> tuple[tuple[Advice, tuple[Mapping[str, Any], ...]], ...]:
    """Read the catalogue: each topic with its matches, in the order that decides."""
    topics = yaml.safe_load(CATALOGUE.read_text())
    return tuple((Advice(**topic), tuple(topic.pop("matches"))) for topic in map(dict, topics))


def _fits(match: Mapping[str, Any], cause: Cause) -> bool:
    codes, says = match.get("codes"), match.get("says")
    return (
        all(match[name] == getattr(cause, name) for name in ("system", "error", "event", "status") if name in match)
        and (codes is None or cause.code in codes)
        and (says is None or re.search(says, cause.message, re.IGNORECASE) is not None)
    )
