"""Calls are counted without a journey for each, and none is forgotten while the process lives."""

from __future__ import annotations

import httpx
from pydantic import SecretStr
from sqlalchemy import Engine

from connectors import call_count
from connectors.call_count import CallCount
from db.connection_memory import ConnectionMemory
from db.vault import Vault, new_key
from domain.errors import Unavailable
from tests.operations.people import in_database


def counted(engine: Engine) -> dict[str, int]:
    rows = in_database(engine, "SELECT purpose, count FROM unisync.calls WHERE connection = 'shop'")
    return dict(rows)


def answering(calls: CallCount) -> httpx.Client:
    """A client of a system that answers everything."""
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    calls.watch(client)
    return client


class Memory(ConnectionMemory):
    """Remembers in a ledger that can be away."""

    away = False
    journeys = 0

    def count_calls(self, counts: object) -> None:
        if self.away:
            raise Unavailable("the ledger is away")
        self.journeys += 1
        super().count_calls(counts)  # type: ignore[arg-type]


def remembering(engine: Engine) -> Memory:
    return Memory(engine, "default", "shop", Vault(SecretStr(new_key())))


def test_calls_travel_together_and_the_rest_at_the_end(ledger_engine: Engine) -> None:
    memory = remembering(ledger_engine)
    calls = CallCount(memory)
    with answering(calls) as client:
        for _ in range(call_count.CALLS_AT_ONCE + 5):
            client.get("https://shop.example/orders")
        client.post("https://shop.example/webhooks")
        assert (counted(ledger_engine), memory.journeys) == ({"read": call_count.CALLS_AT_ONCE}, 1)
    calls.flush()
    calls.flush()

    assert counted(ledger_engine) == {"read": call_count.CALLS_AT_ONCE + 5, "write": 1}
    assert memory.journeys == 2


def test_what_cannot_be_kept_is_counted_later_and_disturbs_nobody(ledger_engine: Engine) -> None:
    memory = remembering(ledger_engine)
    calls = CallCount(memory)
    with answering(calls) as client:
        client.get("https://shop.example/orders")
        memory.away = True
        calls.flush()
        memory.away = False
        client.get("https://shop.example/orders")
    calls.flush()

    assert counted(ledger_engine) == {"read": 2}
