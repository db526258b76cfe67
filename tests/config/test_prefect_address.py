"""Where the Prefect server is: told without the password that may stand in its address."""

from __future__ import annotations

import pytest

from config.prefect_address import api_url, shown_address
from domain.errors import Unavailable
from operations.orchestrator import Orchestrator, flow_run_page

URL = "http://ops:s3cret@127.0.0.1:9/api"


@pytest.fixture(autouse=True)
def with_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"{URL}/")


def test_name_and_password_are_used_and_never_shown() -> None:
    assert api_url() == URL
    assert shown_address() == "http://127.0.0.1:9/api"
    assert flow_run_page("1") == "http://127.0.0.1:9/runs/flow-run/1"


def test_a_server_that_is_away_is_named_without_them() -> None:
    with Orchestrator() as prefect, pytest.raises(Unavailable) as away:
        prefect.find_deployment("flow/name")

    assert "the Prefect server at http://127.0.0.1:9/api does not answer" in str(away.value)
    assert "s3cret" not in str(away.value) + repr(away.value)
