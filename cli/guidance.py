"""Telling a person what to do about a failure."""

from __future__ import annotations

from cli.output import out
from operations.guidance import Guidance


def print_guidance(guidance: Guidance) -> None:
    """Print what causes a failure, the steps that help, and where the guide tells more."""
    out.print(f"{guidance.title}: {guidance.cause}", markup=False)
    for number, step in enumerate(guidance.steps, start=1):
        out.print(f"  {number}. {step}", markup=False)
    out.print(f"  More: {guidance.guide}", markup=False)
