"""What somebody may ask a run to do, and how it becomes a request that can be carried out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from config.requests import build_request
from config.routes import ROUTES, WOOCOMMERCE_TO_QUICKBOOKS, RouteName
from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE, request_in_use
from db import ledger
from domain.errors import Misconfigured
from domain.filters import Moment, Status
from domain.inputs import Flag, Line
from domain.keys import ConnectionName, Kind, System
from domain.refusals import Unusable
from domain.sync import MOST_IDS, Mode, SyncRequest
from operations.caller import Caller

Kinds = tuple[Kind, ...]


class Errand(BaseModel):
    """What a run is to carry, from where to where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: RouteName = Field(default=WOOCOMMERCE_TO_QUICKBOOKS, description="From which system to which.")
    source: ConnectionName = Field(default="shop", description="Connection to read.")
    target: ConnectionName | None = Field(
        default=None, description="Connection to write; books or warehouse, as the route goes, when left out."
    )
    mode: Mode = Field(default=Mode.INCREMENTAL, description="Everything, or what changed since the last run.")
    since: AwareDatetime | None = Field(default=None, description="Incremental only: changes after this moment.")
    ids: tuple[Line, ...] = Field(default=(), max_length=MOST_IDS, description="Only these records of one kind.")
    statuses: tuple[Status, ...] = Field(default=(), max_length=50, description="Only records in these statuses.")
    created_from: Moment | None = None
    created_until: Moment | None = None
    changed_from: Moment | None = None
    changed_until: Moment | None = None
    allow_removals: bool = Field(default=False, description="Go on even if implausibly many records are gone.")

    def parameters(self) -> dict[str, Any]:
        """Give what was said, as the flat parameters of a flow; what was left out is left out."""
        said = self.model_fields_set & Errand.model_fields.keys()
        return {name: getattr(self, name) for name in said - {"route"}}


class RunWish(Errand):
    """A run that is wanted; a ``plan`` says it all, and what is given beside it must be what it was made for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"route": "woocommerce-to-quickbooks", "source": "shop", "target": "books", "ids": ["794"]},
                {"route": "woocommerce-to-quickbooks", "mode": "full", "dry_run": True},
                {"plan": "7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77"},
            ]
        }
    )

    dry_run: Flag = Field(default=False, description="Only find out what would be written, as `/dry-run` does.")
    plan: UUID | None = Field(default=None, description="The finished dry run that is to be carried out.")
    confirm: Flag = Field(
        default=False,
        description="Ask for the token even where the plan needs none: schedules and webhooks may follow only what "
        "somebody confirmed.",
    )

    def as_dry_run(self, kinds: Kinds) -> DryRunWish:
        """Give the dry run of the same."""
        return DryRunWish(kinds=kinds, route=self.route, **self.parameters())


class DryRunWish(Errand):
    """A dry run that is wanted; every kind that the route carries when none is named."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"route": "woocommerce-to-quickbooks", "kinds": ["order"], "mode": "full"}]}
    )

    kinds: Kinds = Field(default=(), max_length=len(Kind), description="Only these kinds.")


def read_wish(caller: Caller, kinds: Kinds, wish: Errand, *, dry_run: bool) -> SyncRequest:
    """Make a request of a wish, and see that its connections exist and lead to the systems of the route.

    Raises:
        Unusable: one sentence naming what cannot be used, and why.
    """
    defaults = {"tenant": caller.tenant, "source": wish.source, "target": wish.target or ROUTES[wish.route].target}
    parameters = {**defaults, "mode": wish.mode, **wish.parameters(), "kinds": list(kinds), "dry_run": dry_run}
    # Whether a plan is there, is asked elsewhere: without one, allow_removals needs a confirmation anyhow.
    as_plan = {"dry_run": True} if wish.allow_removals else {}
    try:
        request = build_request(wish.route, {**parameters, "target": defaults["target"], **as_plan})
        with caller.ledger() as session:
            require_connections(session, request_in_use(session, request))
    except Misconfigured as error:
        raise Unusable(str(error)) from None
    return request.model_copy(update={"dry_run": dry_run})


def require_connections(session: Session, request: SyncRequest) -> None:
    """Make sure that both connections are there, switched on, and of the systems that the route joins.

    Raises:
        Misconfigured: one of them is not.
    """
    spec = ROUTES[request.route]
    for name, wanted in ((request.source, spec.source_system), (request.target, spec.target_system)):
        stored = ledger.load_connection(session, name)
        if stored is None and name not in (OWN_WAREHOUSE, OWN_SANDBOX):
            raise Misconfigured(f"there is no connection {name}; GET /api/integrations lists those there are")
        if stored is not None and not stored.enabled:
            raise Misconfigured(f"the connection {name} is switched off; switch it on first")
        system = stored.system if stored else System.SUPABASE
        if system is not wanted:
            raise Misconfigured(f"the route {request.route} needs a {wanted} connection where {name} leads to {system}")


def require_same(wish: RunWish, kinds: Kinds, planned: SyncRequest) -> None:
    """Make sure that what was said beside a plan is what the plan was made for.

    Raises:
        Unusable: it is not; the sentence names it.
    """
    stated: dict[str, object] = {**planned.model_dump(), **planned.filters.model_dump()}
    said: dict[str, object] = wish.parameters() | ({"route": wish.route} if "route" in wish.model_fields_set else {})
    if kinds and set(kinds) != set(planned.kinds):
        raise Unusable(f"the plan is one of {', '.join(planned.kinds)}; ask for just that", field="kind")
    for name, value in said.items():
        if value is not None and stated[name] != value:
            raise Unusable(f"the plan was made with another {name}; leave it out beside a plan", field=name)
