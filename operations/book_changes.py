"""What others did in the books, told by QuickBooks or asked for: our own echoes are dropped, the rest is for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from config.wiring import load_endpoint, open_target
from connectors.quickbooks.streams import STREAMS
from db.ledger import load_snapshot, save_problems, save_snapshot
from db.ledger.book_changes import resolve_changes
from db.ledger.links import NotedLink, links_to
from db.session import tenant_session
from domain.books import Standing
from domain.connector import Books
from domain.keys import ConnectionName, Kind, RecordKey, TenantName
from domain.problems import BOOKS_CHANGED, Fate, Problem
from domain.writes import Link

POSITION = "changes"
"""The snapshot that tells up to which moment the changes of a set of books were looked at."""

KINDS = {stream.entity.lower(): kind for kind, stream in STREAMS.items()}
DOCUMENTS = {kind for kind, stream in STREAMS.items() if stream.names is None}
# We note a write after QuickBooks did it, so what it tells of with an earlier stamp is our own doing.
CLOCKS_APART = timedelta(seconds=1)
FIRST_LOOK = timedelta(days=29)
WORDS = {
    Standing.CHANGED: "was changed in the books by somebody else",
    Standing.VOIDED: "was voided in the books by somebody else",
    Standing.GONE: "was deleted from the books by somebody else",
}
ADVICE = (
    "decide which of the two counts, shop or books, and change the other one to match it; if both may differ, ignore "
    "this with a reason"
)


class Change(NamedTuple):
    """Something of the books is said to have changed; ``entity`` in lower case, ``at`` by QuickBooks' clock."""

    entity: str
    record_id: str
    at: datetime | None


class Looked(BaseModel):
    """What a look into the books found: our own ``echoes``, documents ``untouched`` or ``changed`` by somebody else.

    Changes were asked for from ``since`` on. ``unseen`` are kinds of which so much had changed that deletions among
    them could not be seen.
    """

    model_config = ConfigDict(frozen=True)

    echoes: int = 0
    untouched: int = 0
    changed: int = 0
    since: AwareDatetime | None = None
    unseen: tuple[Kind, ...] = ()


def look_into(engine: Engine, tenant: TenantName, books: ConnectionName, told: Sequence[Change]) -> Looked:
    """Find out which of these changes are not our own, and queue the documents that no longer are as we wrote them.

    Raises:
        RetryableError: the books are busy or away.
        FatalError: they refuse us, or the settings cannot work.
    """
    moments = {_key(books, change): change.at for change in told if change.entity in KINDS}
    found = _links_to(engine, tenant, list(moments))
    doubtful = [known.link for known in found if not _is_echo(known, moments[known.link.target])]
    echoes = {known.link.target for known in found} - {link.target for link in doubtful}
    documents = [link for link in doubtful if link.target.kind in DOCUMENTS]
    names_moved = any(
        KINDS.get(change.entity) not in DOCUMENTS and (change.entity not in KINDS or _key(books, change) not in echoes)
        for change in told
    )
    standings: Mapping[RecordKey, Standing] = {}
    if documents or names_moved:
        with _opened(engine, tenant, books) as opened:
            standings = opened.standings(documents)
            if names_moved:
                opened.freshen_names()
    return _remembered(engine, tenant, books, documents, standings).model_copy(update={"echoes": len(echoes)})


def catch_up(engine: Engine, tenant: TenantName, books: ConnectionName) -> Looked:
    """Ask the books for everything that changed since they were last asked, and do with it as ``look_into`` does.

    Closes the gaps that lost webhooks leave; further back than 29 days nobody can ask. Raises as ``look_into`` does.
    """
    with tenant_session(engine, tenant) as session:
        kept = load_snapshot(session, books, POSITION)
    since = datetime.fromisoformat(json.loads(kept.content)["until"]) if kept else datetime.now(UTC) - FIRST_LOOK
    with _opened(engine, tenant, books) as opened:
        news = opened.news(since)
        found = _links_to(engine, tenant, list(news.versions))
        doubtful = [known.link for known in found if news.versions[known.link.target] != known.link.version]
        standings = opened.standings(doubtful)
        opened.freshen_names()
    looked = _remembered(engine, tenant, books, doubtful, standings)
    with tenant_session(engine, tenant) as session:
        save_snapshot(session, books, POSITION, json.dumps({"until": news.until.isoformat()}))
    echoes = len(found) - len(doubtful)
    return looked.model_copy(update={"echoes": echoes, "since": news.since, "unseen": news.unseen})


def _remembered(
    engine: Engine,
    tenant: TenantName,
    books: ConnectionName,
    links: Sequence[Link],
    standings: Mapping[RecordKey, Standing],
) -> Looked:
    moved: dict[RecordKey, list[str]] = {}
    for link in links:
        if (standing := standings[link.target]) is not Standing.UNTOUCHED:
            sentence = f"{STREAMS[link.target.kind].entity} {link.target.id} {WORDS[standing]}"
            moved.setdefault(link.source, []).append(sentence)
    look = uuid4()
    with tenant_session(engine, tenant) as session:
        save_problems(session, look, books, [_problem(source, moved[source]) for source in moved])
        resolve_changes(session, books, list({link.source for link in links} - moved.keys()), look)
    changed = sum(map(len, moved.values()))
    return Looked(untouched=len(links) - changed, changed=changed)


def _problem(source: RecordKey, sentences: Sequence[str]) -> Problem:
    # One record has one problem, and an order several documents: who deletes an invoice changes its payment, too.
    message = "; ".join(sorted(sentences))
    return Problem(code=BOOKS_CHANGED, message=message, fate=Fate.SKIP, key=source, advice=ADVICE)


def _is_echo(known: NotedLink, at: datetime | None) -> bool:
    # Looked at for all that belongs to the record: its payment moves the version of an invoice a moment after it.
    return at is not None and at <= known.noted_at + CLOCKS_APART


def _links_to(engine: Engine, tenant: TenantName, keys: Sequence[RecordKey]) -> list[NotedLink]:
    if not keys:
        return []
    with tenant_session(engine, tenant) as session:
        return links_to(session, keys)


def _key(books: ConnectionName, change: Change) -> RecordKey:
    return RecordKey(connection=books, kind=KINDS[change.entity], id=change.record_id)


@contextmanager
def _opened(engine: Engine, tenant: TenantName, books: ConnectionName) -> Iterator[Books]:
    with open_target(load_endpoint(engine, tenant, books)) as opened:
        yield cast(Books, opened)
