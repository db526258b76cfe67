"""The wording of every message, event by event and stage by stage, as people agreed to it."""

from __future__ import annotations

import pytest

from tests.notifications.golden import FOLDER, pages

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_message_reads_as_it_is_kept(name: str) -> None:
    assert FOLDER.joinpath(name).read_text() == PAGES[name]


def test_nothing_is_kept_that_is_no_longer_told() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(PAGES)
