"""The ASGI application of a twin: a request comes in, faults happen, the twin answers, the log remembers."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import Any, Generic, TypeVar

from simulators.control import Controls, is_control
from simulators.faults import Fault
from simulators.http import Answer, Request
from simulators.log import Line
from simulators.site import Site

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
S = TypeVar("S", bound=Site[Any])
R = TypeVar("R", bound=Request)
Pair = tuple[str, str]
TRANSPORT = "simulators.transport"


class Application(Generic[S, R]):
    """A site as an ASGI application: ``respond`` is what it says to a ``request``, ``controls`` steer it."""

    def __init__(self, site: S, request: type[R], respond: Callable[[S, R], Answer], controls: Controls[S]) -> None:
        self.site = site
        self._request = request
        self._respond = respond
        self._controls = controls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = self._request(*await _read(scope, receive))
        if is_control(request):
            # Aside, because a flush waits for receivers, and a receiver may ask this very server meanwhile.
            told = await asyncio.to_thread(self._controls.answer, self.site, request)
            await _send(send, request, told, self._standing())
            return
        started, cpu = time.perf_counter(), time.process_time()
        fault = self.site.faults.next_fault(request)
        if fault and fault.stall:
            await asyncio.sleep(fault.stall)
        answer, errands = (None, []) if fault and fault.cut == "before" else self._answer(request, fault)
        for errand in errands:
            await asyncio.to_thread(errand)
        cpu_ms = (time.process_time() - cpu) * 1000
        await asyncio.sleep(self.site.latency + (fault.delay if fault else 0.0))
        cut = (fault.cut if fault else None) or ""
        ms = (time.perf_counter() - started) * 1000
        self.site.log.add(_line(request, answer, cut, ms, cpu_ms))
        if answer and cut == "half":
            await _send_half(send, request, answer, self._standing())
        if cut:
            await _hang_up(scope, receive)
        elif answer:
            await _send(send, request, answer, self._standing())

    def _answer(self, request: R, fault: Fault | None) -> tuple[Answer, list[Callable[[], object]]]:
        with self.site.lock:
            answer = fault.answer if fault else None
            if answer is None or (fault and fault.works):
                done = self._respond(self.site, request)
                answer = answer or done
            for hook in self.site.faults.next_hooks(request):
                if callable(hook.perform):
                    hook.perform()
                else:
                    for action in hook.perform:
                        self._controls.perform(self.site, action)
            return answer, self.site.take_errands()

    def _standing(self) -> list[Pair]:
        # The Date header tells the twin's time: a client may take its watermark from it.
        date = format_datetime(self.site.clock.now(), usegmt=True)
        return [("Server", self.site.banner), ("Date", date)]


async def _read(scope: Scope, receive: Receive) -> tuple[str, str, str, dict[str, str], bytes]:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body


def _line(request: Request, answer: Answer | None, cut: str, ms: float, cpu_ms: float) -> Line:
    status = answer.status if answer and cut in ("", "half") else 0
    digest = hashlib.sha256(request.body).hexdigest() if request.body else ""
    asked = (answer.kind, answer.action, answer.items) if answer else ("", "", 0)
    kind, action, items = asked
    return Line(
        request.method, request.path, request.query, status, kind, ms, cut, cpu_ms, action, items, digest
    )  # fmt: skip


def _encoded(request: Request, answer: Answer, standing: list[Pair]) -> list[tuple[bytes, bytes]]:
    pairs = [*answer.headers, *standing, ("Content-Length", str(len(answer.body)))]
    return [(name.encode("latin-1"), value.replace("{base}", request.base).encode("latin-1")) for name, value in pairs]


async def _send(send: Send, request: Request, answer: Answer, standing: list[Pair]) -> None:
    headers = _encoded(request, answer, standing)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_half(send: Send, request: Request, answer: Answer, standing: list[Pair]) -> None:
    """Announce the whole body and send half of it."""
    headers = _encoded(request, answer, standing)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection under the client, as a crashed server does."""
    scope[TRANSPORT].close()
    # Wait until the loop has noticed, else the server would complain of a missing answer.
    await receive()
