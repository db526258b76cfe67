"""A QuickBooks company, opened for one connection of one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self

from pydantic import ValidationError

from connectors.http import Patience
from connectors.quickbooks.auth import TokenAuth
from connectors.quickbooks.changes import BookChanges
from connectors.quickbooks.client import QuickBooksClient
from connectors.quickbooks.company import ask_company, ask_vitals
from connectors.quickbooks.dispatch import Dispatch
from connectors.quickbooks.names import NameMirror
from connectors.quickbooks.pace import Pace
from connectors.quickbooks.posting import Posting
from connectors.quickbooks.recognition import Recognition
from connectors.quickbooks.settings import QuickBooksCredentials, QuickBooksSettings
from connectors.quickbooks.settling import Settling
from connectors.stored import parse
from db.connection_memory import ConnectionMemory
from domain.books import BookNews, Company, Standing
from domain.connector import Vitals
from domain.keys import ConnectionName, Kind, RecordKey, TenantName
from domain.writes import Link, Plan, WriteOutcome

COMPANY = "company"
A_DAY = timedelta(days=1).total_seconds()


class QuickBooksConnector:
    """Writes documents into one company; implements ``domain.connector.Writes``. Close it, or use it in ``with``.

    What was sent without an answer stays open in the ledger and is settled before anything else is written.
    """

    def __init__(self, connection: ConnectionName, client: QuickBooksClient, memory: ConnectionMemory) -> None:
        self.connection = connection
        self._client = client
        self._memory = memory
        self._mirror = NameMirror(client, memory)
        self._changes = BookChanges(client, memory)
        self._recognition = Recognition(client, memory, self._mirror)
        self._dispatch = Dispatch(client, memory, self._mirror, self._recognition)
        self._settling = Settling(memory, self._recognition, self._dispatch, client.pace)

    def check(self) -> Vitals:
        """Prove with one call that the company lets us in; raises as ``company`` does."""
        return ask_vitals(self._client)

    def company(self, *, fresh: bool = False) -> Company:
        """Tell how the company keeps its books, as it said within the last day unless ``fresh``.

        Raises:
            RetryableError: QuickBooks is busy or away.
            FatalError: it refuses us, or the settings cannot work.
        """
        kept = None if fresh else self._memory.snapshot(COMPANY)
        if kept is not None and kept.age < A_DAY:
            # What another version of ours kept may have another form; then the company is asked again.
            with suppress(ValidationError):
                return Company.model_validate_json(kept.content)
        company = ask_company(self._client)
        self._memory.keep_snapshot(COMPANY, company.model_dump_json())
        return company

    def news(self, since: datetime) -> BookNews:
        """Tell what changed since a moment of the last 29 days; raises as ``company`` does."""
        return self._changes.since(since)

    def standings(self, links: Sequence[Link]) -> Mapping[RecordKey, Standing]:
        """Read the targets of these links anew and tell how each stands; raises as ``company`` does."""
        return self._changes.standings(links)

    def freshen_names(self) -> None:
        """Learn with one call which names are taken now; raises as ``company`` does."""
        self._mirror.freshen(again=True)

    def prepare(self) -> None:
        """Make sure that it is known how the company keeps its books; raises as ``company`` does."""
        self.company()

    def held(self, kind: Kind, source: ConnectionName, ids: Sequence[str]) -> Mapping[str, str]:
        """Give the fingerprints under which documents of these records were last written; asks only the ledger."""
        return self._memory.prints(source, kind, ids)

    def fence(self, token: int) -> None:
        """Write from now on only while the lease of this company is held under the token; see ``ConnectionMemory``."""
        self._memory.lease = token

    def settle_open_intents(self) -> tuple[WriteOutcome, ...]:
        """Find out what became of batches without an answer, finish them, and give the outcome of each write.

        Waits until their requests can no longer be working. To be called by whoever holds the target's lease.

        Raises:
            RetryableError: it is still in doubt; nothing is lost, the batches stay open.
            FatalError: QuickBooks refuses us, or the settings cannot work.
        """
        return tuple(self._settling.settle())

    def write(self, plan: Plan) -> tuple[WriteOutcome, ...]:
        """Carry out the writes and tell the outcome of each, in order.

        Links are remembered batch by batch, so that what was written stays known when a later batch fails.

        Raises:
            RetryableError: QuickBooks is busy or away, or leaves us in doubt; the same plan may be tried again.
            FatalError: QuickBooks refuses us, or the settings cannot work.
        """
        if not plan.writes:
            return ()
        settled = {outcome.write.identity: outcome for outcome in self.settle_open_intents()}
        posting = Posting(self._memory, self._mirror, self._recognition, self._dispatch, settled)
        return posting.carry_out(plan.writes)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_quickbooks(
    tenant: TenantName,
    connection: ConnectionName,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
    *,
    memory: ConnectionMemory,
    patience: Patience | None = None,
    pace: Pace | None = None,
    public_only: bool = False,
) -> QuickBooksConnector:
    """Open the company of a connection; nothing is asked of it yet. Its tokens are read from the memory when needed.

    Raises:
        Misconfigured: settings or credentials cannot be used, or the memory is that of another connection.
    """
    if (memory.tenant, memory.connection) != (tenant, connection):
        raise ValueError("the memory handed in belongs to another connection")
    known = parse(QuickBooksSettings, settings, connection, "QuickBooks")
    secret = parse(QuickBooksCredentials, credentials, connection, "QuickBooks").client_secret
    pace = pace or Pace()
    auth = TokenAuth(known, secret, memory, pace)
    client = QuickBooksClient(known, auth, memory, pace, patience or Patience(), public_only=public_only)
    return QuickBooksConnector(connection, client, memory)
