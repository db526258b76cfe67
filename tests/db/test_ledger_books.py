"""What is remembered of a set of books: names, settings of its own, batches under way, a lost access."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from db.connection_memory import ConnectionMemory
from db.ledger import Intent, KnownName, acquire_lease, save_connection
from db.models.books import NameEntity
from db.session import tenant_session
from db.vault import Vault, bound_to, new_key
from domain.errors import AccessDenied, Misconfigured, Unavailable
from domain.keys import Kind, RecordKey, System
from domain.writes import NEW, Action, Link, LinkState, Write

SECRETS = {"access_token": "one", "refresh_token": "two"}


@pytest.fixture
def vault() -> Vault:
    return Vault(SecretStr(new_key()))


@pytest.fixture
def memory(ledger_engine: Engine, vault: Vault) -> ConnectionMemory:
    connect(ledger_engine, vault)
    return ConnectionMemory(ledger_engine, "default", "books", vault)


def connect(engine: Engine, vault: Vault) -> None:
    sealed = vault.seal(SECRETS, bound_to=bound_to("default", "books"))
    with tenant_session(engine, "default") as session:
        save_connection(session, "books", System.QUICKBOOKS, {}, sealed, vault.key_id)


def order(number: int) -> RecordKey:
    return RecordKey(connection="shop", kind=Kind.ORDER, id=str(number))


def write(number: int, action: Action = Action.CREATE, total: str | None = "10.00") -> Write:
    return Write(
        action=action,
        source=order(number),
        target=RecordKey(connection="books", kind=Kind.INVOICE, id=NEW),
        fingerprint=f"print {number}",
        base_version=None if action is Action.CREATE else "3",
        expected_total=None if total is None else Decimal(total),
    )


def batch(*writes: Write, request_id: str = "request-1") -> list[Intent]:
    return [
        Intent(id=uuid4(), request_id=request_id, position=position, item=f'{{"n": {position}.10, "a":1}}', write=one)
        for position, one in enumerate(writes, start=1)
    ]


def link(number: int, target_id: str = "77") -> Link:
    return Link(
        source=order(number),
        target=RecordKey(connection="books", kind=Kind.INVOICE, id=target_id),
        fingerprint=f"print {number}",
        version="0",
    )


def states(engine: Engine) -> dict[UUID, tuple[str, Decimal | None]]:
    with tenant_session(engine, "default") as session:
        rows = session.execute(text("SELECT id, state, total FROM unisync.intents"))
        return {row.id: (row.state, row.total) for row in rows}


def test_a_batch_under_way_is_found_again_byte_for_byte_and_in_order(memory: ConnectionMemory) -> None:
    intents = batch(write(2), write(1, total=None), write(3, Action.UPDATE))
    memory.open_intents(intents)

    (found,) = memory.open_batches()

    assert found.intents == tuple(intents)
    assert found.request_id == "request-1"
    assert 0 <= found.age < 30


def test_a_batch_of_one_is_found_again_too(memory: ConnectionMemory) -> None:
    intents = batch(write(1))
    memory.open_intents(intents)

    assert [found.intents for found in memory.open_batches()] == [tuple(intents)]


def test_a_record_has_at_most_one_open_create_in_a_role(memory: ConnectionMemory, ledger_engine: Engine) -> None:
    first = batch(write(1), write(2))
    memory.open_intents(first)

    with pytest.raises(Unavailable, match="must be settled first"):
        memory.open_intents(batch(write(3), write(2), request_id="request-2"))
    assert len(states(ledger_engine)) == 2

    memory.settle({}, [intent.id for intent in first])
    memory.open_intents(batch(write(3), write(2), request_id="request-2"))


def test_settling_keeps_links_and_totals_and_what_was_not_done(memory: ConnectionMemory, ledger_engine: Engine) -> None:
    done, undone, left = batch(write(1), write(2), write(3))
    memory.open_intents([done, undone, left])

    memory.settle({done.id: (link(1), Decimal("11.90"))}, [undone.id])

    assert states(ledger_engine) == {
        done.id: ("settled", Decimal("11.90")),
        undone.id: ("failed", None),
        left.id: ("open", None),
    }
    assert memory.links([(order(1), "document"), (order(2), "document")]) == {(order(1), "document"): link(1)}
    assert [found.intents for found in memory.open_batches()] == [(left,)]
    assert memory.is_linked(link(1).target)
    assert not memory.is_linked(link(1, "78").target)


def test_an_undone_link_is_no_link_to_a_connector(memory: ConnectionMemory) -> None:
    memory.keep_links([link(1).model_copy(update={"state": LinkState.UNDONE}), link(2)])

    assert set(memory.links([(order(1), "document"), (order(2), "document")])) == {(order(2), "document")}
    assert memory.prints("shop", Kind.ORDER, ["1", "2"]) == {"2": "print 2"}


def test_a_create_of_what_is_linked_by_now_is_left_out_and_its_link_given(memory: ConnectionMemory) -> None:
    undone = link(2, "78").model_copy(update={"state": LinkState.UNDONE})
    memory.keep_links([link(1), undone, link(3, "79")])
    linked, unlinked, change = batch(write(1), write(2), write(3, Action.UPDATE))

    assert memory.open_intents([linked, unlinked, change]) == {(order(1), "document"): link(1)}

    assert [found.intents for found in memory.open_batches()] == [(unlinked, change)]


def test_under_a_lost_lease_nothing_of_a_batch_is_noted(memory: ConnectionMemory, ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        memory.lease = acquire_lease(session, "books", "one", 0)
    (intent,) = batch(write(1))
    # It has lapsed, but nobody wrote in between.
    memory.open_intents([intent])
    with tenant_session(ledger_engine, "default") as session:
        acquire_lease(session, "books", "another", 300)

    for verb in (
        lambda: memory.open_intents(batch(write(2), request_id="request-2")),
        lambda: memory.mark_sent("request-1"),
        lambda: memory.rename_batch([intent.id], "request-9"),
        lambda: memory.settle({}, [intent.id]),
        lambda: memory.settle({intent.id: (link(1), None)}, []),
    ):
        with pytest.raises(Unavailable, match="the lease was lost, another run writes there now"):
            verb()

    assert [(found.request_id, found.intents) for found in memory.open_batches()] == [("request-1", (intent,))]
    assert memory.links([(order(1), "document")]) == {}


def test_the_rest_of_a_batch_may_become_a_batch_of_its_own(memory: ConnectionMemory) -> None:
    first, second = batch(write(1), write(2))
    memory.open_intents([first, second])

    memory.rename_batch([second.id], "request-9")

    assert {found.request_id: [one.id for one in found.intents] for found in memory.open_batches()} == {
        "request-1": [first.id],
        "request-9": [second.id],
    }


def test_what_was_written_last_is_what_was_settled_last(memory: ConnectionMemory) -> None:
    assert memory.last_written(order(1), "document") is None
    for number, action in ((1, Action.CREATE), (2, Action.UPDATE)):
        intents = batch(write(1, action), request_id=f"request-{number}")
        item = f'{{"version": {number}}}'
        memory.open_intents([intent.model_copy(update={"item": item}) for intent in intents])
        memory.settle({intent.id: (link(1), None) for intent in intents}, [])
    memory.open_intents(batch(write(1, Action.UPDATE), request_id="request-3"))

    assert memory.last_written(order(1), "document") == '{"version": 2}'


def test_names_are_found_by_name_and_items_by_article_number(memory: ConnectionMemory) -> None:
    jane = KnownName(entity=NameEntity.CUSTOMER, id="10", name="jane doe", is_usable=True, version="0", email_hash="x")
    rival = KnownName(entity=NameEntity.VENDOR, id="9", name="jane doe", is_usable=False, version="4")
    shirt = KnownName(entity=NameEntity.ITEM, id="2", name="shirt", is_usable=True, version="1", sku="s-1")
    memory.keep_names([jane, rival, shirt])
    memory.keep_names([jane.model_copy(update={"version": "1"})])

    assert memory.names(["jane doe"]) == [rival, jane.model_copy(update={"version": "1"})]
    assert memory.names([], ["s-1"]) == [shirt]
    assert memory.names(["nobody"], ["s-2"]) == []


def test_a_full_refresh_forgets_names_that_are_gone_a_partial_one_does_not(memory: ConnectionMemory) -> None:
    jane, john = (
        KnownName(entity=NameEntity.CUSTOMER, id=str(number), name=name, is_usable=True, version="0")
        for number, name in enumerate(("jane", "john"))
    )
    memory.refresh_names([jane], "names", '{"time":"a"}', all_of_them=True)
    memory.refresh_names([john], "names", '{"time":"b"}', all_of_them=False)
    assert memory.names(["jane", "john"]) == [jane, john]

    memory.refresh_names([john], "names", '{"time":"c"}', all_of_them=True)
    assert memory.names(["jane", "john"]) == [john]
    memory.refresh_names([], "names", '{"time":"d"}', all_of_them=True)
    assert memory.names(["jane", "john"]) == []

    kept = memory.snapshot("names")
    assert kept is not None
    assert kept.content == '{"time":"d"}'
    assert 0 <= kept.age < 30
    assert memory.snapshot("company") is None


def test_credentials_replaced_while_held_count_when_the_block_ends(memory: ConnectionMemory) -> None:
    with memory.held_credentials() as held:
        assert (held.secrets, held.needs_reconnect) == (SECRETS, False)
        held.replace({"access_token": "new"})
        assert memory.credentials() == SECRETS

    assert memory.credentials() == {"access_token": "new"}


def test_credentials_replaced_in_a_block_that_breaks_stay_as_they_were(memory: ConnectionMemory) -> None:
    def break_off() -> None:
        with memory.held_credentials() as held:
            held.replace({"access_token": "new"})
            raise Unavailable("cut")

    with pytest.raises(Unavailable):
        break_off()
    assert memory.credentials() == SECRETS


def test_a_connection_without_access_says_so_until_it_is_connected_anew(
    memory: ConnectionMemory, ledger_engine: Engine, vault: Vault
) -> None:
    with memory.held_credentials() as held:
        held.demand_reconnect()

    with pytest.raises(AccessDenied, match="connect it anew"):
        memory.credentials()
    with memory.held_credentials() as held:
        assert held.needs_reconnect

    connect(ledger_engine, vault)
    assert memory.credentials() == SECRETS


def test_a_connection_nobody_made_is_named(ledger_engine: Engine, vault: Vault) -> None:
    memory = ConnectionMemory(ledger_engine, "default", "books", vault)

    with pytest.raises(Misconfigured, match="tenant default has no connection books"):
        memory.credentials()
