"""Sending batches: remembered before they leave, settled when the answer is there, left open when it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from connectors.quickbooks.client import MOST_ITEMS, QuickBooksClient
from connectors.quickbooks.faults import fault_in, problem_of
from connectors.quickbooks.meanings import meaning_of
from connectors.quickbooks.names import NameMirror, name_field
from connectors.quickbooks.recognition import Recognition, holds
from connectors.quickbooks.streams import STREAMS
from connectors.quickbooks.translate import Draft, bid_of, body_of, done, failed, item_text, standing
from connectors.quickbooks.wire import DUPLICATE_NAME, DUPLICATE_NUMBER, NOT_FOUND, STALE, ErrorWire
from db.connection_memory import ConnectionMemory
from db.ledger import Intent
from domain.errors import (
    Ambiguous,
    ConnectorError,
    FatalError,
    Missing,
    RecordError,
    RetryableError,
    Unavailable,
)
from domain.problems import Fate, Problem
from domain.writes import Action, Result, WriteOutcome

REPEATED = "600"
IN_DOUBT = "nobody knows whether the batch was written; the next attempt looks first and repeats it only if it was not"


@dataclass
class Verdicts:
    """What the answer to a batch says about each of its intents, and which drafts deserve a second attempt."""

    outcomes: dict[UUID, WriteOutcome] = field(default_factory=dict)
    second: list[Draft] = field(default_factory=list)
    fatal: ConnectorError | None = None


class Dispatch:
    """Carries drafts and intents to QuickBooks.

    Every method raises RetryableError when QuickBooks is busy, away, or leaves us in doubt, FatalError when it refuses
    us; what was written until then is remembered.
    """

    def __init__(
        self, client: QuickBooksClient, memory: ConnectionMemory, mirror: NameMirror, recognition: Recognition
    ) -> None:
        self._client = client
        self._memory = memory
        self._mirror = mirror
        self._recognition = recognition

    def send(self, drafts: Sequence[Draft], *, is_last_attempt: bool = False) -> list[WriteOutcome]:
        """Write the drafts, which do not depend on each other, and give the outcome of each, in any order."""
        outcomes: list[WriteOutcome] = []
        for start in range(0, len(drafts), MOST_ITEMS):
            intents = intents_of(drafts[start : start + MOST_ITEMS])
            links = self._memory.open_intents(intents)
            there = [intent.write for intent in intents if intent.write.identity in links]
            outcomes += [standing(write, links[write.identity]) for write in there]
            if rest := [intent for intent in intents if intent.write.identity not in links]:
                outcomes += self.deliver(rest, is_last_attempt=is_last_attempt)
        return outcomes

    def deliver(
        self, intents: Sequence[Intent], *, is_last_attempt: bool = False, is_replay: bool = False
    ) -> list[WriteOutcome]:
        """Send intents that are remembered, as one batch, and settle them; a replay that is not let in stays open."""
        began = perf_counter()
        try:
            answer = self._client.send_batch(intents[0].request_id, [intent.item for intent in intents])
        except Ambiguous as doubt:
            error = Unavailable(IN_DOUBT, connection=self._client.connection, operation="writing a batch")
            error.code, error.status, error.request_id = doubt.code, doubt.status, doubt.request_id
            raise error from doubt
        except RecordError as refusal:
            return self._halved(intents, refusal)
        except (FatalError, RetryableError):
            if not is_replay:
                # Nothing of it was done: it is planned anew when the way is free again.
                self._memory.settle({}, [intent.id for intent in intents])
            raise
        milliseconds = 1000 * (perf_counter() - began)
        outcomes = self._settled(intents, answer.items, is_last_attempt=is_last_attempt)
        return [_traced(outcome, milliseconds, answer.request_id) for outcome in outcomes]

    def _settled(
        self, intents: Sequence[Intent], answers: Mapping[str, dict[str, Any]], *, is_last_attempt: bool
    ) -> list[WriteOutcome]:
        verdicts = Verdicts()
        for intent in intents:
            self._judge(intent, answers.get(bid_of(intent.item), {}), verdicts)
        self._note_names(intents, answers)
        self.settle(intents, verdicts.outcomes)
        if verdicts.fatal is not None:
            raise verdicts.fatal
        second = {draft.write.identity for draft in verdicts.second}
        if is_last_attempt or not second:
            return list(verdicts.outcomes.values())
        kept = [outcome for outcome in verdicts.outcomes.values() if outcome.write.identity not in second]
        return kept + self.send(verdicts.second, is_last_attempt=True)

    def settle(self, intents: Sequence[Intent], outcomes: Mapping[UUID, WriteOutcome]) -> None:
        """Remember the outcomes of these intents in one transaction."""
        succeeded = {
            intent.id: (outcome.link, outcome.total)
            for intent in intents
            if (outcome := outcomes[intent.id]).link is not None
        }
        self._memory.settle(succeeded, [intent.id for intent in intents if intent.id not in succeeded])

    def _judge(self, intent: Intent, answer: Mapping[str, Any], verdicts: Verdicts) -> None:
        write = intent.write
        row = answer.get(STREAMS[write.target.kind].entity)
        if row is not None:
            result = Result.UPDATED if write.action is Action.UPDATE else Result.CREATED
            verdicts.outcomes[intent.id] = done(write, row, result)
            return
        fault = fault_in(dict(answer))
        error = fault.decisive if fault else ErrorWire()
        verdicts.outcomes[intent.id] = self._refused(intent, error, verdicts)
        meaning = meaning_of(error)
        if fault is not None and issubclass(meaning.error, FatalError):
            sentence = f"{meaning.sentence} (QuickBooks error {error.code}); {meaning.advice}"
            verdicts.fatal = meaning.error(sentence, connection=self._client.connection, code=error.code)

    def _refused(self, intent: Intent, error: ErrorWire, verdicts: Verdicts) -> WriteOutcome:
        body = body_of(intent.item, intent.write)
        if error.code == STALE:
            return self._stale(intent, body, verdicts)
        if error.code == DUPLICATE_NUMBER:
            holder = self._recognition.holder(intent.write, body, error)
            if holder is not None:
                return done(intent.write, holder, Result.UNCHANGED)
        if error.code == DUPLICATE_NAME:
            return self._name_taken(intent, body, error, verdicts)
        if issubclass(meaning_of(error).error, RetryableError):
            # It broke while it worked, or was passed over in silence: perhaps it is done all the same.
            row = self._recognition.find([intent]).get(intent.id)
            if row is not None:
                return done(intent.write, row, Result.CREATED)
        return failed(intent.write, problem_of(error, intent.write.source))

    def _stale(self, intent: Intent, body: dict[str, Any], verdicts: Verdicts) -> WriteOutcome:
        write = intent.write
        try:
            row = self._recognition.current(write)
        except Missing:
            return failed(write, problem_of(ErrorWire(code=NOT_FOUND), write.source))
        if holds(body, row):
            return done(write, row, Result.UNCHANGED)
        before = self._memory.last_written(write.source, write.role)
        if before is not None and holds(body_of(before, write), row):
            # What we once wrote still stands: only its version moved, as that of an invoice does with its payment.
            again = write.model_copy(update={"base_version": str(row["SyncToken"])})
            verdicts.second.append(Draft(again, body))
        return failed(write, _conflict(intent))

    def _name_taken(self, intent: Intent, body: dict[str, Any], error: ErrorWire, verdicts: Verdicts) -> WriteOutcome:
        write, entity = intent.write, STREAMS[intent.write.target.kind].names
        if entity is not None and write.action is Action.CREATE:
            self._mirror.freshen(again=True)
            naming = self._mirror.naming(entity, body, write.source)
            if naming.adopted is not None:
                row = {"Id": naming.adopted.id, "SyncToken": naming.adopted.version}
                return done(write, row, Result.UNCHANGED)
            if naming.name != body.get(name_field(entity)):
                verdicts.second.append(Draft(write, {**body, name_field(entity): naming.name}))
        return failed(write, problem_of(error, write.source))

    def _note_names(self, intents: Sequence[Intent], answers: Mapping[str, dict[str, Any]]) -> None:
        streams = {bid_of(intent.item): STREAMS[intent.write.target.kind] for intent in intents}
        self._mirror.note(
            (stream.names, answers[bid][stream.entity])
            for bid, stream in streams.items()
            if stream.names is not None and stream.entity in answers.get(bid, {})
        )

    def _halved(self, intents: Sequence[Intent], refusal: RecordError) -> list[WriteOutcome]:
        self._memory.settle({}, [intent.id for intent in intents])
        if len(intents) == 1:
            write = intents[0].write
            return [failed(write, problem_of(ErrorWire(code=refusal.code or ""), write.source))]
        middle = len(intents) // 2
        drafts = [Draft(intent.write, body_of(intent.item, intent.write)) for intent in intents]
        return self.send(drafts[:middle]) + self.send(drafts[middle:])


def intents_of(drafts: Sequence[Draft]) -> list[Intent]:
    """Make a batch of drafts; its request id is kept with it, so that a replay carries the same one."""
    request_id = str(uuid4())
    return [
        Intent(id=uuid4(), request_id=request_id, position=position, item=item_text(draft, position), write=draft.write)
        for position, draft in enumerate(drafts, start=1)
    ]


def _traced(outcome: WriteOutcome, milliseconds: float, request_id: str | None) -> WriteOutcome:
    if outcome.milliseconds is not None:
        return outcome  # of a second attempt, with a call of its own
    return outcome.model_copy(update={"milliseconds": milliseconds, "request_id": request_id})


def _conflict(intent: Intent) -> Problem:
    return Problem(
        code="quickbooks.changed_meanwhile",
        message="somebody changed it in QuickBooks since it was written (QuickBooks error 5010)",
        fate=Fate.SKIP,
        key=intent.write.source,
        advice="decide which of the two counts, and change the other one to match it",
    )
