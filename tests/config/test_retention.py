"""How long things are kept is chosen by the operator, within reason."""

from __future__ import annotations

import pytest

from config.retention import retention
from domain.errors import Misconfigured
from domain.retention import Retention


def test_without_a_word_it_is_the_default_and_each_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert retention().model_dump() == Retention().model_dump()
    monkeypatch.setenv("UNISYNC_RETENTION_RECORD_LOG_DAYS", "30")
    assert retention().model_dump() == Retention(record_log_days=30).model_dump()


@pytest.mark.parametrize(("name", "value"), [("RUN_DAYS", "soon"), ("AUDIT_DAYS", "1"), ("PLAN_DAYS", "0")])
def test_a_variable_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"UNISYNC_RETENTION_{name}", value)
    with pytest.raises(Misconfigured, match=f"UNISYNC_RETENTION_{name} cannot be used"):
        retention()
