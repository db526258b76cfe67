"""The service as programs meet it: real HTTP over loopback, a fresh ledger, somebody of every role in two tenants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
import pytest
import stamina
import uvicorn
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from cli.service import listening, options
from config.settings import settings
from db import embedded
from db.ledger import create_tenant
from db.session import open_engine, owner_session
from db.vault import new_key
from domain.access import Role
from operations.caller import Caller
from operations.tokens import make_token

PASSWORD = "correct horse battery staple"
SECRET_KEY = new_key()


class Stage:
    """The one server of a module gives each test's own app the stage."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@dataclass
class Service:
    """The running service, its ledger, and clients for everybody who may call."""

    url: str
    engine: Engine
    stack: ExitStack = field(repr=False)

    def caller(self, tenant: str = "default", role: Role = Role.ADMIN) -> Caller:
        """Somebody who arranges what a test needs, by way of the operations."""
        return Caller(self.engine, tenant, "operator:test", role, runs_installation=True)

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        """A client of its own, with this token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Loopback speaks no TLS; reading the certificates of the machine for every client would be half of all time.
        transport = httpx.HTTPTransport(verify=False)
        return self.stack.enter_context(
            httpx.Client(
                base_url=self.url, headers=headers, transport=transport, trust_env=False, timeout=30, **options
            )
        )

    def token(self, tenant: str, role: Role, *, runs_installation: bool = False) -> str:
        """A new token of this role in this tenant."""
        name = f"{role} of {tenant}{' who runs all' if runs_installation else ''}"
        return make_token(self.caller(tenant), name, role, runs_installation=runs_installation).secret

    @cached_property
    def nobody(self) -> httpx.Client:
        """Somebody without credentials."""
        return self.client()

    @cached_property
    def admin(self) -> httpx.Client:
        """An admin of the tenant ``default``."""
        return self.client(self.token("default", Role.ADMIN))

    @cached_property
    def operator(self) -> httpx.Client:
        """An operator of the tenant ``default``."""
        return self.client(self.token("default", Role.OPERATOR))

    @cached_property
    def bookkeeper(self) -> httpx.Client:
        """A bookkeeper of the tenant ``default``."""
        return self.client(self.token("default", Role.BOOKKEEPER))

    @cached_property
    def viewer(self) -> httpx.Client:
        """A viewer of the tenant ``default``."""
        return self.client(self.token("default", Role.VIEWER))

    @cached_property
    def installer(self) -> httpx.Client:
        """An admin of the tenant ``default`` who runs the installation."""
        return self.client(self.token("default", Role.ADMIN, runs_installation=True))

    @cached_property
    def stranger(self) -> httpx.Client:
        """An admin of the other tenant, ``other``."""
        return self.client(self.token("other", Role.ADMIN))


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an app over loopback in a thread, as ``unisync serve`` does; gives its address."""
    with listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **options()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        # The port is open already: whoever calls before the server is ready waits in its queue.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


# Not for the session: a thread that was there while a test marked ``no_cover`` ran is never measured again.
@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, str]]:
    """The server of the module and its address."""
    stage = Stage()
    with serving(stage) as url:
        yield stage, url


@pytest.fixture(scope="session")
def spare_warehouse_url(postgres: embedded.Server) -> str:
    """The address of a database that stands in for the warehouse where nobody looks at it."""
    return embedded.ensure_database(postgres, "spare_warehouse")


def install(patch: pytest.MonkeyPatch, ledger_url: str, warehouse_url: str) -> None:
    """Make an installation whose Prefect server is away, on a machine that reaches nothing but itself."""
    look_up = socket.getaddrinfo

    def only_loopback(host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host) not in ("127.0.0.1", "localhost", "::1"):
            raise socket.gaierror(socket.EAI_NONAME, "no network in tests")
        return look_up(host, *arguments, **named)

    patch.setattr(socket, "getaddrinfo", only_loopback)
    patch.setenv("UNISYNC_DATABASE_URL", ledger_url)
    patch.setenv("UNISYNC_WAREHOUSE_URL", warehouse_url)
    patch.setenv("UNISYNC_SECRET_KEY", SECRET_KEY)
    patch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    settings.cache_clear()


@contextmanager
def opened(stage: tuple[Stage, str], ledger_url: str) -> Iterator[Service]:
    """The service over this ledger, which gets the tenant ``other`` beside ``default``."""
    server, url = stage
    engine = open_engine(ledger_url)
    with ExitStack() as stack:
        stack.callback(settings.cache_clear)
        stack.callback(engine.dispose)
        with owner_session(engine) as session:
            create_tenant(session, "other")
        former, server.app = server.app, create_app(engine)
        # A service of the whole module goes on after one of a single test.
        stack.callback(setattr, server, "app", former)
        yield Service(url, engine, stack)


@pytest.fixture
def service(
    stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch, ledger_url: str, spare_warehouse_url: str
) -> Iterator[Service]:
    """The service over a fresh ledger; tests that look into the warehouse set UNISYNC_WAREHOUSE_URL to their own."""
    install(monkeypatch, ledger_url, spare_warehouse_url)
    with opened(stage, ledger_url) as service:
        yield service


@pytest.fixture(scope="module")
def module_service(stage: tuple[Stage, str], module_ledger_url: str, spare_warehouse_url: str) -> Iterator[Service]:
    """The same for tests of one module that share it, in which nobody waits for shops that are away."""
    with pytest.MonkeyPatch.context() as patch, stamina.set_testing(True):
        install(patch, module_ledger_url, spare_warehouse_url)
        with opened(stage, module_ledger_url) as service:
            yield service
