"""Webhooks: what Intuit tells an app of the companies that are connected to it, and how often it tries.

Sources: Intuit's pages "Webhooks", "Managing webhooks notifications" (headers, former payload) and "Best practices"
(3 seconds, retries); Intuit blog of 2025-11-12 (CloudEvents).
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import msgspec

from simulators import courier
from simulators.clock import Clock
from simulators.posting import Letter, Reply
from simulators.quickbooks.numbers import PACIFIC
from simulators.quickbooks.switches import Switches

_RETRIES = tuple(timedelta(seconds=seconds) for seconds in (10, 20, 30, 5 * 60, 20 * 60, 2 * 3600, 4 * 3600, 6 * 3600))
# Intuit's table of entities; of the settings only Preferences, and those only change.
_SILENT = frozenset({"TaxCode", "TaxRate", "CompanyInfo"})
_VERBS = {"Create": "created", "Update": "updated", "Delete": "deleted", "Void": "voided"}


class Event(msgspec.Struct):
    """Something that happened to an object."""

    realm: str
    kind: str
    id: str
    operation: str
    when: datetime
    due: datetime
    number: int

    @property
    def identity(self) -> str:
        """The unique id of the event."""
        return str(uuid5(NAMESPACE_URL, f"intuit:{self.realm}:{self.number}"))


class Job(courier.Job, kw_only=True):
    """A notification under way; tried again after a failure it is the same to the byte."""

    request: Letter
    due: datetime


class Webhooks:
    """The webhooks of the app and their queue; not safe for threads: the caller holds the site's lock.

    ``connected`` tells whether a company is connected to the app: of others nothing is told.
    """

    def __init__(self, clock: Clock, switches: Switches, connected: Callable[[str], bool]) -> None:
        self._clock = clock
        self._switches = switches
        self._connected = connected
        self._url = self._verifier = ""
        self._events: list[Event] = []
        self._latest: dict[tuple[str, str, str], Event] = {}
        self._unanswered: list[Job] = []
        self._told = 0

    def __repr__(self) -> str:
        return f"Webhooks(url={self._url!r})"

    def subscribe(self, url: str, verifier: str) -> None:
        """Tell ``url`` of what happens from now on, signed with the verifier token; "" ends that. Raises ValueError."""
        check_subscription(url, verifier)
        self._url, self._verifier = url, verifier
        if not url:
            self._events, self._unanswered, self._latest = [], [], {}

    def tell(self, realm: str, kind: str, number: str, operation: str) -> bool:
        """Let an event wait, if anybody listens; quick edits of one object become one event. Whether it waits."""
        if not self._url or kind in _SILENT or not self._connected(realm):
            return False
        now = self._clock.now()
        known = self._latest.get((realm, kind, number))
        if known and operation == "Update" and known.operation in ("Create", "Update"):
            known.when = now
            return True
        self._told += 1
        due = self._clock.moment() + timedelta(seconds=self._switches.webhooks_delay_seconds)
        event = Event(realm, kind, number, operation, now, due, self._told)
        self._events.append(event)
        self._latest[realm, kind, number] = event
        return True

    def take(self, now: datetime) -> list[Job]:
        """The notifications that must be tried again by now, and those of new events."""
        again = [job for job in self._unanswered if job.due <= now]
        self._unanswered = [job for job in self._unanswered if job.due > now]
        if self._switches.webhooks_held_back and (again or self._unanswered):
            return again
        due = [event for event in self._events if event.due <= now]
        self._events = [event for event in self._events if event.due > now]
        self._latest = {(event.realm, event.kind, event.id): event for event in self._events}
        return again + [Job(request=self._notification(events), due=now) for events in self._parts(due)]

    def letter(self, job: Job) -> Letter:
        """The notification, signed when it was put together."""
        return job.request

    def settle(self, job: Job, reply: Reply) -> None:
        """Whatever is not answered with 200 within three seconds is tried again, later and later."""
        if reply.status == 200 or job.copy or not self._url:
            return
        wait = _RETRIES[min(job.attempt, len(_RETRIES)) - 1]
        again = msgspec.structs.replace(job, attempt=job.attempt + 1, due=self._clock.moment() + wait)
        self._unanswered.append(again)

    def waiting(self) -> list[dict[str, Any]]:
        """What is to be tried again, and the events nobody was told of."""
        unanswered = [
            {"about": job.request.about, "attempt": job.attempt, "due": job.due.isoformat()} for job in self._unanswered
        ]
        return unanswered + [{"about": _about(event), "due": event.due.isoformat()} for event in self._events]

    def _parts(self, events: list[Event]) -> Iterator[list[Event]]:
        """The events of each notification: of several companies, or as the switch says of one at a time."""
        groups = [events]
        if self._switches.webhooks_one_company:
            groups = [[event for event in events if event.realm == realm] for realm in _realms(events)]
        size = self._switches.webhooks_per_post
        for group in groups:
            for start in range(0, len(group), size):
                yield group[start : start + size]

    def _notification(self, events: list[Event]) -> Letter:
        body = msgspec.json.encode(
            _former(events) if self._switches.webhooks_format == "legacy" else [_cloud_event(event) for event in events]
        )
        digest = hmac.digest(self._verifier.encode(), body, "sha256")
        created = self._clock.now().astimezone(PACIFIC).strftime("%Y-%m-%dT%H:%M:%S%z")
        headers = [
            ("user-agent", "intuit_notification_server/0.1"), ("accept", "application/json"),
            ("content-type", "application/json; charset=utf-8"), ("intuit-notification-schema-version", "0.1"),
            ("intuit-created-time", created), ("intuit-t-id", events[0].identity),
            ("intuit-signature", base64.b64encode(digest).decode()),
        ]  # fmt: skip
        return Letter(", ".join(map(_about, events)), self._url, headers, body, self._switches.webhooks_answer_seconds)


def check_subscription(url: str, verifier: str) -> None:
    """Raises ValueError for what is no address of webhooks, and for an address without a verifier token."""
    where = urlsplit(url)
    if url and not (where.scheme in ("http", "https") and where.hostname):
        raise ValueError(f"{url!r} is no address for webhooks; write it like https://example.com/webhooks.")
    if url and not verifier:
        raise ValueError("Webhooks are signed: they need a verifier token too.")


def _realms(events: list[Event]) -> list[str]:
    return list(dict.fromkeys(event.realm for event in events))


def _about(event: Event) -> str:
    return f"{event.kind} {event.id} {event.operation}"


def _former(events: list[Event]) -> dict[str, Any]:
    """The payload before CloudEvents."""
    return {
        "eventNotifications": [
            {
                "realmId": realm,
                "dataChangeEvent": {
                    "entities": [
                        {
                            "name": event.kind, "id": event.id, "operation": event.operation,
                            "lastUpdated": f"{event.when:%Y-%m-%dT%H:%M:%S}.000Z",
                        }
                        for event in events
                        if event.realm == realm
                    ],
                },
            }
            for realm in _realms(events)
        ]
    }  # fmt: skip


def _cloud_event(event: Event) -> dict[str, Any]:
    opaque = base64.b64encode(hashlib.sha256(event.realm.encode()).digest()).decode()
    return {
        "specversion": "1.0", "id": event.identity, "source": f"intuit.{opaque}",
        "type": f"qbo.{event.kind.lower()}.{_VERBS[event.operation]}.v1", "datacontenttype": "application/json",
        "time": f"{event.when:%Y-%m-%dT%H:%M:%S}.000000000Z", "intuitentityid": event.id,
        "intuitaccountid": event.realm, "data": {},
    }  # fmt: skip
