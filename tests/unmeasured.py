"""Processes whose coverage is not measured: measuring costs about two thirds more CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping

MEASURED_ALONE = "import os; os.environ.pop('COVERAGE_PROCESS_CONFIG', None)"
"""What a process carries out first that is measured itself, but none of those that it starts."""


def unmeasured(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give the environment of a process that coverage learns nothing from: others run its lines, or it is killed."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
