"""The recorded answers that a fault can replay."""

from collections.abc import Mapping

from simulators.http import Answer
from simulators.woocommerce.recorded import recording


def replayed(name: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A recorded answer, byte for byte, with ``headers`` in place of the recorded ones of the same name."""
    taken = recording(name)
    replaced = {header.lower() for header in headers or {}}
    kept = [(header, value) for header, value in taken.head.headers if header.lower() not in replaced]
    return Answer(taken.head.status, taken.body, [*kept, *(headers or {}).items()])
