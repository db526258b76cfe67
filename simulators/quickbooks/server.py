"""Running the twin: in a thread for tests, in the foreground for people."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypedDict, Unpack

from simulators.app import Application
from simulators.courier import Courier
from simulators.quickbooks import routes
from simulators.quickbooks.control import CONTROLS, world_of
from simulators.quickbooks.http import Request
from simulators.quickbooks.modes import Setup
from simulators.quickbooks.site import CLIENT_ID, CLIENT_SECRET, Site
from simulators.quickbooks.switches import Switches
from simulators.quickbooks.webhooks import Job
from simulators.quickbooks.world import World
from simulators.server import LOOPBACK, RunningTwin

_SERVED = frozenset(
    {"host", "port", "latency", "switches", "client_id", "client_secret", "others", "webhooks_to", "verifier"}
)


class Options(TypedDict, total=False):
    """How a twin is served (address, seconds of latency, switches, app) and how its first company is set up.

    ``others`` are set-ups of further companies; webhooks go to ``webhooks_to``, signed with the ``verifier`` token; the
    last group are the members of :class:`modes.Setup`.
    """

    host: str
    port: int
    latency: float
    switches: Switches
    client_id: str
    client_secret: str
    others: Iterable[Setup]
    webhooks_to: str
    verifier: str

    name: str
    currency: str
    multicurrency: bool
    custom_numbers: bool
    closed_until: str
    shipping: bool
    discounts: bool
    auto_apply_credit: bool
    auto_apply_payments: bool
    inventory: bool


class QuickBooksTwin(RunningTwin[Site]):
    """A running QuickBooks Online with one app and one or more companies.

    ``with QuickBooksTwin.start(company="us-ast") as twin:`` serves it in a thread until the block ends; ``twin.url``
    takes the place of the hosts of the API and of the token, consent and revocation pages.
    """

    def __init__(self, company: str = "us-ast", **options: Unpack[Options]) -> None:
        """Listen, but serve nothing yet.

        Raises OSError when the port is taken, ValueError for an unknown company or an address no webhook can go to.
        """
        chosen: Mapping[str, Any] = options
        setup = Setup(company, **{name: value for name, value in chosen.items() if name not in _SERVED})
        self.client_id = options.get("client_id", CLIENT_ID)
        self.client_secret = options.get("client_secret", CLIENT_SECRET)
        site = Site(options.get("switches", Switches()), self.client_id, self.client_secret)
        site.latency = options.get("latency", 0.0)
        self.realm = site.open(setup).realm
        for other in options.get("others", ()):
            site.open(other)
        site.webhooks.subscribe(options.get("webhooks_to", ""), options.get("verifier", ""))
        application = Application(site, Request, routes.answer, CONTROLS)
        super().__init__(site, application, options.get("host", LOOPBACK), options.get("port", 0))

    @classmethod
    def start(cls, company: str = "us-ast", **options: Unpack[Options]) -> Self:
        """Serve a company in a thread and return when it listens; raises OSError when the port is taken."""
        return cls(company, **options).run_aside()

    @property
    def realms(self) -> list[str]:
        """The companies, the first one first."""
        return list(self.site.companies)

    @property
    def courier(self) -> Courier[Job]:
        """What delivers the webhooks."""
        return self.site.courier

    @property
    def world(self) -> World:
        """The bookkeeper of the first company."""
        return self.world_of(self.realm)

    def world_of(self, realm: str) -> World:
        """The bookkeeper of a company; raises KeyError for an unknown one."""
        return world_of(self.site, realm)

    @property
    def switches(self) -> Switches:
        """How this QuickBooks behaves where sources are silent; may be changed while it runs."""
        return self.site.switches

    def subscribe(self, url: str, verifier: str) -> None:
        """Send webhooks to ``url`` from now on, signed with the verifier token; "" ends that. Raises ValueError."""
        with self.site.lock:
            self.site.webhooks.subscribe(url, verifier)

    def tokens(self, realm: str = "") -> dict[str, Any]:
        """A valid pair of tokens, as the token page answers it after a consent."""
        with self.site.lock:
            return self.site.tokens.connect(realm or self.realm)


def serve(*, company: str, ready: Callable[[QuickBooksTwin], None], **options: Unpack[Options]) -> None:
    """Serve a company in the foreground until SIGINT or SIGTERM; ``ready`` gets the twin, with its url and app.

    Raises OSError when the port is taken, ValueError for an unknown company.
    """
    twin = QuickBooksTwin(company, **options)
    twin.when_ready(ready)
    twin.run()
