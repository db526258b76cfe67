"""What the control API can do to companies, beside what every twin allows; ``realm`` chooses one, else the first."""

import json
from collections.abc import Callable
from typing import Any

from simulators.control import Command, Controls, Sent
from simulators.quickbooks.canned import canned_names
from simulators.quickbooks.modes import Setup
from simulators.quickbooks.numbers import encode
from simulators.quickbooks.refusals import Refusal
from simulators.quickbooks.site import Site
from simulators.quickbooks.world import World
from simulators.telling import APART, COMMANDS


def world_of(site: Site, realm: str = "") -> World:
    """The bookkeeper of a company, of the first one without ``realm``; raises KeyError for an unknown one."""
    chosen = realm or next(iter(site.companies))
    if chosen not in site.companies:
        raise KeyError(f"There is no company {chosen!r}. Known: {', '.join(site.companies)}.")
    return World(site.companies[chosen], site.tokens, site.lock)


def _does(act: Callable[[World, Sent], Any]) -> Command[Site]:
    def command(site: Site, sent: Sent) -> Any:
        try:
            done = act(world_of(site, sent.pop("realm", "")), sent)
        except Refusal as error:
            raise ValueError(f"QuickBooks refuses this: {error.problems[0].code} {error.problems[0].detail}") from error
        return json.loads(encode(done))

    return command


# Each action with the names it cannot do without.
_ACTIONS: dict[str, tuple[tuple[str, ...], Command[Site]]] = {
    "create": (("kind", "fields"), _does(lambda world, sent: world.create(sent["kind"], sent["fields"]))),
    "edit": (
        ("kind", "id", "fields"),
        _does(lambda world, sent: world.edit(sent["kind"], sent["id"], sent["fields"])),
    ),
    "deactivate": (("kind", "id"), _does(lambda world, sent: world.deactivate(sent["kind"], sent["id"]))),
    "delete": (("kind", "id"), _does(lambda world, sent: world.delete(sent["kind"], sent["id"]))),
    "void": (("kind", "id"), _does(lambda world, sent: world.void(sent["kind"], sent["id"]))),
    "read": (("kind", "id"), _does(lambda world, sent: world.read(sent["kind"], sent["id"]))),
    "configure": ((), _does(lambda world, sent: world.configure(**sent))),
    "close_books": (("day",), _does(lambda world, sent: world.close_books(sent["day"]))),
    "turn_on_multicurrency": ((), _does(lambda world, sent: world.turn_on_multicurrency())),
    "end_subscription": ((), _does(lambda world, sent: world.end_subscription(ended=sent.get("ended", True)))),
    "disconnect": ((), _does(lambda world, sent: world.disconnect())),
    "expire_access": ((), _does(lambda world, sent: world.expire_access())),
    "advance": ((), lambda site, sent: site.clock.advance(**sent).isoformat()),
}


def _companies(site: Site, sent: Sent) -> Any:
    """The companies. POST opens one more: {"mode": "ca", "multicurrency": true, ...}."""
    if sent:
        site.open(Setup(**sent))
    return {realm: company.setup for realm, company in site.companies.items()}


def _tokens(site: Site, sent: Sent) -> Any:
    """A valid pair of tokens, for {"realm": ...} or the first company."""
    return site.tokens.connect(world_of(site, sent.get("realm", "")).company.realm)


def _subscribe(site: Site, sent: Sent) -> Any:
    """Where webhooks go and what they are signed with: {"url": ..., "verifier": ...}; "" as url ends them."""
    site.webhooks.subscribe(sent["url"], sent.get("verifier", ""))
    return {"url": sent["url"]}


def _checksum(site: Site, sent: Sent) -> Any:
    """Per company and kind: count, ids, TotalAmt per currency."""
    del sent
    return {realm: world_of(site, realm).checksum() for realm in site.companies}


CONTROLS = Controls(
    _ACTIONS,
    {
        **COMMANDS,
        ("GET", "companies"): _companies,
        ("POST", "companies"): _companies,
        ("POST", "tokens"): _tokens,
        ("PUT", "webhooks"): _subscribe,
        ("GET", "checksum"): _checksum,
    },
    canned_names,
    APART,
)
