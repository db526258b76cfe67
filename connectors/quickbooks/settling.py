"""Finding out what became of batches whose answer never came, and finishing them."""

from __future__ import annotations

from uuid import uuid4

from connectors.quickbooks.dispatch import REPEATED, Dispatch
from connectors.quickbooks.pace import Pace
from connectors.quickbooks.recognition import Recognition
from connectors.quickbooks.translate import body_of, done
from db.connection_memory import ConnectionMemory
from db.ledger import Intent, OpenBatch
from domain.errors import RetryableError
from domain.writes import Action, Result, WriteOutcome


class Settling:
    """Settles open batches, whether QuickBooks honours request ids or forgot them.

    What is found in the books is linked. If nothing of a batch is found, it is sent again as it was, with the same
    request id: whoever remembers that, answers as before. If a part is found, the rest is a batch of its own, because
    to repeat the whole would write the part twice wherever the request id is forgotten.
    """

    def __init__(self, memory: ConnectionMemory, recognition: Recognition, dispatch: Dispatch, pace: Pace) -> None:
        self._memory = memory
        self._recognition = recognition
        self._dispatch = dispatch
        self._pace = pace

    def settle(self) -> list[WriteOutcome]:
        """Settle all open batches and give the outcome of each of their writes; raises as ``Dispatch`` does."""
        batches = self._memory.open_batches()
        wait = max((self._pace.doubt - batch.age for batch in batches), default=0)
        if wait > 0:
            # Until then a request may still be working, and what it makes not yet be there.
            self._pace.sleep(wait)
        return [outcome for batch in batches for outcome in self._settle(batch)]

    def _settle(self, batch: OpenBatch) -> list[WriteOutcome]:
        intents = [_with_body(intent) for intent in batch.intents]
        rows = self._recognition.find(intents)
        found = {
            intent.id: done(intent.write, rows[intent.id], _result(intent)) for intent in intents if intent.id in rows
        }
        self._dispatch.settle([intent for intent in intents if intent.id in found], found)
        rest = [intent for intent in intents if intent.id not in found]
        if found:
            rest = self._renamed(rest)
        return [*found.values(), *self._replayed(rest)]

    def _replayed(self, intents: list[Intent]) -> list[WriteOutcome]:
        if not intents:
            return []
        try:
            return self._dispatch.deliver(intents, is_replay=True)
        except RetryableError as error:
            if error.code != REPEATED:
                raise
            # It remembers the id but not the answer, and what it was for is not in the books.
            return self._dispatch.deliver(self._renamed(intents), is_replay=True)

    def _renamed(self, intents: list[Intent]) -> list[Intent]:
        request_id = str(uuid4())
        self._memory.rename_batch([intent.id for intent in intents], request_id)
        return [intent.model_copy(update={"request_id": request_id}) for intent in intents]


def _with_body(intent: Intent) -> Intent:
    write = intent.write.model_copy(update={"body": body_of(intent.item, intent.write)})
    return intent.model_copy(update={"write": write})


def _result(intent: Intent) -> Result:
    return Result.UPDATED if intent.write.action is Action.UPDATE else Result.CREATED
