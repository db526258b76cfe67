"""Connecting a company by its owner's consent, on the twin's own pages, and every way in which that may not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.access import Role
from domain.errors import AccessDenied, ConnectorError, Misconfigured
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden, Unknown, Unusable
from operations.caller import Caller
from operations.health import health
from operations.integrations import Connection, change_policy, list_connections, read_policy, show_connection
from operations.oauth import ConsentAnswer, ConsentLink, ConsentWish, authorize, complete
from operations.sandbox import SandboxWish, switch_sandbox
from simulators.quickbooks.modes import Setup
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.operations.browser import brought, consent
from tests.operations.people import audited, in_database, make_tenants, tables_holding
from tests.operations.places import BOOKS, SHOP, connect_books, connect_shop, link_something, row_of, secrets_of

HERE = "http://127.0.0.1:4280/api/integrations/quickbooks/callback"


@pytest.fixture
def company() -> Iterator[QuickBooksTwin]:
    """An app that two companies may let in."""
    with QuickBooksTwin.start("eu", others=[Setup("us-ast")]) as twin:
        yield twin


def begin(caller: Caller, company: QuickBooksTwin, **changes: object) -> ConsentLink:
    wish = {
        "name": BOOKS,
        "client_id": company.client_id,
        "client_secret": company.client_secret,
        "twin": company.url,
        **changes,
    }
    return authorize(caller, ConsentWish.model_validate(wish))


def come_back(caller: Caller, location: str, **changes: str) -> Connection:
    """Hand in what the browser brought, as the service does: nobody but the state says whose it is."""
    answer = ConsentAnswer.model_validate({**brought(location), **changes})
    return complete(caller.engine, answer, arrived_at=HERE, address="192.0.2.7", request_id="r1")


def test_a_company_is_connected_by_consent_and_works(boss: Caller, company: QuickBooksTwin) -> None:
    link = begin(boss, company)
    asked = dict(parse_qsl(urlsplit(link.url).query))
    assert link.url.startswith(f"{company.url}/connect/oauth2?")
    assert asked.keys() == {"client_id", "response_type", "scope", "redirect_uri", "state"}
    assert (asked["response_type"], asked["redirect_uri"], link.redirect_uri) == ("code", HERE, HERE)
    assert len(asked["state"]) >= 43, "256 bits"

    made = come_back(boss, consent(link.url))

    assert (made.name, made.address, made.enabled, made.state) == (BOOKS, company.realm, True, "ready")
    assert health(boss, BOOKS).works
    assert health(boss, BOOKS).place == "Twin eu"
    found = health(boss, BOOKS).expiry
    assert found is not None
    assert found.consent_seconds_left is not None
    assert audited(boss.engine) == [
        (boss.actor, "connection.authorize", BOOKS, "done"),
        (boss.actor, "connection.connect", BOOKS, "done"),
    ]
    assert in_database(boss.engine, "SELECT address, request_id FROM unisync.audit_log ORDER BY id DESC LIMIT 1") == [
        ("192.0.2.7", "r1")
    ]


def test_neither_the_state_nor_the_apps_secret_nor_the_code_is_kept_in_clear(
    boss: Caller, company: QuickBooksTwin
) -> None:
    link = begin(boss, company)
    state = brought(link.url)["state"]
    location = consent(link.url)
    canaries = [state, company.client_secret, brought(location)["code"]]
    assert [canary for canary in canaries if tables_holding(boss.engine, canary)] == []

    come_back(boss, location)

    canaries += [value for name, value in secrets_of(boss, BOOKS).items() if name.endswith("token")]
    assert [canary for canary in canaries if tables_holding(boss.engine, canary)] == []
    assert in_database(boss.engine, "SELECT count(*) FROM unisync.oauth_states") == [(0,)]


def test_a_consent_counts_once(boss: Caller, company: QuickBooksTwin) -> None:
    location = consent(begin(boss, company).url)
    come_back(boss, location)
    before = row_of(boss, BOOKS)

    with pytest.raises(Unusable, match="used already, or nobody here asked for it; begin again"):
        come_back(boss, location)
    assert row_of(boss, BOOKS) == before


@pytest.mark.parametrize("state", ["", "x", "A" * 43, "\0", "\ud800"])
def test_a_state_that_nobody_gave_counts_for_nothing(boss: Caller, company: QuickBooksTwin, state: str) -> None:
    location = consent(begin(boss, company).url)
    answer = ConsentAnswer.model_validate(brought(location)).model_copy(update={"state": state})
    with pytest.raises(Unusable, match="nobody here asked for it"):
        complete(boss.engine, answer, arrived_at=HERE)
    assert list_connections(boss, PageRequest()).items == ()


def test_ten_minutes_later_it_is_over(boss: Caller, company: QuickBooksTwin) -> None:
    location = consent(begin(boss, company).url)
    in_database(boss.engine, "UPDATE unisync.oauth_states SET expires_at = now()")

    with pytest.raises(Unusable, match="ten minutes are over; begin again"):
        come_back(boss, location)
    assert list_connections(boss, PageRequest()).items == ()


def test_a_second_link_for_the_same_connection_ends_the_first(boss: Caller, company: QuickBooksTwin) -> None:
    first, second = (begin(boss, company) for _ in range(2))
    with pytest.raises(Unusable):
        come_back(boss, consent(first.url))

    assert come_back(boss, consent(second.url)).enabled


def test_it_does_not_count_at_another_address_nor_in_another_tenant(boss: Caller, company: QuickBooksTwin) -> None:
    make_tenants(boss.engine, "other")
    answers = [ConsentAnswer.model_validate(brought(consent(begin(boss, company, name=name).url))) for name in "ab"]
    with pytest.raises(Unusable, match="came back to another address"):
        complete(boss.engine, answers[0], arrived_at="http://localhost:4290/callback")
    with pytest.raises(Unusable, match="nobody here asked for it"):
        complete(boss.engine, answers[1], arrived_at=HERE, tenant="other")

    for tenant in ("default", "other"):
        assert list_connections(replace(boss, tenant=tenant), PageRequest()).items == ()


def test_who_says_no_is_told_kindly_and_nothing_changes(boss: Caller, company: QuickBooksTwin) -> None:
    connect_books(boss, company)
    before = row_of(boss, BOOKS)
    with pytest.raises(Clash, match="no access was given, so nothing was connected or changed"):
        come_back(boss, consent(begin(boss, company).url, approve=False))
    with pytest.raises(Clash, match="Intuit refused: check the redirect address and the keys"):
        come_back(boss, consent(begin(boss, company).url), error="<script>invalid_scope</script>")

    assert row_of(boss, BOOKS) == before
    assert audited(boss.engine)[-1] == (boss.actor, "connection.consent", BOOKS, "refused")


@pytest.mark.parametrize("changes", [{"realmId": ""}, {"realmId": "9341/../1"}, {"code": ""}])
def test_an_answer_without_code_or_company_is_refused(
    boss: Caller, company: QuickBooksTwin, changes: dict[str, str]
) -> None:
    with pytest.raises(Unusable, match="neither a code and a company nor an error"):
        come_back(boss, consent(begin(boss, company).url), **changes)


def test_a_code_that_counts_no_more_connects_nothing(boss: Caller, company: QuickBooksTwin) -> None:
    with pytest.raises(AccessDenied, match="this consent was used already or has run out"):
        come_back(boss, consent(begin(boss, company).url), code="AB11never")
    with pytest.raises(Misconfigured, match="Intuit does not know client_id and client_secret"):
        come_back(boss, consent(begin(boss, company, client_secret="wrong").url))

    assert list_connections(boss, PageRequest()).items == ()


def test_a_company_that_the_code_is_not_for_is_not_connected(boss: Caller, company: QuickBooksTwin) -> None:
    with pytest.raises(ConnectorError):
        come_back(boss, consent(begin(boss, company).url), realmId=company.realms[1])

    assert list_connections(boss, PageRequest()).items == ()


def test_a_lost_connection_is_made_anew_with_its_own_app_and_keeps_its_policy(
    boss: Caller, company: QuickBooksTwin
) -> None:
    come_back(boss, consent(begin(boss, company).url))
    change_policy(boss, BOOKS, {"zone": "Europe/Berlin"})
    link_something(boss)
    company.world.disconnect()

    again = authorize(boss, ConsentWish(name=BOOKS))
    come_back(boss, consent(again.url))

    assert health(boss, BOOKS).condition == "well"
    assert read_policy(boss, BOOKS).zone == "Europe/Berlin"
    assert secrets_of(boss, BOOKS)["client_secret"] == company.client_secret


def test_connecting_anew_leads_to_the_same_company_once_something_is_linked(
    boss: Caller, company: QuickBooksTwin
) -> None:
    first, second = company.realms
    come_back(boss, consent(begin(boss, company).url, first))
    assert come_back(boss, consent(begin(boss, company).url, second)).address == second, "nothing is linked yet"
    link_something(boss)
    before = row_of(boss, BOOKS)

    with pytest.raises(Clash, match=rf"leads to quickbooks {second} at {company.url} and records are linked to it"):
        come_back(boss, consent(begin(boss, company).url, first))

    assert row_of(boss, BOOKS) == before
    assert company.log.lines(action="authorization_code")[-1].status == 200
    assert len(company.log.lines(action="authorization_code")) == 2, "the third code was not used up"


def test_a_code_is_not_used_up_for_a_stand_in_that_would_be_a_live_company(
    boss: Caller, company: QuickBooksTwin
) -> None:
    live, other = company.realms
    come_back(boss, consent(begin(boss, company).url, live))
    come_back(boss, consent(begin(boss, company, name="test-books").url, other))
    switch_sandbox(boss, SandboxWish(active=True, replacements={BOOKS: "test-books"}))
    before = row_of(boss, "test-books")

    with pytest.raises(Unusable, match="test-books leads to the same place as books"):
        come_back(boss, consent(begin(boss, company, name="test-books").url, live))

    assert len(company.log.lines(action="authorization_code")) == 2
    assert row_of(boss, "test-books") == before


def test_a_company_that_another_tenant_connected_is_refused(boss: Caller, company: QuickBooksTwin) -> None:
    make_tenants(boss.engine, "other")
    connect_books(replace(boss, tenant="other"), company)

    with pytest.raises(Misconfigured, match="this company is connected already"):
        come_back(boss, consent(begin(boss, company).url))


def test_only_an_admin_asks_for_consent_and_only_for_books(boss: Caller, company: QuickBooksTwin, shop: Twin) -> None:
    connect_shop(boss, shop)
    with pytest.raises(Forbidden):
        begin(replace(boss, role=Role.OPERATOR), company)
    with pytest.raises(Clash, match="shop leads to woocommerce; choose another name"):
        begin(boss, company, name=SHOP)
    with pytest.raises(Unusable, match="give client_id and client_secret"):
        authorize(boss, ConsentWish(name=BOOKS))
    with pytest.raises(Unusable, match="give client_id and client_secret"):
        begin(boss, company, client_secret=None)
    with pytest.raises(Misconfigured, match=r"plain http to intuit\.example would show the credentials"):
        begin(boss, company, twin="http://intuit.example")
    with pytest.raises(Unknown):
        show_connection(boss, BOOKS)
