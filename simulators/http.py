"""A request and an answer, apart from how they travel."""

import msgspec


class Request(msgspec.Struct):
    """One request; ``path`` is unquoted, ``query`` is as sent."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query, what faults are matched with."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def base(self) -> str:
        """The server's own address as this caller wrote it."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


class Answer(msgspec.Struct):
    """One answer; ``kind``, ``action`` and ``items`` say in the request log what was asked for."""

    status: int
    body: bytes
    headers: list[tuple[str, str]]
    kind: str = ""
    action: str = ""
    items: int = 0
