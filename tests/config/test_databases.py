"""Where databases are, as each driver wants to hear it."""

from __future__ import annotations

import pytest

from config.databases import as_asyncpg


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://u:p%40ss@db.example:5432/x", "postgresql+asyncpg://u:p%40ss@db.example:5432/x"),
        ("postgresql+psycopg://u@h/x", "postgresql+asyncpg://u@h/x"),
        ("postgresql://u@h/x?sslmode=require&connect_timeout=5", "postgresql+asyncpg://u@h/x?ssl=require"),
        ("postgresql://u@/x?host=%2Frun%2Fpg&port=5432", "postgresql+asyncpg://u@/x?host=%2Frun%2Fpg&port=5432"),
    ],
)
def test_prefects_driver_is_spoken_to_in_its_own_words(url: str, wanted: str) -> None:
    assert as_asyncpg(url) == wanted
