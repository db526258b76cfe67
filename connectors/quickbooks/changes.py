"""What changed in a company, and how what we wrote stands there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.quickbooks.client import PAGE, QuickBooksClient, any_of
from connectors.quickbooks.recognition import holds
from connectors.quickbooks.streams import STREAMS
from connectors.quickbooks.translate import sent_body
from connectors.quickbooks.wire import Entity
from db.connection_memory import ConnectionMemory
from domain.books import BookNews, Standing
from domain.keys import Kind, RecordKey
from domain.writes import Link

# Changes can be asked for 30 days back.
LONGEST = timedelta(days=29)
# Whether the moment itself is within is said nowhere, and a change may show a little after it happened.
OVERLAP = timedelta(minutes=10)
# Ids of 20 digits keep a question of so many well below the longest address that is taken.
IDS_AT_ONCE = 100
DOCUMENTS = tuple(kind for kind, stream in STREAMS.items() if stream.names is None)


class BookChanges:
    """Looks into the books for what others did there; raises as ``QuickBooksClient`` does."""

    def __init__(self, client: QuickBooksClient, memory: ConnectionMemory) -> None:
        self._client = client
        self._memory = memory

    def since(self, moment: datetime) -> BookNews:
        """Tell which documents changed since a moment, not more than 29 days back.

        QuickBooks lists a thousand changes at most and has no second page, so when there are more, each kind is asked
        for alone, and a kind with more than that by its stamps, where deleted documents do not show.
        """
        asked = max(moment - OVERLAP, datetime.now(UTC) - LONGEST)
        found, until = self._listed(DOCUMENTS, asked)
        unseen: list[Kind] = []
        if _count(found) >= PAGE:
            for kind in DOCUMENTS:
                found |= self._listed([kind], asked)[0]
                if len(found[kind]) >= PAGE:
                    unseen.append(kind)
                    condition = f"MetaData.LastUpdatedTime >= '{_text(asked)}'"
                    found[kind] = list(self._client.query(STREAMS[kind].entity, [condition]))
        versions = {
            RecordKey(connection=self._client.connection, kind=kind, id=str(row["Id"])): _version(row)
            for kind, rows in found.items()
            for row in rows
        }
        return BookNews(versions, asked, until, tuple(unseen))

    def standings(self, links: Sequence[Link]) -> dict[RecordKey, Standing]:
        """Read the documents of these links anew and tell how each stands."""
        rows = {
            kind: self._rows(kind, {link.target.id for link in links if link.target.kind is kind}) for kind in DOCUMENTS
        }
        return {link.target: self._standing(link, rows[link.target.kind].get(link.target.id)) for link in links}

    def _standing(self, link: Link, row: Entity | None) -> Standing:
        if row is None:
            return Standing.GONE
        if str(row.get("SyncToken")) == link.version:
            return Standing.UNTOUCHED
        written = self._memory.last_written(link.source, link.role)
        # A payment moves the version of its invoice; what was found in the books and adopted cannot be compared.
        if written is None or holds(sent_body(written, link.target.kind), row):
            return Standing.UNTOUCHED
        is_voided = str(row.get("PrivateNote", "")).startswith("Voided") and not row.get("TotalAmt")
        return Standing.VOIDED if is_voided else Standing.CHANGED

    def _rows(self, kind: Kind, ids: Iterable[str]) -> dict[str, Entity]:
        wanted = sorted(ids)
        found: dict[str, Entity] = {}
        for start in range(0, len(wanted), IDS_AT_ONCE):
            conditions = [any_of("Id", wanted[start : start + IDS_AT_ONCE])]
            found |= {str(row["Id"]): row for row in self._client.query(STREAMS[kind].entity, conditions)}
        return found

    def _listed(self, kinds: Sequence[Kind], since: datetime) -> tuple[dict[Kind, list[Entity]], datetime]:
        entities = {STREAMS[kind].entity: kind for kind in kinds}
        found, now = self._client.changes(list(entities), _text(since))
        until = datetime.fromisoformat(now) if now else datetime.now(UTC)
        return {kind: found[entity] for entity, kind in entities.items()}, until


def _version(row: Entity) -> str | None:
    return None if row.get("status") == "Deleted" else str(row.get("SyncToken", "0"))


def _count(found: Mapping[Kind, Sequence[Entity]]) -> int:
    return sum(map(len, found.values()))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
