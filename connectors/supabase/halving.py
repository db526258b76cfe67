"""What is refused as a whole for the sake of one record is halved until that record stands alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from domain.errors import Rejected
from domain.writes import Result

Item = TypeVar("Item")
Results = dict[str, Result | Rejected]
"""What became of each source id: the result, or why it was refused."""


def write_all(
    items: Sequence[Item], write: Callable[[Sequence[Item]], dict[str, Result]], id_of: Callable[[Item], str]
) -> Results:
    """Write all items but those that are refused; ``write`` writes either all or none of what it is given.

    Raises:
        RetryableError, FatalError: what ``write`` raises.
    """
    try:
        return dict(write(items))
    except Rejected as refusal:
        if len(items) == 1:
            return {id_of(items[0]): refusal}
    middle = len(items) // 2
    return write_all(items[:middle], write, id_of) | write_all(items[middle:], write, id_of)
