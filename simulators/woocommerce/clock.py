"""The shop's clock."""

from simulators.clock import Clock

__all__ = ["Clock"]
