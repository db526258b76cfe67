"""Further databases on a server that was given to us."""

from __future__ import annotations

import psycopg
import pytest

from db import embedded
from db.session import ensure_sibling, open_engine
from domain.errors import Misconfigured


def test_a_further_database_is_made_once_and_then_left_alone(postgres: embedded.Server) -> None:
    engine = open_engine(postgres.admin_url)
    ensure_sibling(engine, "sibling")
    with psycopg.connect(postgres.url("sibling", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept ()")

    ensure_sibling(engine, "sibling")

    with psycopg.connect(postgres.url("sibling", "postgres")) as connection:
        assert connection.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)
    engine.dispose()


def test_without_the_right_to_make_one_the_sentence_says_so(postgres: embedded.Server, database: str) -> None:
    engine = open_engine(database)
    with pytest.raises(Misconfigured, match="permission denied to create database"):
        ensure_sibling(engine, "forbidden")
    engine.dispose()
