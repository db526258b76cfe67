"""A warehouse in Postgres keeps what every target must keep, for every kind of record."""

from __future__ import annotations

import pytest

from connectors.supabase.connector import SupabaseConnector
from domain.connector import Writes
from tests.connectors.supabase.samples import MAKERS
from tests.connectors.writes_contract import MakeRecord, WritesContract


class TestSupabase(WritesContract):
    @pytest.fixture(params=MAKERS)
    def make(self, request: pytest.FixtureRequest) -> MakeRecord:
        return MAKERS[request.param]

    @pytest.fixture
    def target(self, warehouse: SupabaseConnector) -> Writes:
        return warehouse
