"""An installation whose operations are called directly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from config.settings import settings
from db.vault import new_key
from domain.access import Role
from operations.caller import Caller
from operations.users import add_user
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import EMAIL, PASSWORD, admin, make_tenants, operator
from tests.operations.telling import Story


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, ledger_url: str, warehouse_url: str) -> Iterator[None]:
    """The environment of an installation with a fresh ledger and a fresh warehouse."""
    monkeypatch.setenv("UNISYNC_DATABASE_URL", ledger_url)
    monkeypatch.setenv("UNISYNC_WAREHOUSE_URL", warehouse_url)
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def boss(installation: None, ledger_engine: Engine) -> Caller:
    """The admin of the tenant ``default``."""
    return admin(ledger_engine)


@pytest.fixture
def story(installation: None, ledger_engine: Engine) -> Story:
    """What happens in an installation, and who is told of it."""
    return Story(ledger_engine)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """Somebody who is told by webhook."""
    with HttpReceiver() as started:
        yield started


@pytest.fixture
def other() -> Iterator[HttpReceiver]:
    """Somebody else."""
    with HttpReceiver() as started:
        yield started


@pytest.fixture
def shop() -> Iterator[Twin]:
    """A shop."""
    with Twin.start(shop=recorded_shop()) as twin:
        yield twin


@pytest.fixture
def company() -> Iterator[QuickBooksTwin]:
    """A QuickBooks company."""
    with QuickBooksTwin.start("eu") as twin:
        yield twin


@pytest.fixture
def agency(ledger_engine: Engine) -> Engine:
    """Ann is operator of ``default`` and viewer of ``berlin``; Bob is admin of both; ``mars`` knows neither."""
    make_tenants(ledger_engine, "berlin", "mars")
    add_user(operator(ledger_engine), EMAIL, Role.OPERATOR, name="Ann", password=PASSWORD)
    add_user(operator(ledger_engine, "berlin"), EMAIL, Role.VIEWER)
    for tenant, password in (("default", "another good password"), ("berlin", None)):
        add_user(operator(ledger_engine, tenant), "bob@example.org", Role.ADMIN, password=password)
    return ledger_engine
