"""How the command line speaks: tables for people, JSON for programs, one sentence for what went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from uuid import UUID

from rich import box
from rich.console import Console
from rich.table import Table

# A program or a file that reads our tables has no width; most screens have at least this one.
WIDTH = 132

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
"""What was asked for goes here."""

err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH)
"""Progress, hints and errors go here, so that they never mix with what a program reads."""


def print_json(value: object) -> None:
    """Print one JSON value and nothing else."""
    out.out(json.dumps(value, ensure_ascii=False, default=str), highlight=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table; columns whose cells are numbers are aligned to the right."""
    cells = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        is_number = bool(cells) and all(isinstance(row[index], int | float) for row in cells)
        is_id = bool(cells) and all(isinstance(row[index], UUID) for row in cells)
        # Figures stay whole on a narrow screen, and so do ids, to be copied; words are folded instead.
        whole = is_number or is_id
        table.add_column(column, justify="right" if is_number else "left", no_wrap=whole, overflow="fold")
    for row in cells:
        table.add_row(*(_shown(cell) for cell in row))
    out.print(table)


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
