"""What a connector may remember about its own connection: one object, each verb a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db import ledger
from db.ledger import Intent, KnownName, Limit, OpenBatch, Snapshot, StoredConnection
from db.ledger.calls import count_calls
from db.models.tenants import ConnectionState
from db.session import tenant_session
from db.vault import Vault, bound_to
from domain.errors import AccessDenied, Misconfigured, Unavailable
from domain.keys import ConnectionName, Kind, RecordKey, TenantName
from domain.usage import Purpose
from domain.writes import Action, Link, LinkState

LEASE_LOST = "the lease was lost, another run writes there now; what is under way is settled before anything is written"
RECONNECT = "access was withdrawn or has run out; connect it anew: unisync connect --help tells how"


class HeldCredentials(Protocol):
    """The credentials of a connection while nobody else can change them."""

    needs_reconnect: bool

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets in clear."""

    def replace(self, secrets: Mapping[str, str]) -> None:
        """Keep other secrets; they count once the block ends."""

    def demand_reconnect(self) -> None:
        """Note that a person must connect the connection anew; counts once the block ends."""


class StoredCredentials:
    """Held credentials of a stored connection, whose row is locked."""

    def __init__(self, session: Session, stored: StoredConnection, vault: Vault, place: str) -> None:
        self.secrets = vault.open(stored.sealed, bound_to=place)
        self.needs_reconnect = stored.state is ConnectionState.RECONNECT
        self._session = session
        self._name = stored.name
        self._vault = vault
        self._place = place

    def replace(self, secrets: Mapping[str, str]) -> None:
        """Seal and keep other secrets."""
        sealed = self._vault.seal(secrets, bound_to=self._place)
        ledger.save_credentials(self._session, self._name, sealed, self._vault.key_id)

    def demand_reconnect(self) -> None:
        """Mark the connection."""
        ledger.demand_reconnect(self._session, self._name)


class ConnectionMemory:
    """The ledger, the vault and one connection of one tenant.

    Every method raises Unavailable when the ledger is away or too slow, Misconfigured when it refuses us. Once
    ``lease`` is the token of a lease, the steps of a batch demand that it still counts; else they raise Unavailable
    and change nothing, because whoever holds the lease now finds out what became of the batches under way.
    """

    def __init__(self, engine: Engine, tenant: TenantName, connection: ConnectionName, vault: Vault) -> None:
        self.tenant = tenant
        self.connection = connection
        self.lease: int | None = None
        self._engine = engine
        self._vault = vault

    def credentials(self) -> dict[str, str]:
        """Give the secrets as they are stored now.

        Raises:
            AccessDenied: a person must connect the connection anew first.
        """
        with self._session() as session:
            stored = self._found(ledger.load_connection(session, self.connection))
        if stored.state is ConnectionState.RECONNECT:
            raise AccessDenied(RECONNECT, connection=self.connection)
        return self._vault.open(stored.sealed, bound_to=bound_to(self.tenant, self.connection))

    @contextmanager
    def held_credentials(self) -> Iterator[HeldCredentials]:
        """Hold the credentials so that all other processes wait; what is changed in the block is committed at its end.

        One transaction throughout, so that it also holds behind a pooler. Others give up after 20 seconds of waiting.
        """
        with self._session() as session:
            stored = self._found(ledger.lock_connection(session, self.connection))
            yield StoredCredentials(session, stored, self._vault, bound_to(self.tenant, self.connection))

    def reserve_call(self, bucket: str, limits: Sequence[Limit], counts_as: Purpose | None = None) -> float:
        """Reserve the next moment at which a call keeps within the limits, and give the seconds until then."""
        with self._session() as session:
            return ledger.reserve_call(session, self.connection, bucket, limits, counts_as)

    def count_calls(self, counts: Mapping[Purpose, int]) -> None:
        """Add calls that were made without being reserved."""
        with self._session() as session:
            for purpose, count in counts.items():
                count_calls(session, self.connection, purpose, count)

    def postpone_calls(self, bucket: str, seconds: float) -> None:
        """Let no process make a call of the bucket for so many seconds."""
        with self._session() as session:
            ledger.postpone_calls(session, self.connection, bucket, seconds)

    def snapshot(self, subject: str) -> Snapshot | None:
        """Give what is kept about the subject."""
        with self._session() as session:
            return ledger.load_snapshot(session, self.connection, subject)

    def keep_snapshot(self, subject: str, content: str) -> None:
        """Keep JSON text about the subject."""
        with self._session() as session:
            ledger.save_snapshot(session, self.connection, subject, content)

    def names(self, folded: Sequence[str], skus: Sequence[str] = ()) -> list[KnownName]:
        """Give the entries that bear one of these names or article numbers."""
        with self._session() as session:
            return ledger.find_names(session, self.connection, folded, skus)

    def keep_names(self, entries: Sequence[KnownName]) -> None:
        """Keep some entries."""
        with self._session() as session:
            ledger.save_names(session, self.connection, entries)

    def refresh_names(self, entries: Sequence[KnownName], subject: str, content: str, *, all_of_them: bool) -> None:
        """Keep entries together with the snapshot that tells how fresh they are, forgetting others if these are all."""
        with self._session() as session:
            if all_of_them:
                ledger.forget_names(session, self.connection)
            ledger.save_names(session, self.connection, entries)
            ledger.save_snapshot(session, self.connection, subject, content)

    def links(self, identities: Sequence[tuple[RecordKey, str]]) -> dict[tuple[RecordKey, str], Link]:
        """Give the live links of these source records in these roles."""
        with self._session() as session:
            found = ledger.linked(session, identities, self.connection)
        return {identity: link for identity, link in found.items() if link.state is LinkState.LIVE}

    def keep_links(self, links: Sequence[Link]) -> None:
        """Keep links to records that were there already."""
        with self._session() as session:
            ledger.save_links(session, links)

    def prints(self, source: ConnectionName, kind: Kind, ids: Sequence[str]) -> dict[str, str]:
        """Give the fingerprints under which documents of these source records stand in the books."""
        with self._session() as session:
            found = ledger.links_of(session, source, kind, ids, self.connection)
        return {key.id: link.fingerprint for key, link in found.items() if link.state is LinkState.LIVE}

    def is_linked(self, target: RecordKey) -> bool:
        """Whether some source record is linked to this record of the target."""
        with self._session() as session:
            return bool(ledger.linked_targets(session, [target]))

    def open_batches(self) -> list[OpenBatch]:
        """Give the batches of which nobody knows what became of them."""
        with self._session() as session:
            return ledger.load_open_batches(session, self.connection)

    def open_intents(self, batch: Sequence[Intent]) -> dict[tuple[RecordKey, str], Link]:
        """Remember a batch that is about to be sent, except for creates of what is linked by now: gives their links.

        Raises:
            Unavailable: the lease is lost, or one of the creates is open already.
        """
        creates = {intent.write.identity: intent.id for intent in batch if intent.write.action is Action.CREATE}
        with self._fenced() as session:
            ledger.open_intents(session, self.connection, batch)
            # Asked after they are open: who settled the same create meanwhile has committed its link by now.
            found = ledger.linked(session, list(creates), self.connection) if creates else {}
            live = {identity: link for identity, link in found.items() if link.state is LinkState.LIVE}
            ledger.fail_intents(session, [creates[identity] for identity in live])
        return live

    def mark_sent(self, request_id: str) -> None:
        """Note that the batch is sent at this moment."""
        with self._fenced() as session:
            ledger.mark_sent(session, request_id)

    def rename_batch(self, ids: Sequence[UUID], request_id: str) -> None:
        """Let these intents be a batch of their own, sent at this moment."""
        with self._fenced() as session:
            ledger.rename_batch(session, ids, request_id)

    def settle(self, done: Mapping[UUID, tuple[Link, Decimal | None]], failed: Sequence[UUID]) -> None:
        """Note in one transaction what was done, with its links and totals, and what was not."""
        with self._fenced() as session:
            ledger.save_links(session, [link for link, _ in done.values()])
            ledger.settle_intents(session, {id_: total for id_, (_, total) in done.items()})
            ledger.fail_intents(session, failed)

    def last_written(self, source: RecordKey, role: str) -> str | None:
        """Give the item that was last written of this source record in this role."""
        with self._session() as session:
            return ledger.last_settled_item(session, self.connection, source, role)

    @contextmanager
    def _fenced(self) -> Iterator[Session]:
        with self._session() as session:
            # Nobody else gets the lease before this transaction ends.
            if self.lease is not None and not ledger.holds_lease(session, self.connection, self.lease):
                raise Unavailable(LEASE_LOST, connection=self.connection, operation="write")
            yield session

    def _session(self) -> AbstractContextManager[Session]:
        return tenant_session(self._engine, self.tenant)

    def _found(self, stored: StoredConnection | None) -> StoredConnection:
        if stored is None:
            raise Misconfigured(f"tenant {self.tenant} has no connection {self.connection}")
        return stored
