"""The webhooks that a shop keeps for us: made, looked after, given another secret, and taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy import func

from config.settings import LOOPBACK_HOSTS
from config.wiring import load_endpoint, open_webhooks
from connectors.woocommerce.deliveries import TOPICS
from connectors.woocommerce.webhooks import ACTIVE, ShopWebhook, ShopWebhooks
from db.ledger.arrivals import ignore_waiting
from db.ledger.webhooks import Place, forget_webhooks, load_webhooks, note_repair, save_webhooks
from db.models.arrivals import WebhookState
from domain.access import Permission
from domain.errors import ConnectorError, Misconfigured
from domain.keys import ConnectionName, System
from domain.refusals import Clash
from operations.caller import Caller
from operations.connection_news import tell_webhooks
from operations.webhook_secrets import FORMER_LASTS, keep_secret, new_secret, present_secret, secret_if_it_opens
from operations.webhook_views import Webhooks
from operations.webhooks import PATH, address_of, require_place, show_webhooks

MENDED = "the shop had switched webhooks off or lost them; they are set up again"
PAUSED = "paused"
NAME = "Universal Data Sync: {}"
# wp_http_validate_url() in wp-includes/http.php: to any other port WordPress sends nothing.
PORTS = (80, 443, 8080)


def register(caller: Caller, connection: ConnectionName) -> Webhooks:
    """Let the shop tell us what changes, from now on and for every topic; may be repeated, then it mends what is amiss.

    A secret that no key opens is lost, and the shop is given another.

    Raises:
        Unknown: there is no such connection.
        Clash: it is no shop.
        Misconfigured: the shop could not reach the address of this service.
        AccessDenied: the shop's key may not manage webhooks.
        RetryableError: the shop is busy or away.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        require_shop(require_place(session, caller, connection), connection)
        if not secret_if_it_opens(session, caller.tenant, connection):
            # Before the shop knows it: what is signed with it may come before the call returns.
            keep_secret(session, caller.tenant, connection, new_secret())
            # Webhooks that the shop may have kept are given it too.
            save_webhooks(session, connection, registered_at=None, is_rotating=False, former_until=None)
            caller.note(session, "webhooks.register", connection)
    return _mend(caller, connection, resumes=True)


def check(caller: Caller, connection: ConnectionName) -> Webhooks:
    """Look whether the shop still has our webhooks, and mend what the shop itself may have broken; says what it found.

    One that somebody paused stays paused. Of books nothing can be asked. Raises as ``register`` does.
    """
    caller.require(Permission.RUN_SYNC)
    with caller.ledger() as session:
        is_shop = require_place(session, caller, connection).system is System.WOOCOMMERCE
        is_registered = is_shop and bool(present_secret(session, caller.tenant, connection))
    return _mend(caller, connection, resumes=False) if is_registered else show_webhooks(caller, connection)


def rotate(caller: Caller, connection: ConnectionName) -> Webhooks:
    """Give the shop another secret; the former one counts until 48 hours after all webhooks have the new one.

    Raises as ``register`` does, and Clash when nothing is registered.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        require_shop(require_place(session, caller, connection), connection)
        stored = load_webhooks(session, connection, lock=True)
        if stored is None or not present_secret(session, caller.tenant, connection):
            raise Clash(f"{connection} has no webhooks yet; set them up with: unisync webhooks register {connection}")
        # Until the shop has taken the new one everywhere, nobody can say which of the two it signs with.
        if not stored.is_rotating:
            keep_secret(session, caller.tenant, connection, new_secret())
            save_webhooks(session, connection, is_rotating=True)
            caller.note(session, "webhooks.rotate", connection)
    return _mend(caller, connection, resumes=False)


def unregister(caller: Caller, connection: ConnectionName) -> None:
    """Take our webhooks away from the shop and forget their secret; of books only the verifier token is forgotten.

    Raises:
        Unknown: there is no such connection.
        ConnectorError: the shop does not let us; then nothing has changed here.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        place = require_place(session, caller, connection)
    if place.system is System.WOOCOMMERCE:
        with open_webhooks(load_endpoint(caller.engine, caller.tenant, connection)) as shop:
            for webhook in ours(shop.all(), place):
                shop.remove(webhook)
    with caller.ledger() as session:
        forget_webhooks(session, connection)
        ignore_waiting(session, connection, "the webhooks were taken away")
        caller.note(session, "webhooks.remove", connection)


def ours(webhooks: list[ShopWebhook], place: Place) -> list[ShopWebhook]:
    """Give those webhooks of a shop that lead to this connection, under whatever name the service once was reached."""
    path = f"{PATH}/woocommerce/{place.public_id}"
    return [webhook for webhook in webhooks if urlsplit(webhook.delivery_url).path == path]


def require_shop(place: Place, connection: ConnectionName) -> None:
    """Make sure that webhooks can be set up over an API.

    Raises:
        Clash: they cannot.
    """
    if place.system is not System.WOOCOMMERCE:
        raise Clash(
            f"{connection} is no shop: the webhooks of QuickBooks are set up at developer.intuit.com, and their "
            f"verifier token is given to us with: unisync webhooks verifier {connection}"
        )


def require_reachable(address: str, shop_url: str) -> None:
    """Make sure that the shop can reach our address; a shop on this machine can.

    Raises:
        Misconfigured: it cannot.
    """
    parts = urlsplit(address)
    if urlsplit(shop_url).hostname in LOOPBACK_HOSTS:
        return
    if parts.hostname in LOOPBACK_HOSTS:
        raise Misconfigured(
            "the shop cannot reach this service: set UNISYNC_PUBLIC_URL to the https address under which it can"
        )
    if parts.port is not None and parts.port not in PORTS:
        raise Misconfigured(
            f"WordPress sends webhooks to the ports 80, 443 and 8080 only, not to {parts.port}: "
            "change UNISYNC_PUBLIC_URL"
        )


def _mend(caller: Caller, connection: ConnectionName, *, resumes: bool) -> Webhooks:
    with _noted(caller, connection):
        endpoint = load_endpoint(caller.engine, caller.tenant, connection)
        with caller.ledger() as session:
            place, stored = require_place(session, caller, connection), load_webhooks(session, connection)
            secret = present_secret(session, caller.tenant, connection)
        require_reachable(address_of(place), str(endpoint.opening.settings.get("url", "")))
        gives_secret = stored is None or stored.is_rotating or stored.registered_at is None
        with open_webhooks(endpoint) as shop:
            mending = Mending(shop, place, secret, gives_secret=gives_secret, resumes=resumes)
            mending.carry_out()
    _remember(caller, connection, place, mending)
    return show_webhooks(caller, connection)


@dataclass
class Mending:
    """One look at the webhooks of a shop: what was ``mended``, and what is still ``amiss``.

    With ``gives_secret`` every webhook is given our secret anew; with ``resumes`` what was paused goes on.
    """

    shop: ShopWebhooks
    place: Place
    secret: str = field(repr=False)
    gives_secret: bool
    resumes: bool
    mended: list[str] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)

    def carry_out(self) -> None:
        """Make what is missing, mend what differs, remove what is there twice; raises as ``ShopWebhooks`` does."""
        found: dict[str, list[ShopWebhook]] = {}
        for webhook in ours(self.shop.all(), self.place):
            found.setdefault(webhook.topic, []).append(webhook)
        for topic in TOPICS:
            # An active one is kept rather than one that is not.
            alike = sorted(found.get(topic, []), key=lambda webhook: (webhook.status != ACTIVE, webhook.id))
            for spare in alike[1:]:
                self.shop.remove(spare)
                self.mended.append(f"{topic} was there twice")
            if alike:
                self._look_at(alike[0])
            else:
                self.shop.create(topic, NAME.format(topic), address_of(self.place), self.secret)
                self.mended.append(f"{topic} was missing")

    def _look_at(self, webhook: ShopWebhook) -> None:
        values = {}
        if webhook.delivery_url != address_of(self.place):
            values["delivery_url"] = address_of(self.place)
            self.mended.append(f"{webhook.topic} led elsewhere")
        if webhook.status == PAUSED and not self.resumes:
            self.amiss.append(f"{webhook.topic} was paused in the shop")
        elif webhook.status != ACTIVE:
            values["status"] = ACTIVE
            self.mended.append(f"{webhook.topic} was {webhook.status}")
        if values or self.gives_secret:
            self.shop.change(webhook, values | {"secret": self.secret})


def _remember(caller: Caller, connection: ConnectionName, place: Place, mending: Mending) -> None:
    advice = [f"unisync webhooks register {connection} sets it going"] if mending.amiss else []
    problem = "; ".join([*mending.amiss, *advice])
    with caller.ledger() as session:
        stored = load_webhooks(session, connection, lock=True)
        if stored is None:
            return  # taken away meanwhile
        ended = {"is_rotating": False, "former_until": func.now() + FORMER_LASTS} if stored.is_rotating else {}
        save_webhooks(
            session, connection,
            state=WebhookState.ILL if mending.amiss else WebhookState.ACTIVE,
            problem=problem,
            delivery_url=address_of(place),
            checked_at=func.now(),
            registered_at=stored.registered_at or func.now(),
            **ended,
        )  # fmt: skip
        # What a first registration makes was not broken before.
        is_repaired = bool(mending.mended) and stored.registered_at is not None
        if is_repaired:
            note_repair(session, connection)
            caller.note(session, "webhooks.repair", connection, mended=mending.mended)
        # With the repair or not at all: the next look would find nothing amiss. Who sets them going by hand knows.
        tell_webhooks(session, connection, problem or (MENDED if is_repaired and not mending.resumes else ""))


@contextmanager
def _noted(caller: Caller, connection: ConnectionName) -> Iterator[None]:
    """Keep in mind what hindered us, for those who look at the state later."""
    try:
        yield
    except ConnectorError as error:
        with caller.ledger() as session:
            if load_webhooks(session, connection) is not None:
                save_webhooks(session, connection, state=WebhookState.ILL, problem=str(error), checked_at=func.now())
        raise
