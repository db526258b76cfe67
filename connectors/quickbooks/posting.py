"""Carrying out a plan: what is referred to first, in batches, and an outcome for every write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.quickbooks.dispatch import Dispatch
from connectors.quickbooks.names import NameMirror, fold, name_field, wanted_name
from connectors.quickbooks.recognition import Recognition
from connectors.quickbooks.streams import STREAMS
from connectors.quickbooks.translate import (
    Body,
    Draft,
    Identity,
    UnresolvedRef,
    done,
    failed,
    refs_in,
    resolve,
    standing,
)
from db.connection_memory import ConnectionMemory
from db.models.books import NameEntity
from domain.errors import Missing
from domain.problems import Fate, Problem
from domain.writes import Action, Link, Ref, Result, Write, WriteOutcome


class Posting:
    """One plan on its way into the books; ``settled`` are outcomes of its writes that an earlier attempt had."""

    def __init__(
        self,
        memory: ConnectionMemory,
        mirror: NameMirror,
        recognition: Recognition,
        dispatch: Dispatch,
        settled: Mapping[Identity, WriteOutcome],
    ) -> None:
        self._memory = memory
        self._mirror = mirror
        self._recognition = recognition
        self._dispatch = dispatch
        self._settled = settled
        self._links: dict[Identity, Link] = {}
        self._outcomes: dict[Identity, WriteOutcome] = {}

    def carry_out(self, writes: Sequence[Write]) -> tuple[WriteOutcome, ...]:
        """Write phase by phase and give the outcomes in the order of the writes; raises as ``Dispatch`` does."""
        asked = {write.identity for write in writes}
        asked |= {(ref.key, ref.role) for write in writes for ref in refs_in(write.body)}
        self._links = self._memory.links(list(asked))
        for phase in sorted({STREAMS[write.target.kind].phase for write in writes}):
            self._carry_out([write for write in writes if STREAMS[write.target.kind].phase == phase])
        # An intent that was settled knows the body it sent; the plan's own write is what the caller asked about.
        return tuple(self._outcomes[write.identity].model_copy(update={"write": write}) for write in writes)

    def _carry_out(self, writes: Sequence[Write]) -> None:
        left = [write for write in writes if not self._is_over(write)]
        while left:
            drafts, left = self._drafted(left)
            self._note(self._dispatch.send(drafts))

    def _is_over(self, write: Write) -> bool:
        """Whether the outcome is known without asking QuickBooks; it is noted then."""
        earlier, link = self._settled.get(write.identity), self._links.get(write.identity)
        if write.action is Action.REMOVE:
            self._note([failed(write, _not_removed(write))])
        elif earlier is not None and earlier.link is not None and earlier.write.fingerprint == write.fingerprint:
            self._note([earlier])
        elif link is not None and write.action is Action.CREATE:
            self._note([standing(write, link)])
        else:
            return False
        return True

    def _drafted(self, writes: Sequence[Write]) -> tuple[list[Draft], list[Write]]:
        """Make drafts; give also the writes that must wait for one of them, because both want the same name."""
        drafts: list[Draft] = []
        later: list[Write] = []
        taken: set[str] = set()
        for write in writes:
            body = self._resolved(write)
            entity = STREAMS[write.target.kind].names
            if body is None:
                continue
            if entity is None:
                drafts.append(Draft(self._based(write), body))
                continue
            if taken & _marks(entity, body):
                later.append(write)
            elif (draft := self._named(write, body, entity)) is not None:
                taken |= _marks(entity, body) | _marks(entity, draft.body)
                drafts.append(draft)
        return drafts, later

    def _resolved(self, write: Write) -> Body | None:
        try:
            body: Body = resolve(write.body or {}, self._id_of)
        except UnresolvedRef as missing:
            self._note([failed(write, self._unresolved(write, missing.ref))])
            return None
        return body

    def _named(self, write: Write, body: Body, entity: NameEntity) -> Draft | None:
        """Give the draft of a record with a name, or None and note its outcome when nothing need be sent."""
        field = name_field(entity)
        if write.action is Action.UPDATE and field not in body:
            return Draft(self._based(write), body)
        self._mirror.freshen()
        if write.action is Action.UPDATE:
            return Draft(self._based(write), self._renamed(write, body, entity))
        try:
            naming = self._mirror.naming(entity, body, write.source)
        except Missing as error:
            self._note([failed(write, _nameless(write, str(error.args[0])))])
            return None
        if naming.adopted is not None:
            row = {"Id": naming.adopted.id, "SyncToken": naming.adopted.version}
            outcome = done(write, row, Result.UNCHANGED)
            if outcome.link is not None:
                self._memory.keep_links([outcome.link])
            self._note([outcome])
            return None
        return Draft(write, {**body, field: naming.name})

    def _renamed(self, write: Write, body: Body, entity: NameEntity) -> Body:
        wanted = wanted_name(entity, body)
        if self._mirror.is_free_for(entity, wanted, write.target.id):
            return {**body, name_field(entity): wanted}
        # It got a suffix when it was made, because somebody else has this name.
        return {name: value for name, value in body.items() if name != name_field(entity)}

    def _based(self, write: Write) -> Write:
        if write.action is not Action.UPDATE or write.base_version is not None:
            return write
        return write.model_copy(update={"base_version": str(self._recognition.current(write)["SyncToken"])})

    def _id_of(self, identity: Identity) -> str | None:
        link = self._links.get(identity)
        return None if link is None else link.target.id

    def _note(self, outcomes: Iterable[WriteOutcome]) -> None:
        for outcome in outcomes:
            self._outcomes[outcome.write.identity] = outcome
            if outcome.link is not None:
                self._links[outcome.write.identity] = outcome.link

    def _unresolved(self, write: Write, ref: Ref) -> Problem:
        before = self._outcomes.get((ref.key, ref.role))
        reason = before.problem.message if before and before.problem else "it was never written there"
        return Problem(
            code="quickbooks.unresolved",
            message=f"it refers to {ref.key} ({ref.role}), which is not in QuickBooks: {reason}",
            fate=Fate.RETRY,
            key=write.source,
            advice="solve the problem of that record; this one follows by itself",
        )


def _marks(entity: NameEntity, body: Body) -> set[str]:
    """Name what two new records must not share unnoticed."""
    marks = {f"{entity} called {fold(wanted_name(entity, body))}"}
    return marks | {f"{entity} numbered {fold(str(body['Sku']))}"} if body.get("Sku") else marks


def _not_removed(write: Write) -> Problem:
    return Problem(
        code="quickbooks.not_removed",
        message="a sync removes nothing from the books",
        fate=Fate.SKIP,
        key=write.source,
        advice="void or deactivate it in QuickBooks if it should not count",
    )


def _nameless(write: Write, reason: str) -> Problem:
    return Problem(
        code="quickbooks.name",
        message=reason,
        fate=Fate.SKIP,
        key=write.source,
        advice="rename the customer or item in the shop or in QuickBooks",
    )
