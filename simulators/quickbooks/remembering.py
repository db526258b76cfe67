"""``requestid``: the same id gets the stored answer instead of doing the work twice.

Source: Intuit blog of 2015-04-06; python-quickbooks test_create_idempotence. Unique within a company, at most 50
characters; with a batch at most 36, and then bIds of at most 10.
"""

import hashlib
from datetime import datetime, timedelta

import msgspec

from simulators.http import Answer
from simulators.quickbooks.http import Request
from simulators.quickbooks.refusals import refusal
from simulators.quickbooks.switches import Switches

LONGEST, LONGEST_WITH_BATCH, LONGEST_BATCH_ITEM = 50, 36, 10


class _Kept(msgspec.Struct, frozen=True):
    digest: str
    answer: Answer
    when: datetime


class Memory:
    """The answers that were given under request ids; it survives everything but the twin itself."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._kept: dict[tuple[str, str], _Kept] = {}

    def recall(self, realm: str, request: Request, now: datetime) -> Answer | None:
        """The stored answer, if the id was seen; raises Refusal 2130 for an id too long, 600 by switch."""
        name = request.params.get("requestid", "")
        longest = LONGEST_WITH_BATCH if request.path.endswith("/batch") else LONGEST
        if len(name) > longest:
            raise refusal("2130", f"Invalid Request Id format. Max:{longest} supported. Supplied length:{len(name)}")
        kept = self._kept.get((realm, name)) if name and self._switches.honours_request_ids else None
        seconds = self._switches.request_id_seconds
        if kept is None or (seconds is not None and now - kept.when >= timedelta(seconds=seconds)):
            return None
        if kept.digest != _digest(request) and self._switches.request_id_reuse == "600":
            raise refusal("600", f"Duplicate Request Id : {name}")
        return kept.answer

    def keep(self, realm: str, request: Request, answer: Answer, now: datetime) -> None:
        """Store an answer under the id of its request."""
        name = request.params.get("requestid", "")
        fits = answer.status == 200 and b'{"Fault"' not in answer.body[:9]
        if name and (fits or self._switches.remembers_faults):
            self._kept[realm, name] = _Kept(_digest(request), answer, now)


def _digest(request: Request) -> str:
    return hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()
