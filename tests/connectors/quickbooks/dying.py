"""A process that opens a company and is killed, or goes on, at a moment of its first write; started by tests."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from uuid import UUID

from pydantic import SecretStr

from connectors.quickbooks.connector import open_quickbooks
from db.connection_memory import ConnectionMemory, HeldCredentials
from db.ledger import Intent
from db.session import open_engine
from db.vault import Vault
from domain.errors import ConnectorError
from domain.keys import RecordKey
from domain.writes import Link
from tests.connectors.quickbooks.samples import BOOKS, customer, invoice, item, payment, plan

MOMENTS = ("before remembering", "before sending", "before settling", "after settling")
RENEWED = "renewed but not committed"
WRITES = (customer(), item(), invoice(1), invoice(2), payment(1))


class DyingMemory(ConnectionMemory):
    """Kills its process at a moment between two steps."""

    moment = ""

    def open_intents(self, batch: Sequence[Intent]) -> dict[tuple[RecordKey, str], Link]:
        self._die(MOMENTS[0])
        links = super().open_intents(batch)
        self._die(MOMENTS[1])
        return links

    def settle(self, done: Mapping[UUID, tuple[Link, Decimal | None]], failed: Sequence[UUID]) -> None:
        self._die(MOMENTS[2])
        super().settle(done, failed)
        self._die(MOMENTS[3])

    @contextmanager
    def held_credentials(self) -> Iterator[HeldCredentials]:
        with super().held_credentials() as held:
            yield held
            self._die(RENEWED)

    def _die(self, moment: str) -> None:
        if moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, tenant: str, key: str, settings: str, secrets: str, moment: str) -> None:
    """Write a plan; say on standard output how it ended."""
    memory = DyingMemory(open_engine(url), tenant, BOOKS, Vault(SecretStr(key)))
    memory.moment = moment
    with open_quickbooks(tenant, BOOKS, json.loads(settings), json.loads(secrets), memory=memory) as books:
        # Everything is loaded: whoever waits for several of us lets all go on at once.
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        try:
            print(books.check().place if moment == "check" else len(books.write(plan(*WRITES))))  # noqa: T201
        except ConnectorError as error:
            print(type(error).__name__)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
