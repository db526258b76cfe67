"""Keeping Prefect's deployments what our tables say; whatever a crash left out is made up for."""

from __future__ import annotations

from db.ledger.schedules import StoredSchedule, forget_schedule, note_mirrored, unmirrored_schedules
from domain.keys import TenantName
from domain.sync import Mode
from operations.caller import Caller
from operations.handover import hand_over_stranded
from operations.orchestrator import ON_DEMAND, Orchestrator, Timetable

# An incremental run that begins while the last one is still at work has nothing to add; a full one waits its turn.
_COLLISIONS = {Mode.INCREMENTAL: "CANCEL_NEW", Mode.FULL: "ENQUEUE"}


def reconcile(caller: Caller) -> int:
    """Tell Prefect whatever it has not heard of this tenant; gives how much that was.

    Raises:
        ConnectorError: Prefect is away or refuses something.
    """
    return mirror_schedules(caller) + hand_over_stranded(caller)


def mirror_schedules(caller: Caller) -> int:
    """Make the deployments of the tenant's schedules what the schedules are; gives how many were not.

    Raises:
        ConnectorError: Prefect is away or refuses one.
    """
    with caller.ledger() as session:
        changed = unmirrored_schedules(session)
    if not changed:
        return 0
    with Orchestrator() as prefect:
        for stored in changed:
            mirror(caller, prefect, stored)
    return len(changed)


def mirror(caller: Caller, prefect: Orchestrator, stored: StoredSchedule) -> None:
    """Make one deployment what its schedule is."""
    name = deployment_name(caller.tenant, stored.name)
    if stored.removed:
        # By its name, because a crash may have kept us from noting its id.
        if deployment := prefect.find_deployment(f"{stored.route}/{name}"):
            prefect.delete_deployment(deployment)
        with caller.ledger() as session:
            forget_schedule(session, stored)
        return
    timetable = Timetable(stored.cron, stored.zone, not stored.paused, _COLLISIONS[stored.mode])
    model, tags = f"{stored.route}/{ON_DEMAND}", [f"tenant:{caller.tenant}"]
    deployment = prefect.put_deployment(
        name, model, parameters_of(caller.tenant, stored), tags=tags, timetable=timetable
    )
    with caller.ledger() as session:
        note_mirrored(session, stored, deployment)
    if stored.deployment_id not in (None, deployment):
        # It led along another route before, and a deployment belongs to its flow.
        prefect.delete_deployment(stored.deployment_id)


def parameters_of(tenant: TenantName, stored: StoredSchedule) -> dict[str, object]:
    """Give the flow parameters of the schedule's runs."""
    return {
        "tenant": tenant,
        "source": stored.source_connection,
        "target": stored.target_connection,
        "kinds": list(stored.kinds),
        "mode": stored.mode,
        "schedule": stored.name,
    }


def deployment_name(tenant: TenantName, schedule: str) -> str:
    """Name the deployment of a schedule; neither part can hold a dot."""
    return f"{tenant}.{schedule}"
