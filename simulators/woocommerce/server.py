"""Running the twin: in a thread for tests, in the foreground for people."""

from collections.abc import Callable
from typing import Self, TypedDict, Unpack

from simulators.app import Application
from simulators.courier import Courier
from simulators.server import LOOPBACK, RunningTwin
from simulators.woocommerce import routes
from simulators.woocommerce.auth import KEY, SECRET
from simulators.woocommerce.control import CONTROLS
from simulators.woocommerce.http import Request
from simulators.woocommerce.shop import Shop
from simulators.woocommerce.site import Site
from simulators.woocommerce.switches import Switches
from simulators.woocommerce.webhooks import Job
from simulators.woocommerce.world import World


class Options(TypedDict, total=False):
    """How a twin is served: address (loopback and any free port unless given), seconds of latency, switches, key."""

    host: str
    port: int
    latency: float
    switches: Switches
    key: str
    secret: str


class Twin(RunningTwin[Site]):
    """A running shop. ``with Twin.start(shop=recorded_shop()) as twin:`` serves it in a thread until the block ends."""

    def __init__(self, shop: Shop, **options: Unpack[Options]) -> None:
        """Listen, but serve nothing yet; raises OSError when the port is taken."""
        self.key = options.get("key", KEY)
        self.secret = options.get("secret", SECRET)
        site = Site(shop, options.get("switches", Switches()), self.key, self.secret)
        site.latency = options.get("latency", 0.0)
        application = Application(site, Request, routes.answer, CONTROLS)
        super().__init__(site, application, options.get("host", LOOPBACK), options.get("port", 0))

    @classmethod
    def start(cls, *, shop: Shop, **options: Unpack[Options]) -> Self:
        """Serve ``shop`` in a thread and return when it listens; raises OSError when the port is taken."""
        return cls(shop, **options).run_aside()

    @property
    def courier(self) -> Courier[Job]:
        """What delivers the webhooks."""
        return self.site.courier

    @property
    def world(self) -> World:
        """The shop owner's actions."""
        return self.site.world

    @property
    def shop(self) -> Shop:
        """What the shop holds."""
        return self.site.shop

    @property
    def switches(self) -> Switches:
        """How this shop differs from others; may be changed while it runs."""
        return self.site.switches


def serve(*, shop: Shop, ready: Callable[[Twin], None], **options: Unpack[Options]) -> None:
    """Serve ``shop`` in the foreground until SIGINT or SIGTERM; ``ready`` gets the twin, with its url and key.

    Raises OSError when the port is taken.
    """
    twin = Twin(shop, **options)
    twin.when_ready(ready)
    twin.run()
