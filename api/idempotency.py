"""Calls that start work and are carried out once per Idempotency-Key, however often they are sent."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

from fastapi import Depends, FastAPI, Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import StringConstraints
from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import raw_body
from api.callers import permitted
from db.ledger.idempotency import Claim, Kept, claim_key, free_key, keep_answer
from domain.access import Permission
from domain.errors import ConnectorError
from domain.refusals import Clash, Unusable
from operations.caller import Caller

calls = logging.getLogger("unisync.service")

Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
REPLAYED = "Idempotency-Replayed"
FIRST_REFUSAL = 400
"""From here on nothing was changed, and the same call may turn out otherwise next time."""


class Working(NamedTuple):
    """A claim whose call is at work, and whose it is."""

    caller: Caller
    claim: Claim


class Replay(Exception):
    """The call was carried out before; its answer is given again."""

    def __init__(self, kept: Kept) -> None:
        super().__init__("carried out before")
        self.kept = kept


@cache
def _starting(permission: Permission) -> Callable[..., Caller]:
    may_start = Depends(permitted(permission))

    def start(
        request: Request,
        body: Annotated[bytes, Depends(raw_body)],
        # Not in the annotation, which is read where nobody knows of the permission.
        caller: Caller = may_start,
        key: Annotated[
            Key | None, Header(alias="Idempotency-Key", description="The same key and call: the same answer, for 24 h.")
        ] = None,
    ) -> Caller:
        if key is not None:
            _claim(request, caller, key, body)
        return caller

    return start


def starting(permission: Permission) -> Any:
    """Let an endpoint that starts work ask for a caller who has the permission, as ``api.callers.allowed`` does.

    Never where a secret is sent or answered: answers are kept. Declare 409 beside.
    """
    return Depends(_starting(permission))


def _claim(request: Request, caller: Caller, key: str, body: bytes) -> None:
    """Claim the key for this call.

    Raises:
        Replay: the call was carried out before.
        Clash: it is at work.
        Unusable: another call has the key.
    """
    claim, wanted = Claim(key, uuid4()), _print(request, caller, body)
    with caller.ledger() as session:
        kept = claim_key(session, claim, wanted)
    if kept.claim == claim.id:
        request.state.working = Working(caller, claim)
    elif kept.request != wanted:
        raise Unusable("another call has this Idempotency-Key; give every call its own", field="Idempotency-Key")
    elif kept.status is None:
        raise Clash("the first call with this Idempotency-Key is still at work; ask again in a moment")
    else:
        raise Replay(kept)


def _print(request: Request, caller: Caller, body: bytes) -> str:
    """Tell a call from every other: who, what, where."""
    parts = (caller.actor, request.method, request.url.path, request.url.query)
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + body).hexdigest()


class KeptAnswers:
    """Keeps the answers to calls that claimed a key before they are sent, and frees the key when nothing was done."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        state: dict[str, Any] = scope.setdefault("state", {})
        held: list[Message] = []

        async def answer(message: Message) -> None:
            working: Working | None = state.get("working")
            if working is None:
                await send(message)
                return
            held.append(message)
            if not message.get("more_body", message["type"] == "http.response.start"):
                del state["working"]
                await run_in_threadpool(_settle, working, held)
                for one in held:
                    await send(one)

        try:
            await self.app(scope, receive, answer)
        finally:
            if "working" in state:
                await run_in_threadpool(_free, state.pop("working"))


def _settle(working: Working, answer: list[Message]) -> None:
    status = answer[0]["status"]
    body = b"".join(message.get("body", b"") for message in answer).decode()
    # A token that confirms is kept as its hash only; whoever asks again gets another one.
    if status >= FIRST_REFUSAL or _holds_a_token(body):
        _free(working)
        return
    _remember(working, lambda session: keep_answer(session, working.claim, status, body))


def _holds_a_token(body: str) -> bool:
    answer = json.loads(body) if body else None
    return isinstance(answer, dict) and bool(answer.get("confirmation"))


def _free(working: Working) -> None:
    _remember(working, lambda session: free_key(session, working.claim))


def _remember(working: Working, change: Callable[[Session], None]) -> None:
    try:
        with working.caller.ledger() as session:
            change(session)
    except ConnectorError as error:
        # What was done is done: it must be told, though it cannot be told again.
        calls.error("%s: the Idempotency-Key could not be settled: %s", working.caller.request_id, error)


def declare_replay(app: FastAPI) -> None:
    """Let the app answer a call that was carried out before with what it answered then."""

    def replay(request: Request, error: Exception) -> Response:
        del request
        assert isinstance(error, Replay)  # noqa: S101 - what it is registered for
        kept = error.kept
        return Response(kept.body, kept.status or 200, {REPLAYED: "true"}, "application/json")

    app.add_exception_handler(Replay, replay)
    app.add_middleware(KeptAnswers)
