"""The ASGI application: a request comes in, faults happen, the shop answers, the log remembers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import Any

from simulators.woocommerce import control, routes
from simulators.woocommerce.faults import Fault
from simulators.woocommerce.http import Answer, Request
from simulators.woocommerce.log import Line
from simulators.woocommerce.site import Site

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
TRANSPORT = "simulators.transport"


class Application:
    """A shop as an ASGI application."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = await _request(scope, receive)
        if control.is_control(request):
            await _send(send, request, control.answer(self.site, request), self._date())
            return
        started, cpu = time.perf_counter(), time.process_time()
        fault = self.site.faults.next_fault(request)
        answer = None if fault and fault.cut == "before" else self._answer(request, fault)
        cpu_ms = (time.process_time() - cpu) * 1000
        await asyncio.sleep(self.site.latency + (fault.delay if fault else 0.0))
        cut = (fault.cut if fault else None) or ""
        status = answer.status if answer and cut in ("", "half") else 0
        kind = answer.kind if answer else ""
        ms = (time.perf_counter() - started) * 1000
        self.site.log.add(Line(request.method, request.path, request.query, status, kind, ms, cut, cpu_ms))
        if answer and cut == "half":
            await _send_half(send, request, answer, self._date())
        if cut:
            await _hang_up(scope, receive)
        elif answer:
            await _send(send, request, answer, self._date())

    def _answer(self, request: Request, fault: Fault | None) -> Answer:
        with self.site.lock:
            answer = fault.answer if fault else None
            if answer is None or (fault and fault.works):
                done = routes.answer(self.site, request)
                answer = answer or done
            for hook in self.site.faults.next_hooks(request):
                if callable(hook.perform):
                    hook.perform()
                else:
                    for action in hook.perform:
                        control.perform(self.site, action)
        return answer

    def _date(self) -> tuple[str, str]:
        # The Date header tells the shop's time: a client may take its watermark from it.
        return "Date", format_datetime(self.site.clock.now(), usegmt=True)


async def _request(scope: Scope, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)


def _encoded(request: Request, answer: Answer, date: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    pairs = [*answer.headers, ("Server", "nginx/1.22.1"), date, ("Content-Length", str(len(answer.body)))]
    return [(name.encode("latin-1"), value.replace("{base}", request.base).encode("latin-1")) for name, value in pairs]


async def _send(send: Send, request: Request, answer: Answer, date: tuple[str, str]) -> None:
    headers = _encoded(request, answer, date)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_half(send: Send, request: Request, answer: Answer, date: tuple[str, str]) -> None:
    """Announce the whole body and send half of it."""
    headers = _encoded(request, answer, date)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection under the client, as a crashed server does."""
    scope[TRANSPORT].close()
    # Wait until the loop has noticed, else the server would complain of a missing answer.
    await receive()
