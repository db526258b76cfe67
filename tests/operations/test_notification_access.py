"""Who may see and touch what people are told: nobody without the permission, and nobody of another tenant."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Forbidden, Unknown
from operations.caller import Caller
from operations.incidents import IncidentFilter, acknowledge, find_incident, search_incidents, silence
from operations.notification_configs import (
    ConfigWish,
    change_configuration,
    list_configurations,
    make_configuration,
    remove_configuration,
    show_configuration,
)
from operations.notification_history import HistoryWish, list_history
from operations.notification_tests import try_configuration
from tests.operations.people import make_tenants, operator
from tests.operations.telling import NOON, Story

SLACK = {"channel": "slack", "url": "https://hooks.slack.com/services/T0/B0/sl4cksecret"}
MAIL = {
    "channel": "email",
    "host": "smtp.example.org",
    "user": "alerts",
    "password": "m4ilsecret",
    "sender": "alerts@example.org",
    "recipients": ["ann@example.org", "bob@example.org"],
}


def wish(settings: dict[str, Any], name: str = "people", **more: Any) -> ConfigWish:
    return ConfigWish(name=name, settings=settings, **more)


def test_only_who_manages_settings_may_see_or_do_anything(boss: Caller) -> None:
    made = make_configuration(boss, wish(SLACK))
    worker = Caller(boss.engine, boss.tenant, "user:ann@example.org", Role.OPERATOR)

    for refused in (
        lambda: list_configurations(worker, PageRequest()),
        lambda: show_configuration(worker, made.id),
        lambda: make_configuration(worker, wish(SLACK, "mine")),
        lambda: change_configuration(worker, made.id, wish(SLACK)),
        lambda: remove_configuration(worker, made.id),
        lambda: try_configuration(worker, made.id),
        lambda: list_history(worker, HistoryWish()),
        lambda: search_incidents(worker, IncidentFilter()),
        lambda: acknowledge(worker, uuid4()),
        lambda: silence(worker, uuid4(), NOON),
    ):
        with pytest.raises(Forbidden, match="manage_settings"):
            refused()


def test_no_tenant_sees_or_touches_anything_of_another(boss: Caller) -> None:
    make_tenants(boss.engine, "berlin")
    theirs = operator(boss.engine, "berlin")
    made = make_configuration(theirs, wish(SLACK))
    story = Story(boss.engine, "berlin")
    story.runs()
    story.judge()
    [incident] = search_incidents(theirs, IncidentFilter()).items

    assert list_configurations(boss, PageRequest()).items == ()
    assert search_incidents(boss, IncidentFilter()).items == ()
    assert list_history(boss, HistoryWish()).items == ()
    for refused in (
        lambda: change_configuration(boss, made.id, wish(SLACK)),
        lambda: try_configuration(boss, made.id),
        lambda: find_incident(boss, incident.id),
        lambda: acknowledge(boss, incident.id),
        lambda: silence(boss, incident.id, NOON),
    ):
        with pytest.raises(Unknown):
            refused()


def test_the_history_is_found_by_filters_and_comes_in_pages(installation: None, ledger_engine: Engine) -> None:
    story = Story(ledger_engine)
    made = make_configuration(story.caller, wish(SLACK, "one"))
    make_configuration(story.caller, wish(MAIL, "two"))
    story.runs()
    story.judge()
    [incident] = search_incidents(story.caller, IncidentFilter()).items

    def count(**wanted: Any) -> int:
        return len(story.history(**wanted))

    assert (count(), count(config=made.id), count(incident=incident.id), count(incident=uuid4())) == (3, 1, 3, 0)
    assert (count(event="connection_failed"), count(event="test"), count(stage="opened")) == (3, 0, 3)
    assert (count(state="pending"), count(state="delivered")) == (3, 0)
    assert (count(since=NOON), count(until=NOON)) == (3, 0)
    first = list_history(story.caller, HistoryWish(limit=2))
    second = list_history(story.caller, HistoryWish(limit=2, cursor=first.next_cursor))
    assert [entry.id for entry in (*first.items, *second.items)] == [
        entry.id for entry in list_history(story.caller, HistoryWish()).items
    ]
