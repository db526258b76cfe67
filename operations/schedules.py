"""Schedules of a tenant: kept in our tables, mirrored as deployments of Prefect."""

from __future__ import annotations

from datetime import UTC, datetime

from config.coverage import is_covered
from config.cron import check_cron, check_zone, next_due
from config.requests import build_request
from config.routes import ROUTES
from db.ledger.schedules import (
    ScheduleName,
    StoredSchedule,
    change_schedule,
    list_schedules,
    load_schedule,
    save_schedule,
)
from domain.access import Permission
from domain.errors import ConnectorError, Misconfigured
from domain.keys import ConnectionName
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown, Unusable
from operations.caller import Caller
from operations.mirror import mirror_schedules
from operations.timetables import Schedule, ScheduleWish, Timing, shown


def search_schedules(caller: Caller, page: PageRequest) -> Listing[Schedule]:
    """Give the schedules of the tenant, by name."""
    caller.require(Permission.VIEW)
    after = decode_cursor(page.cursor, ConnectionName) if page.cursor else ""
    with caller.ledger() as session:
        found = list_schedules(session, page.limit + 1, after)
    items = found[: page.limit]
    more = encode_cursor(items[-1].name) if len(found) > page.limit else None
    return Listing(items=tuple(map(shown, items)), next_cursor=more)


def find_schedule(caller: Caller, name: ScheduleName) -> Schedule:
    """Give one schedule.

    Raises:
        Unknown: the tenant has none of this name.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return shown(known(load_schedule(session, name)))


def make_schedule(caller: Caller, wish: ScheduleWish) -> Schedule:
    """Make a schedule; where Prefect is away it begins as soon as Prefect was told.

    Raises:
        Clash: there is one of this name, or nobody has confirmed a run between these connections yet.
        Unusable: a value cannot be used; the sentence names it.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    values = values_of(caller, wish)
    with caller.ledger() as session:
        if not save_schedule(session, wish.name, caller.actor, **values):
            raise Clash(f"there is a schedule {wish.name} already; change it or choose another name")
        caller.note(session, "schedule.add", wish.name, cron=wish.cron, route=wish.route, mode=wish.mode.value)
    return mirrored(caller, wish.name)


def replace_schedule(caller: Caller, name: ScheduleName, timing: Timing) -> Schedule:
    """Change what a schedule runs and when, pausing included; raises as ``make_schedule``, and Unknown."""
    caller.require(Permission.MANAGE_SETTINGS)
    find_schedule(caller, name)
    values = values_of(caller, timing)
    with caller.ledger() as session:
        known(load_schedule(session, name))
        change_schedule(session, name, **values)
        caller.note(session, "schedule.change", name, cron=timing.cron, paused=timing.paused)
    return mirrored(caller, name)


def remove_schedule(caller: Caller, name: ScheduleName) -> None:
    """Remove a schedule; from this moment on nothing is run by it.

    Raises:
        Unknown: the tenant has none of this name.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        known(load_schedule(session, name))
        change_schedule(session, name, removed=True, paused=True, next_due=None)
        caller.note(session, "schedule.remove", name)
    tell_prefect(caller)


def mirrored(caller: Caller, name: ScheduleName) -> Schedule:
    """Tell Prefect what changed and give the schedule as it stands then."""
    problem = tell_prefect(caller)
    return find_schedule(caller, name).model_copy(update={"problem": problem})


def tell_prefect(caller: Caller) -> str | None:
    """Tell Prefect what changed; gives why it could not be told, and then is told by the next change or by ``up``."""
    try:
        mirror_schedules(caller)
    except ConnectorError as error:
        return f"{error}; until Prefect has been told, it goes by what it knew before"
    return None


def values_of(caller: Caller, timing: Timing) -> dict[str, object]:
    """Give what a schedule is stored with.

    Raises:
        Unusable: a value cannot be used; the sentence names it.
        Clash: nobody has confirmed a run between these connections yet.
    """
    cron, zone = check_cron(timing.cron), check_zone(timing.time_zone)
    target = timing.target or ROUTES[timing.route].target
    parameters = {"tenant": caller.tenant, "source": timing.source, "target": target, "mode": timing.mode}
    try:
        request = build_request(timing.route, {**parameters, "kinds": list(timing.kinds)})
        with caller.ledger() as session:
            covered = is_covered(session, timing.route, timing.source, target, request.kinds)
    except Misconfigured as error:
        raise Unusable(str(error)) from None
    if not covered and not timing.paused:
        raise Clash(
            f"nobody has confirmed a run of this from {timing.source} to {target} yet: make a dry run in mode full, "
            "confirm its plan, also if it is small (confirm over HTTP, a yes to unisync sync), and come back when the "
            "run is done"
        )
    return {
        "route": timing.route,
        "source_connection": timing.source,
        "target_connection": target,
        "mode": timing.mode,
        "kinds": [kind.value for kind in request.kinds],
        "cron": cron,
        "zone": zone,
        "paused": timing.paused,
        "next_due": None if timing.paused else next_due(cron, zone, datetime.now(UTC)),
    }


def known(stored: StoredSchedule | None) -> StoredSchedule:
    """Give the schedule that was looked for.

    Raises:
        Unknown: there is none.
    """
    if stored is None:
        raise Unknown("there is no schedule of this name; GET /api/sync/schedules lists those there are")
    return stored
