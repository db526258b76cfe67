from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.problems import Fate, Problem
from domain.records import Page
from domain.writes import Action, Link, LinkState, Plan
from mapping.plan import plan_page, plan_removals, target_key
from tests.records import WAREHOUSE, key_of, tax_rate


def link_of(number: int, fingerprint: str = "print-1", state: LinkState = LinkState.LIVE) -> Link:
    key = key_of(number)
    return Link(source=key, target=target_key(key, WAREHOUSE), fingerprint=fingerprint, version=None, state=state)


def actions(plan: Plan) -> dict[str, Action]:
    return {write.source.id: write.action for write in plan.writes}


def test_a_record_the_target_lacks_is_created_even_if_the_ledger_remembers_it() -> None:
    plan = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links={key_of(1): link_of(1)}, held={})
    assert actions(plan) == {"1": Action.CREATE}


def test_a_record_the_target_holds_in_another_form_is_updated() -> None:
    plan = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links={}, held={"1": "print-0"})
    assert actions(plan) == {"1": Action.UPDATE}


def test_a_record_both_sides_know_is_left_alone() -> None:
    plan = plan_page(
        Page(records=(tax_rate(1),)), target=WAREHOUSE, links={key_of(1): link_of(1)}, held={"1": "print-1"}
    )
    assert plan == Plan(target=WAREHOUSE, unchanged=1)


def test_a_record_that_only_the_target_remembers_is_adopted_without_a_write() -> None:
    plan = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links={}, held={"1": "print-1"})
    assert (plan.writes, plan.unchanged, plan.adopted) == ((), 1, (link_of(1),))


def test_a_link_that_was_undone_is_adopted_anew() -> None:
    links = {key_of(1): link_of(1, state=LinkState.UNDONE)}
    plan = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links=links, held={"1": "print-1"})
    assert plan.adopted == (link_of(1),)


def test_a_record_that_stands_twice_in_a_page_is_planned_once_as_it_was_read_last() -> None:
    page = Page(records=(tax_rate(1, "old"), tax_rate(1, "new")))
    plan = plan_page(page, target=WAREHOUSE, links={}, held={})
    assert [write.fingerprint for write in plan.writes] == ["new"]


def test_what_could_not_be_read_stays_in_the_plan_as_a_problem() -> None:
    problem = Problem(code="unreadable", message="The total is no number.", fate=Fate.RETRY, key=key_of(2))
    plan = plan_page(Page(records=(), problems=(problem,)), target=WAREHOUSE, links={}, held={})
    assert plan.problems == (problem,)


def test_a_removal_keeps_the_key_and_ends_in_a_tombstone() -> None:
    (write,) = plan_removals([key_of(1)], target=WAREHOUSE).writes
    assert (write.action, write.link().state, write.target.connection) == (Action.REMOVE, LinkState.UNDONE, WAREHOUSE)


PRINTS = st.sampled_from(["print-1", "print-2"])


@given(
    st.lists(st.tuples(st.integers(1, 9), PRINTS), max_size=12),
    st.dictionaries(st.integers(1, 9).map(str), PRINTS),
    st.dictionaries(st.integers(1, 9), PRINTS),
)
def test_every_record_is_planned_once_and_a_plan_carried_out_leaves_nothing_to_do(
    read: list[tuple[int, str]], held: dict[str, str], remembered: dict[int, str]
) -> None:
    page = Page(records=tuple(tax_rate(number, fingerprint) for number, fingerprint in read))
    links = {key_of(number): link_of(number, fingerprint) for number, fingerprint in remembered.items()}
    plan = plan_page(page, target=WAREHOUSE, links=links, held=held)

    identities = [write.identity for write in plan.writes]
    assert len(identities) == len(set(identities))
    assert len(plan.writes) + plan.unchanged == len({number for number, _ in read})

    held_after = {**held, **{write.source.id: write.fingerprint for write in plan.writes}}
    links_after = {**links, **{link.source: link for link in [write.link() for write in plan.writes]}}
    links_after |= {link.source: link for link in plan.adopted}
    again = plan_page(page, target=WAREHOUSE, links=links_after, held=held_after)
    assert (again.writes, again.adopted) == ((), ())
