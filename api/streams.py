"""Answers that are written while they are read: exports of any length in flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from starlette.responses import StreamingResponse

CSV = "text/csv"
JSON_LINES = "application/x-ndjson"
EXPORTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {CSV: {"schema": {"type": "string"}}, JSON_LINES: {"schema": {"type": "string"}}},
    }
}
"""How an export is described."""

LINES_AT_ONCE = 500
"""One hop between threads for so many lines."""


def streamed(lines: Iterator[str], media_type: str, filename: str) -> StreamingResponse:
    """Answer with these lines as a file; what fails before the first of them is answered as any other problem."""
    first = list(islice(lines, LINES_AT_ONCE))
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(chain(["".join(first)], blocks(lines)), headers=headers, media_type=media_type)


def blocks(lines: Iterator[str]) -> Iterator[str]:
    """Put lines together into blocks."""
    while block := "".join(islice(lines, LINES_AT_ONCE)):
        yield block
