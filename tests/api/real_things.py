"""Real things of the tenant ``default`` for the parameters in paths; everything that names them is marked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from config.requests import build_request
from config.routes import WOOCOMMERCE_TO_SUPABASE
from config.settings import settings
from db.ledger import save_connection, save_problems
from db.ledger.failures import ProblemFilter, list_failures
from db.ledger.plans import finish_plan, open_plan
from db.ledger.record_log import log_entries
from db.ledger.schedules import save_schedule
from db.ledger.sync_requests import save_request
from db.ledger.webhooks import place_of
from db.vault import Vault, bound_to
from domain.access import Role
from domain.history import Became, Entry, Operation
from domain.keys import Kind, RecordKey, System
from domain.problems import Fate, Problem
from domain.requests import RequestState
from domain.sync import SyncRequest
from notifications.advice import Cause
from operations.event_rows import Failure
from operations.incidents import IncidentFilter, search_incidents
from operations.judging import judge_events
from operations.notification_configs import ConfigWish, make_configuration
from operations.notifier import notify_connection_failure
from operations.tokens import make_token
from operations.users import add_user
from tests.api.conftest import Service

MARK = "only-of-default"
"""Is in the name of everything that the tenant ``default`` has: no answer to another tenant may hold it."""


def user_id(service: Service) -> str:
    """Somebody who belongs to the tenant."""
    user = add_user(
        service.caller(), f"{MARK}@example.org", Role.VIEWER, name=MARK, password="long enough for a password"
    )
    return str(user.id)


def token_id(service: Service) -> str:
    """A token of the tenant."""
    return str(make_token(service.caller(), f"token {MARK}", Role.VIEWER).id)


def connection(service: Service) -> str:
    """A connection of the tenant to a shop that does not answer."""
    vault, shop = Vault(settings().secret_key), {"url": f"https://{MARK}.example"}
    sealed = vault.seal({"consumer_key": "ck", "consumer_secret": "cs"}, bound_to=bound_to("default", MARK))
    with service.caller().ledger() as session:
        save_connection(session, MARK, System.WOOCOMMERCE, shop, sealed, vault.key_id)
    return MARK


def public_id(service: Service) -> str:
    """What the address of the connection's webhooks ends with."""
    with service.caller().ledger() as session:
        place = place_of(session, connection(service))
    assert place is not None
    return str(place.public_id)


def tenant(service: Service) -> str:
    """The tenant itself."""
    del service
    return "default"


def request() -> SyncRequest:
    """A request of the tenant for a run, on the connection that is marked."""
    parameters = {"tenant": "default", "source": MARK, "target": "warehouse", "mode": "full", "kinds": ["order"]}
    return build_request(WOOCOMMERCE_TO_SUPABASE, {**parameters, "dry_run": True})


def run_id(service: Service) -> str:
    """A run that somebody of the tenant asked for."""
    identity = uuid4()
    with service.caller().ledger() as session:
        save_request(session, identity, request(), RequestState.ASKED, actor=MARK)
    return str(identity)


def plan_id(service: Service) -> str:
    """A plan of the tenant that writes nothing."""
    identity = uuid4()
    with service.caller().ledger() as session:
        open_plan(session, identity, request(), timedelta(days=1))
        finish_plan(session, identity, request(), {})
    return str(identity)


def failure_id(service: Service) -> str:
    """A record of the tenant that could not be written."""
    key = RecordKey(connection=MARK, kind=Kind.ORDER, id=MARK)
    problem = Problem(code="refused", message=MARK, fate=Fate.SKIP, key=key)
    with service.caller().ledger() as session:
        save_problems(session, uuid4(), "warehouse", [problem])
        return str(list_failures(session, ProblemFilter(), 1)[0].id)


def record_id(service: Service) -> str:
    """A record of the tenant that was read."""
    key = RecordKey(connection=MARK, kind=Kind.ORDER, id=MARK)
    with service.caller().ledger() as session:
        log_entries(session, uuid4(), "warehouse", [Entry(key, Operation.CREATE, Became.CREATED)])
    return MARK


def schedule(service: Service) -> str:
    """A schedule of the tenant."""
    with service.caller().ledger() as session:
        save_schedule(
            session, MARK, "operator:test", route=WOOCOMMERCE_TO_SUPABASE, source_connection=MARK,
            target_connection="warehouse", mode="full", kinds=["order"], cron="30 2 * * *", zone="UTC", paused=True,
        )  # fmt: skip
    return MARK


def config_id(service: Service) -> str:
    """Somebody who is told over a webhook that nobody answers."""
    settings = {"channel": "webhook", "url": f"https://{MARK}.example/", "bearer": "secret"}
    return str(make_configuration(service.caller(), ConfigWish(name=f"people {uuid4()} {MARK}", settings=settings)).id)


def incident_id(service: Service) -> str:
    """A connection of the tenant that does not work."""
    failure = Failure(Cause(message=MARK), datetime.now(UTC), connection=MARK, system=System.WOOCOMMERCE)
    with service.caller().ledger() as session:
        notify_connection_failure(session, failure)
    judge_events(service.engine, datetime.now(UTC))
    return str(search_incidents(service.caller(), IncidentFilter(limit=1)).items[0].id)


def token(service: Service) -> str:
    """No token of anybody: a real one would tell roles apart by itself."""
    del service
    return "A" * 43


def kind(service: Service) -> str:
    """A kind of record, which everybody may name."""
    del service
    return "order"


OF_NOBODY = frozenset({"kind"})
"""Parameters that name nothing of a tenant's."""

REAL_THINGS: dict[str, Callable[[Service], str]] = {
    "user_id": user_id,
    "token_id": token_id,
    "connection": connection,
    "name": connection,
    "public_id": public_id,
    "tenant": tenant,
    "run_id": run_id,
    "plan_id": plan_id,
    "failure_id": failure_id,
    "record_id": record_id,
    "schedule": schedule,
    "config_id": config_id,
    "incident_id": incident_id,
    "token": token,
    "kind": kind,
}
"""Per name of a path parameter, what makes the thing and gives its name."""


class Things(dict[str, str]):
    """The names of real things by parameter, each made when it is first asked for."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.service = service

    def __missing__(self, parameter: str) -> str:
        self[parameter] = REAL_THINGS[parameter](self.service)
        return self[parameter]
