"""The running service: companies, tokens, throttles, memory of request ids."""

from itertools import count

from simulators.quickbooks.canned import canned
from simulators.quickbooks.company import Company
from simulators.quickbooks.modes import Setup
from simulators.quickbooks.oauth import Tokens
from simulators.quickbooks.remembering import Memory
from simulators.quickbooks.seeds import new_company
from simulators.quickbooks.switches import Switches
from simulators.quickbooks.throttle import Throttle
from simulators.quickbooks.webhooks import Webhooks
from simulators.telling import TellingSite

CLIENT_ID = "AB" + "twinclient" * 4
CLIENT_SECRET = "twin" + "secret42" * 4
_FIRST_REALM = 9341450000000001
_SECRETS = "access_token|refresh_token|client_secret|code|token"


class Site(TellingSite[Switches]):
    """One Intuit app and the companies that may connect to it."""

    def __init__(self, switches: Switches, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET) -> None:
        super().__init__(switches, _SECRETS, canned)
        self.companies: dict[str, Company] = {}
        self.tokens = Tokens(self.clock, switches, client_id, client_secret)
        self.throttle = Throttle(switches)
        self.memory = Memory(switches)
        self.webhooks = Webhooks(self.clock, switches, self.tokens.connected)
        self.tell_from(self.webhooks)
        self._numbers = count(1)

    def open(self, setup: Setup) -> Company:
        """A new company; the first has the lowest realm."""
        realm = str(_FIRST_REALM + len(self.companies))
        self.companies[realm] = company = new_company(realm, setup, self.clock, self.switches)
        company.tell = self._tell
        return company

    def _tell(self, realm: str, kind: str, number: str, operation: str) -> None:
        if self.webhooks.tell(realm, kind, number, operation):
            self.courier.wake()

    def next_tid(self) -> str:
        """The transaction id that stands on every answer and that support asks for."""
        return f"1-{next(self._numbers):08x}-7771"
