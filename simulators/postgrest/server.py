"""Running the twin: in a thread for tests, in the foreground for people."""

from collections.abc import Callable
from typing import Self, TypedDict, Unpack

from simulators.app import Application
from simulators.control import Controls
from simulators.http import Request
from simulators.postgrest import routes
from simulators.postgrest.canned import ANSWERS
from simulators.postgrest.keys import Keys
from simulators.postgrest.site import Site
from simulators.postgrest.switches import Switches
from simulators.server import LOOPBACK, RunningTwin

CONTROLS: Controls[Site] = Controls({}, {}, lambda: ANSWERS)


class Options(TypedDict, total=False):
    """How a twin is served: address (loopback and any free port unless given), seconds of latency, switches."""

    host: str
    port: int
    latency: float
    switches: Switches


class PostgrestTwin(RunningTwin[Site]):
    """A running project; used as a context manager it serves until the block ends."""

    def __init__(self, database_url: str, **options: Unpack[Options]) -> None:
        """Listen, but serve nothing yet; raises NoDatabase, or OSError when the port is taken."""
        self.keys = Keys()
        site = Site(database_url, options.get("switches", Switches()), self.keys)
        site.latency = options.get("latency", 0.0)
        application = Application(site, Request, routes.answer, CONTROLS)
        super().__init__(site, application, options.get("host", LOOPBACK), options.get("port", 0))

    @classmethod
    def start(cls, database_url: str, **options: Unpack[Options]) -> Self:
        """Serve in a thread and return when it listens; raises as the constructor does."""
        return cls(database_url, **options).run_aside()

    def stop(self) -> None:
        """Stop serving, wait for the end of the thread and let the database go."""
        super().stop()
        self.site.close()

    @property
    def switches(self) -> Switches:
        """How this project differs from others; may be changed while it runs."""
        return self.site.switches


def serve(database_url: str, *, ready: Callable[[PostgrestTwin], None], **options: Unpack[Options]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; ``ready`` gets the twin, with its url and keys.

    Raises NoDatabase, or OSError when the port is taken.
    """
    twin = PostgrestTwin(database_url, **options)
    twin.when_ready(ready)
    twin.run()
