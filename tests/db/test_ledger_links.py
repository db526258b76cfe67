"""Which source record is which target record."""

from __future__ import annotations

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from db.ledger import links_of, live_ids, save_links
from db.session import tenant_session
from domain.keys import Kind, RecordKey
from domain.writes import Link, LinkState


def order(number: int | str, connection: str = "shop") -> RecordKey:
    return RecordKey(connection=connection, kind=Kind.ORDER, id=str(number))


def link(
    number: int | str, fingerprint: str = "print", state: LinkState = LinkState.LIVE, role: str = "document"
) -> Link:
    return Link(
        source=order(number),
        target=order(number, "warehouse"),
        role=role,
        fingerprint=fingerprint,
        version="2026-01-01T00:00:00",
        state=state,
    )


def row_versions(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(text("SELECT xmin, source_id FROM unisync.links ORDER BY source_id"))]


def test_a_page_of_links_is_found_again_as_it_was_saved(ledger_engine: Engine) -> None:
    page = [link(number) for number in range(1_500)] + [link("gone", state=LinkState.UNDONE)]
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, page)

    with tenant_session(ledger_engine, "default") as session:
        wanted = [entry.source.id for entry in page] + ["never linked"]
        assert links_of(session, "shop", Kind.ORDER, wanted, "warehouse") == {entry.source: entry for entry in page}


def test_links_of_other_kinds_sources_targets_and_roles_are_not_mixed_up(ledger_engine: Engine) -> None:
    other_kind = link(1).model_copy(update={"source": RecordKey(connection="shop", kind=Kind.PRODUCT, id="1")})
    other_source = link(1).model_copy(update={"source": order(1, "other-shop")})
    other_target = link(1).model_copy(update={"target": order(1, "other-warehouse")})
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [other_kind, other_source, link(1, role="payment:1")])
        save_links(session, [other_target])

        assert links_of(session, "shop", Kind.ORDER, ["1"], "warehouse") == {}
        assert live_ids(session, "shop", Kind.ORDER, "warehouse") == set()
        assert live_ids(session, "other-shop", Kind.ORDER, "warehouse") == {"1"}
        assert live_ids(session, "shop", Kind.PRODUCT, "warehouse") == {"1"}
        assert live_ids(session, "shop", Kind.ORDER, "other-warehouse") == {"1"}


def test_saving_again_changes_only_the_rows_that_differ(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [link(1), link(2)])
        before = row_versions(session)
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [link(1), link(2, fingerprint="other")])
        after = row_versions(session)

    assert after[0] == before[0]
    assert after[1] != before[1]


def test_of_two_links_of_one_record_in_a_page_the_last_one_counts(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [link(1, "first"), link(1, "last")])

        assert links_of(session, "shop", Kind.ORDER, ["1"], "warehouse") == {order(1): link(1, "last")}


def test_an_undone_link_is_remembered_but_not_live(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [link(1), link(2)])
        save_links(session, [link(1, state=LinkState.UNDONE)])

        assert live_ids(session, "shop", Kind.ORDER, "warehouse") == {"2"}
        assert links_of(session, "shop", Kind.ORDER, ["1"], "warehouse")[order(1)].state is LinkState.UNDONE


def test_an_empty_page_is_no_error(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [])

        assert links_of(session, "shop", Kind.ORDER, [], "warehouse") == {}
