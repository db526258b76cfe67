"""Processes whose coverage is not measured."""

from __future__ import annotations

import os
from collections.abc import Mapping


def unmeasured(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give the environment for a process of which coverage would learn nothing: others run its lines, or it is killed.

    Measuring costs about two thirds more CPU.
    """
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
