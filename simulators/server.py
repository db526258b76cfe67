"""Running a twin: in a thread for tests, in the foreground for people."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, TypeVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulators.app import TRANSPORT, Application
from simulators.clock import Clock
from simulators.faults import Faults
from simulators.log import Log
from simulators.site import Site

LOOPBACK = "127.0.0.1"
_LAST_ANSWERS_SECONDS = 1.0
S = TypeVar("S", bound=Site[Any])


class _CuttableProtocol(HttpToolsProtocol):
    """Puts the connection into the scope, so that a fault can really close it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio switches Nagle's algorithm off only for sockets that name their protocol, which accepted ones do not;
        # with it on, every small answer waits 40 ms for the acknowledgement of its head.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class _Server(uvicorn.Server):
    """Says when it serves, and ends quietly: uvicorn would raise SIGTERM or SIGINT once more after its shutdown."""

    ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready:
            self.ready()

    async def main_loop(self) -> None:
        # uvicorn looks every 0.1 s whether it should end, and waits as long again; tests start and end many twins.
        while not self.should_exit:
            await asyncio.sleep(0.02)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_LAST_ANSWERS_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


class RunningTwin(Generic[S]):
    """A site that listens; used as a context manager it serves until the block ends."""

    def __init__(self, site: S, application: Application[S, Any], host: str, port: int) -> None:
        """Listen, but serve nothing yet; raises OSError when the port is taken."""
        self.site = site
        self._listener = socket.create_server((host, port), backlog=256)
        config = uvicorn.Config(
            application, http=_CuttableProtocol, lifespan="off", log_config=None, log_level="error",
            access_log=False, server_header=False, date_header=False,
        )  # fmt: skip
        self._server = _Server(config)
        self._thread: threading.Thread | None = None
        self.url = site.home = "http://{}:{}".format(*self._listener.getsockname()[:2])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self.url!r})"

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.site.faults

    @property
    def log(self) -> Log:
        """The requests so far."""
        return self.site.log

    @property
    def clock(self) -> Clock:
        """The twin's time."""
        return self.site.clock

    def run(self) -> None:
        """Serve in this thread until :meth:`stop`, or in the main thread until SIGINT or SIGTERM."""
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        finally:
            self.site.close()

    def run_aside(self) -> Self:
        """Serve in a thread of its own until :meth:`stop`; requests wait from now on until it answers."""
        self._thread = threading.Thread(target=self.run, name=type(self).__name__, daemon=True)
        self._thread.start()
        return self

    def when_ready(self, announce: Callable[[Self], None]) -> None:
        """Call ``announce`` as soon as requests are served and signals end the service cleanly."""
        self._server.ready = lambda: announce(self)

    def stop(self) -> None:
        """Stop serving and wait for the end of the thread."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
