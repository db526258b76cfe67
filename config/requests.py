"""From what was asked for to a request that can be carried out, and from there to the parameters of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from config.routes import ROUTES
from domain.errors import Misconfigured, first_fault
from domain.filters import SELECTS, Filters
from domain.sync import Mode, SyncRequest


def build_request(route: str, parameters: Mapping[str, object]) -> SyncRequest:
    """Make a request of the flat parameters of a flow.

    Raises:
        Misconfigured: one sentence naming the parameter that cannot be used, and why.
    """
    every = ROUTES[route].kinds
    # A form that was cleared hands on an empty list, and means the same as one that was never filled in.
    given = {name: value for name, value in parameters.items() if value not in (None, [], ())}
    filters = {name: given.pop(name) for name in Filters.model_fields if name in given}
    try:
        request = SyncRequest.model_validate({"route": route, "kinds": every, **given, "filters": filters})
    except ValidationError as error:
        where, why = first_fault(error)
        raise Misconfigured(f"the parameter {where.removeprefix('filters.')} cannot be used: {why}") from None
    unknown = [kind for kind in request.kinds if kind not in every]
    if unknown:
        raise Misconfigured(f"the route {route} does not carry {unknown[0]}; it carries {', '.join(every)}")
    require_sense(request)
    # In the order of the route, because later kinds lean on earlier ones.
    return request.model_copy(update={"kinds": tuple(kind for kind in every if kind in request.kinds)})


def require_sense(request: SyncRequest) -> None:
    """Make sure that the parameters of a request can be meant together.

    Raises:
        Misconfigured: one sentence naming those that cannot.
    """
    by_hand, is_full = bool(request.ids or request.filters), request.mode is Mode.FULL
    faults = (
        (request.ids and len(request.kinds) != 1, "ids needs exactly one kind, because ids of different kinds overlap"),
        (request.since and (request.ids or is_full), "since needs mode incremental and no ids"),
        (request.ids and request.filters, "ids takes no filters: leave one of them out"),
        (request.allow_removals and (by_hand or not is_full), "allow_removals needs mode full, without ids or filters"),
        (request.plan and request.dry_run, "plan carries out a dry run and cannot be one: leave one of them out"),
        (
            request.allow_removals and not (request.dry_run or request.plan),
            "allow_removals needs the parameter plan: make a dry run with allow_removals first and confirm it",
        ),
    )
    for is_so, sentence in faults:
        if is_so:
            raise Misconfigured(f"the parameter {sentence}")
    for name in request.filters.chosen:
        if lacking := [kind for kind in request.kinds if kind not in SELECTS[name]]:
            able = ", ".join(kind for kind in ROUTES[request.route].kinds if kind in SELECTS[name])
            raise Misconfigured(f"the parameter {name} cannot select {lacking[0]} records; it can select {able}")


def flow_parameters(request: SyncRequest) -> dict[str, object]:
    """Give the flat parameters, as JSON, from which ``build_request`` makes the same request."""
    flat = request.model_dump(mode="json", exclude={"route", "sandbox", "filters"}, exclude_defaults=True)
    return flat | request.filters.model_dump(mode="json", exclude_defaults=True)
