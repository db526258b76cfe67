"""What travels between tasks without being looked into."""

from __future__ import annotations

from typing import Generic, TypeVar

Content = TypeVar("Content")


class Sealed(Generic[Content]):
    """An opaque parcel.

    Prefect walks every list, dict and model that it is handed in search of futures, about half a millisecond of CPU per
    order and task; a plain object with ``__slots__`` it leaves alone. A weak reference must stay possible: with it
    Prefect remembers which task made which object, without it it would trust addresses, which are used again.
    """

    __slots__ = ("__weakref__", "content")

    def __init__(self, content: Content) -> None:
        self.content = content

    def take(self) -> Content:
        """Take the content out; the parcel is empty from then on, whoever still holds it."""
        content = self.content
        del self.content
        return content
