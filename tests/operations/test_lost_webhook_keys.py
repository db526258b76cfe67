"""Webhooks whose secret no key opens any more: registered or entered anew, they count again."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import SecretStr

from config.settings import settings
from db.ledger.webhooks import load_webhooks, save_webhooks
from db.vault import new_key
from domain.errors import Misconfigured
from operations.caller import Caller
from operations.registration import check, register, rotate
from operations.webhook_secrets import valid_secrets
from operations.webhooks import set_verifier, show_webhooks
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.operations.arriving import announce, legacy, tell
from tests.operations.places import BOOKS, SHOP, connect_books, connect_shop


def lose_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on with another key, and without the former one."""
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    settings.cache_clear()


def secrets_of(caller: Caller, connection: str) -> tuple[str, ...]:
    with caller.ledger() as session:
        stored = load_webhooks(session, connection)
    assert stored is not None
    return valid_secrets(caller.tenant, stored)


@pytest.mark.parametrize("is_rotating", [False, True])
def test_a_shop_that_is_registered_anew_is_given_another_secret(
    boss: Caller, shop: Twin, monkeypatch: pytest.MonkeyPatch, is_rotating: bool
) -> None:
    shop.switches.webhooks_live = False
    connect_shop(boss, shop)
    register(boss, SHOP)
    with boss.ledger() as session:
        save_webhooks(session, SHOP, is_rotating=is_rotating)
    lose_key(monkeypatch)
    connect_shop(boss, shop)
    for look in (check, rotate):
        with pytest.raises(Misconfigured, match="do not open"):
            look(boss, SHOP)

    found = register(boss, SHOP)

    (secret,) = secrets_of(boss, SHOP)
    assert {hook.secret for hook in shop.site.webhooks._hooks.values()} == {secret}
    assert (found.state, found.repairs, found.former_secret_until) == ("active", 0, None)
    assert found.registered_at is not None
    address = UUID(found.address.rpartition("/")[2])
    assert tell(boss.engine, address, "order.updated", {"id": 7}, secret=secret).stored == 1


def test_a_verifier_token_can_be_entered_anew(
    boss: Caller, company: QuickBooksTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_books(boss, company)
    for token in ("the first", "the second"):
        set_verifier(boss, BOOKS, SecretStr(token))
    lose_key(monkeypatch)
    connect_books(boss, company)

    set_verifier(boss, BOOKS, SecretStr("the third"))

    assert secrets_of(boss, BOOKS) == ("the third",)
    assert show_webhooks(boss, BOOKS).former_secret_until is None
    sent = legacy((company.realm, "Invoice", "1", "Create"))
    assert announce(boss.engine, sent, "the third").stored == 1
