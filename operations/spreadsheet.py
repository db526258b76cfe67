"""CSV as spreadsheets read it, in which no cell can be taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain

# What a spreadsheet begins to calculate with: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_BEGINS_WITH = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Write a heading and the rows, one line each; None is an empty cell.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay what they are.
    """
    for row in chain([columns], rows):
        line = StringIO()
        csv.writer(line).writerow([_harmless(cell) for cell in row])
        yield line.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_BEGINS_WITH) else cell
