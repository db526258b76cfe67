"""No line of our logs shows who somebody is or what opens a door."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from config.logs import mask_logs


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a logger of some library writes."""
    factory, written = logging.getLogRecordFactory(), StringIO()
    handler, logger = logging.StreamHandler(written), logging.getLogger("some.library")
    logger.addHandler(handler)
    mask_logs()
    mask_logs()
    yield written
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def test_values_words_and_tracebacks_are_masked(log: StringIO) -> None:
    logger = logging.getLogger("some.library")
    logger.warning("%s asked %d times with %r", "ann@example.org", 3, {"token": "ck_0123456789abcdef"})
    try:
        raise RuntimeError("postgresql://unisync:hunter2@db/ledger")
    except RuntimeError:
        logger.exception("broken")

    said = log.getvalue()
    assert said.startswith("<e-mail> asked 3 times with {'token': '<secret>'}\nbroken\nTraceback")
    assert "RuntimeError: postgresql://<secret>@db/ledger" in said
    assert "hunter2" not in said
