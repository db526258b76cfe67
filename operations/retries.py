"""Trying failed records again: a few at once, more by way of a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from config.routes import ROUTES, route_between
from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE
from db import ledger
from db.ledger.failures import StoredFailure
from domain.access import Permission
from domain.keys import ConnectionName, Kind, System
from domain.problems import ProblemState
from domain.refusals import Clash, ConfirmationNeeded
from domain.sync import MOST_IDS
from operations.caller import Caller
from operations.confirmations import Asked, start_plan
from operations.failures import Chosen, chosen_failures, find_failure
from operations.plans import MOST_RECORDS
from operations.sync import start, start_dry_run
from operations.wanted_runs import RunWish


class RetryWish(Chosen):
    """Failures that are to be tried again: named, or found by what they have in common; or a plan of such a retry."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"ids": ["0b6cb4a6-7a0e-4f6e-9c0b-0d3c6a3f3f11"]},
                {"code": "quickbooks.6240", "dry_run": True},
                {"plan": "7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77"},
            ]
        }
    )

    dry_run: bool = Field(default=False, description="Only find out what would be written, one plan for each target.")
    plan: UUID | None = Field(default=None, description="The plan of such a dry run, to be carried out.")


class Retried(BaseModel):
    """The runs that failures are tried again by: one for each kind, source and target."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"runs": []}]})

    runs: tuple[Asked, ...]


def retry(caller: Caller, failure_id: UUID) -> Asked:
    """Try one failed record again now.

    Raises:
        Unknown: the tenant has no failure with this id.
        Clash: it is not queued, or no route leads where it failed.
        ConnectorError: Prefect is away or refuses it.
    """
    caller.require(Permission.RESOLVE_FAILURES)
    failure = find_failure(caller, failure_id)
    return carry_out(caller, [failure], dry_run=False)[0]


def retry_many(caller: Caller, wish: RetryWish) -> Retried:
    """Try failed records again: up to ten now, more by way of a dry run and its confirmed plan.

    Raises:
        ConfirmationNeeded: they are more than ten; the sentence says what to do.
        Unknown, Clash, Unusable: they cannot be tried again.
        ConnectorError: Prefect is away or refuses it.
    """
    caller.require(Permission.RESOLVE_FAILURES)
    if wish.plan is not None:
        plan = RunWish(plan=wish.plan)
        return Retried(runs=(start_plan(caller, wish.plan, (), plan, Permission.RESOLVE_FAILURES),))
    found = chosen_failures(caller, wish, ProblemState.OPEN)
    if len(found) > MOST_RECORDS and not wish.dry_run:
        raise ConfirmationNeeded(
            f"these are {len(found)} records, and at most {MOST_RECORDS} are tried again without a confirmation; send "
            "the same with dry_run, look at the plans that it leaves, and come back with the id of each as plan"
        )
    return Retried(runs=tuple(carry_out(caller, found, dry_run=wish.dry_run)))


def carry_out(caller: Caller, failures: Sequence[StoredFailure], *, dry_run: bool) -> list[Asked]:
    """Ask for the runs that try these records again."""
    with caller.ledger() as session:
        wishes = list(wishes_of(session, failures))
    permission = Permission.RESOLVE_FAILURES
    if dry_run:
        return [Asked(run=start_dry_run(caller, wish.as_dry_run((kind,)), permission)) for kind, wish in wishes]
    return [start(caller, (kind,), wish, permission) for kind, wish in wishes]


def wishes_of(session: Session, failures: Sequence[StoredFailure]) -> Iterator[tuple[Kind, RunWish]]:
    """Give the runs that try the records again: those of one kind that go the same way together.

    Raises:
        Clash: one is not queued any more, or no route leads where it failed.
    """
    for failure in failures:
        if failure.state is not ProblemState.OPEN:
            raise Clash(f"the {failure.kind} {failure.source_id} is {failure.state}; only what is open is tried again")
    ordered = sorted(failures, key=_way)
    for (source, target, kind), same in groupby(ordered, key=_way):
        route = route_between(system_of(session, source), system_of(session, target))
        if route is None or kind not in ROUTES[route].kinds:
            raise Clash(f"no route carries {kind} records from {source} to {target}; they follow their orders")
        rest = iter(same)
        while some := tuple(each.source_id for each in islice(rest, MOST_IDS)):
            yield kind, RunWish(route=route, source=source, target=target, ids=some)


def system_of(session: Session, name: ConnectionName) -> System:
    """Give the system that a connection leads to.

    Raises:
        Clash: it was removed.
    """
    stored = ledger.load_connection(session, name)
    if stored is not None:
        return stored.system
    if name in (OWN_WAREHOUSE, OWN_SANDBOX):
        return System.SUPABASE
    raise Clash(f"the connection {name} was removed; connect it again first")


def _way(failure: StoredFailure) -> tuple[ConnectionName, ConnectionName, Kind]:
    return failure.source_connection, failure.target_connection, failure.kind
