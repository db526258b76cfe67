"""Opening a run: its row first, then everything that it needs, and all of it closed at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from config.beating import beating
from config.beginning import Origin, begin, require_start
from config.checkups import noting
from config.open_run import OpenRun
from config.routes import ROUTES
from config.sandbox import request_in_use
from config.wiring import Endpoint, load_endpoint, open_ledger, open_source, open_target, require_tenant
from db import ledger
from db.ledger.leases import release_lease_of
from db.session import tenant_session
from domain.errors import ConnectorError, Misconfigured, Unavailable
from domain.sync import SyncRequest


@contextmanager
def open_run(request: SyncRequest, origin: Origin) -> Iterator[OpenRun]:
    """Open the run's row, so that even a run that cannot begin is remembered, then everything that it needs.

    In sandbox mode it uses the connections that stand in, whoever started it. Connectors are closed at the end,
    whatever happens; the row is closed by the flow or its hooks.

    Raises:
        Misconfigured: unknown tenant or connection, a connection of the wrong kind, unusable settings, a request that
            was withdrawn, or a schedule or plan that does not count.
    """
    with ExitStack() as stack:
        engine = stack.enter_context(open_ledger())
        with tenant_session(engine, request.tenant) as session:
            require_tenant(session, request.tenant)
            run_id, refusal = begin(session, request, origin)
        stack.enter_context(beating(engine, request.tenant, run_id))
        with tenant_session(engine, request.tenant) as session:
            if refusal:
                raise Misconfigured(refusal)
            named, request = request, request_in_use(session, request)
            if origin.actor.startswith("webhook:") and (named.source, named.target) != (request.source, request.target):
                # Sandbox mode was switched since the listener looked: these ids are of the connection that was named.
                raise Unavailable("sandbox mode was switched just now; what arrived waits for its own connection")
            ledger.use_request(session, run_id, request)
            require_start(session, request)
        source = load_endpoint(engine, request.tenant, request.source)
        target = load_endpoint(engine, request.tenant, request.target)
        require_systems(request.route, source, target)
        stack.enter_context(noting(engine, request.tenant, {request.source, request.target}))
        reads = stack.enter_context(open_source(source))
        writes = stack.enter_context(open_target(target))
        run = OpenRun(run_id, request, engine, reads, writes, target.policy)
        stack.callback(give_back_lease, run)
        yield run


def give_back_lease(run: OpenRun) -> None:
    """Let others write to the target at once when a run ends between writing and settling; else in a minute."""
    with suppress(ConnectorError), run.ledger() as session:
        release_lease_of(session, run.request.target, str(run.id))


def require_systems(route: str, source: Endpoint, target: Endpoint) -> None:
    """Make sure that the connections of a run lead to the systems of its route.

    Raises:
        Misconfigured: one of them leads elsewhere.
    """
    spec = ROUTES[route]
    for found, wanted in ((source, spec.source_system), (target, spec.target_system)):
        if found.system is not wanted:
            name = found.opening.name
            raise Misconfigured(f"the route {route} needs a {wanted} connection where {name} leads to {found.system}")
