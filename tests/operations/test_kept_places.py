"""One shop or company has one name: also after it was removed, and however its address is written."""

from __future__ import annotations

import json

import pytest

from db.ledger import save_snapshot
from domain.errors import Misconfigured
from domain.keys import System
from domain.refusals import Clash
from operations.caller import Caller
from operations.connecting import PLACE, moves
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.operations.places import BOOKS, SHOP, connect_books, connect_shop, link_something


def keep_place(caller: Caller, name: str, place: str) -> None:
    """Leave behind what is left of a connection that was removed."""
    with caller.ledger() as session:
        save_snapshot(session, name, PLACE, json.dumps(place))


def test_a_shop_whose_address_was_kept_as_people_wrote_it_is_connected_again(boss: Caller, shop: Twin) -> None:
    written = shop.url.replace("127.0.0.1", "localhost")
    link_something(boss)
    keep_place(boss, SHOP, f"woocommerce {written}")

    assert connect_shop(boss, shop, url=f"{written}/").enabled


def test_a_sandbox_company_that_was_kept_by_its_number_alone_may_come_back_and_no_other(boss: Caller) -> None:
    link_something(boss)
    keep_place(boss, BOOKS, "quickbooks 9341")
    with boss.ledger() as session:
        assert not moves(session, None, BOOKS, System.QUICKBOOKS, {"realm_id": "9341", "sandbox": True})
        with pytest.raises(Clash, match="books leads to quickbooks 9341 and records are linked to it"):
            moves(session, None, BOOKS, System.QUICKBOOKS, {"realm_id": "934", "sandbox": True})


def test_a_twin_does_not_take_the_name_of_the_company_with_its_number(boss: Caller, company: QuickBooksTwin) -> None:
    link_something(boss)
    keep_place(boss, BOOKS, f"quickbooks {company.realm}")

    with pytest.raises(Clash, match=f"books leads to quickbooks {company.realm} and records are linked to it"):
        connect_books(boss, company)


def test_one_company_is_connected_once_however_the_address_of_its_twin_is_written(
    boss: Caller, company: QuickBooksTwin
) -> None:
    connect_books(boss, company, twin=f"{company.url.replace('127.0.0.1', 'LOCALHOST')}/")

    with pytest.raises(Misconfigured, match="this company is connected already"):
        connect_books(boss, company, name="again")
