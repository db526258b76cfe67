"""What QuickBooks tells: in both formats, of several companies at once, each proved by its own connection's token."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine

from connectors.quickbooks.webhooks import UnreadableEvents, read_events
from connectors.signature import sign
from db.ledger.webhooks import save_webhooks, sealed_to
from db.session import tenant_session
from db.vault import Vault, new_key
from domain.keys import System
from domain.refusals import Clash, Unauthenticated
from operations.arrivals import Accepted, accept_quickbooks
from tests.operations.arriving import (
    TOKEN,
    announce,
    cloud_events,
    counts,
    inbox,
    legacy,
    store,
    store_books,
)
from tests.operations.people import make_tenants

Body = Callable[..., bytes]
BODIES = pytest.mark.parametrize(
    ("body", "verbs"), [(legacy, ("Create", "Update")), (cloud_events, ("created", "updated"))], ids=["legacy", "cloud"]
)


@pytest.fixture(autouse=True)
def two_tenants(installation: None, ledger_engine: Engine) -> None:
    """A company of the tenant ``default`` and one of ``other``, of one app and so with one token."""
    make_tenants(ledger_engine, "other")
    store_books(ledger_engine, "111")
    store_books(ledger_engine, "222", tenant="other", name="their-books")


@BODIES
def test_one_body_of_two_tenants_companies_is_sorted_to_both(
    ledger_engine: Engine, body: Body, verbs: tuple[str, str]
) -> None:
    create, update = verbs
    sent = body(("111", "Invoice", "145", create), ("222", "Payment", "9", update), ("111", "Customer", "5", update))

    assert announce(ledger_engine, sent) == Accepted(stored=3)
    assert inbox(ledger_engine) == [
        ("invoice.created", "invoice", "145", "pending", 1),
        ("customer.updated", "customer", "5", "pending", 1),
    ]
    assert inbox(ledger_engine, "other") == [("payment.updated", "payment", "9", "pending", 1)]


@BODIES
def test_what_is_sent_again_is_one_arrival(ledger_engine: Engine, body: Body, verbs: tuple[str, str]) -> None:
    sent = body(("111", "Invoice", "145", verbs[0]))
    announce(ledger_engine, sent)

    assert announce(ledger_engine, sent) == Accepted(repeated=1)
    assert inbox(ledger_engine) == [("invoice.created", "invoice", "145", "pending", 2)]


@BODIES
@pytest.mark.parametrize("damage", ["forged", "cut off", "unsigned", "another's"])
def test_what_is_forged_cut_off_or_unsigned_is_refused(
    ledger_engine: Engine, body: Body, verbs: tuple[str, str], damage: str
) -> None:
    sent = body(("111", "Invoice", "145", verbs[0]))
    signature = "" if damage == "unsigned" else sign(sent, "another token" if damage == "another's" else TOKEN)
    changed = {"forged": sent.replace(b"145", b"146"), "cut off": sent[:-1]}.get(damage, sent)
    with pytest.raises(Unauthenticated):
        accept_quickbooks(ledger_engine, signature, changed)

    assert inbox(ledger_engine) == []
    # Of what cannot be read nobody can say whose it was to be.
    assert counts(ledger_engine, "books") == ({} if damage == "cut off" else {"refused": 1})


def test_a_body_counts_only_for_the_company_whose_connection_has_the_token(ledger_engine: Engine) -> None:
    store_books(ledger_engine, "222", tenant="other", name="their-books", token="a token of another app")

    sent = legacy(("111", "Invoice", "1", "Create"), ("222", "Invoice", "2", "Create"))

    assert announce(ledger_engine, sent) == Accepted(stored=1)
    assert inbox(ledger_engine, "other") == []
    assert counts(ledger_engine, "their-books", "other") == {"refused": 1}


def test_what_a_company_tells_is_not_held_against_the_twins_of_its_number(ledger_engine: Engine) -> None:
    twin = {"realm_id": "111", "client_id": "app", "url": "http://127.0.0.1:9000"}
    store(ledger_engine, "other", "twin", System.QUICKBOOKS, twin, "the twin's own token")
    sent = legacy(("111", "Invoice", "1", "Create"))

    assert announce(ledger_engine, sent) == Accepted(stored=1)
    assert announce(ledger_engine, sent, "the twin's own token") == Accepted(stored=1)
    assert counts(ledger_engine, "twin", "other") == counts(ledger_engine, "books") == {"received": 1}

    # Proved for nobody, it may have been meant for each of them.
    with pytest.raises(Unauthenticated):
        announce(ledger_engine, sent, "another token")
    assert counts(ledger_engine, "twin", "other") == counts(ledger_engine, "books") == {"received": 1, "refused": 1}


def test_a_tenant_whose_key_is_lost_keeps_nothing_from_the_companies_of_others(ledger_engine: Engine) -> None:
    vault = Vault(SecretStr(new_key()))
    with tenant_session(ledger_engine, "other") as session:
        sealed = vault.seal({"secret": TOKEN}, bound_to=sealed_to("other", "their-books"))
        save_webhooks(session, "their-books", sealed=sealed, key_id=vault.key_id)

    sent = legacy(("222", "Invoice", "2", "Create"), ("111", "Invoice", "1", "Create"))

    assert announce(ledger_engine, sent) == Accepted(stored=1)
    assert [number for _, _, number, _, _ in inbox(ledger_engine)] == ["1"]
    assert counts(ledger_engine, "their-books", "other") == {"refused": 1}


def test_a_company_that_nobody_connected_is_nobodys(ledger_engine: Engine) -> None:
    with pytest.raises(Unauthenticated):
        announce(ledger_engine, legacy(("333", "Invoice", "1", "Create")))


@BODIES
def test_what_is_older_than_a_month_is_refused_and_counted(
    ledger_engine: Engine, body: Body, verbs: tuple[str, str]
) -> None:
    with pytest.raises(Clash, match="long ago"):
        announce(ledger_engine, body(("111", "Invoice", "1", verbs[0]), at=datetime.now(UTC) - timedelta(days=30)))
    assert counts(ledger_engine, "books") == {"stale": 1}


def test_what_is_not_synced_is_noted_and_left(ledger_engine: Engine) -> None:
    assert announce(ledger_engine, cloud_events(("111", "TimeActivity", "4", "created"))) == Accepted(ignored=1)


def test_a_merge_tells_of_the_record_that_is_gone_too() -> None:
    merged = {"name": "Customer", "id": "5", "operation": "Merge", "lastUpdated": "x", "deletedId": "6"}
    body = {"eventNotifications": [{"realmId": "111", "dataChangeEvent": {"entities": [merged]}}]}
    (event,) = read_events(json.dumps(body).encode())
    assert (event.operation, event.record_id, event.merged_id, event.at) == ("merged", "5", "6", None)


def test_nanoseconds_are_read() -> None:
    (event,) = read_events(cloud_events(("111", "Invoice", "1", "voided"), at=datetime(2026, 5, 1, 1, 2, 3, 456, UTC)))
    assert event.at == datetime(2026, 5, 1, 1, 2, 3, 456, UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("111"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["eventNotifications", "realmId", "dataChangeEvent", "entities", "id", "type", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_json_comes_is_read_or_refused(value: object) -> None:
    with contextlib.suppress(UnreadableEvents):
        assert all(event.realm_id and event.record_id for event in read_events(json.dumps(value).encode()))
