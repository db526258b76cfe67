"""``/batch`` and ``/cdc``: many things in one request."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.quickbooks.company import Body, Company
from simulators.quickbooks.kinds import KINDS, PATHS, Kind
from simulators.quickbooks.numbers import stamp
from simulators.quickbooks.refusals import Problem, Refusal, missing, refusal, unsupported
from simulators.quickbooks.remembering import LONGEST_BATCH_ITEM
from simulators.quickbooks.selecting import select
from simulators.quickbooks.writing import Wish, write

LARGEST = 30
_MOST_CHANGES = 1000
_MEMBERS = {"bId", "operation", "optionsData"}


def batch(company: Company, sent: Any, *, named: bool) -> Body:
    """Every item one after another, none seeing another's result, refusals beside successes; raises Refusal 1040.

    ``named``: a request id was given, then bIds are limited. Sources: Intuit blog of 2017-07-27; captured batch.
    """
    wanted = sent.get("BatchItemRequest") if isinstance(sent, dict) else None
    if not isinstance(wanted, list) or not wanted:
        raise Refusal(missing("BatchItemRequest"))
    if len(wanted) > LARGEST:
        raise refusal("1040", f"Batch size exceeds allowed limit of {LARGEST}. Supplied size:{len(wanted)}")
    if named and any(len(str(item.get("bId", ""))) > LONGEST_BATCH_ITEM for item in wanted):
        raise refusal("2130", f"A bId has at most {LONGEST_BATCH_ITEM} characters when a requestid is given.")
    done = [_item(company, item) for item in wanted]
    if company.switches.shuffles_batches:
        random.Random(str(len(company.tables["Invoice"]))).shuffle(done)  # noqa: S311 -- repeatable on purpose
    return {"BatchItemResponse": done}


def batch_size(sent: Any) -> int:
    """How many writes a batch asks for."""
    wanted = sent.get("BatchItemRequest") if isinstance(sent, dict) else None
    return sum("Query" not in item and "CDCQuery" not in item for item in wanted) if isinstance(wanted, list) else 0


def _item(company: Company, item: Any) -> Body:
    if not isinstance(item, dict):
        raise refusal("2010", "Property Name:BatchItemRequest specified is unsupported or invalid", None)
    answer: Body
    try:
        answer = _done(company, item)
    except Refusal as error:
        answer = {"Fault": error.fault()}
    return {**answer, "bId": item["bId"]} if "bId" in item else answer


def _done(company: Company, item: Body) -> Body:
    if "Query" in item:
        return {"QueryResponse": select(company, item["Query"])}
    names = [name for name in item if name not in _MEMBERS]
    if len(names) != 1 or names[0] not in KINDS:
        name = next((name for name in names if name not in KINDS), "")
        raise Refusal(Problem("2010", f"Property Name:{name} specified is unsupported or invalid", None))
    operation = item.get("operation")
    if operation not in ("create", "update", "delete", "void"):
        raise unsupported(str(operation))
    wish = Wish(KINDS[names[0]], item[names[0]], str(item.get("optionsData", "")))
    return {names[0]: write(company, operation, wish)}


def changes(company: Company, entities: str, since: str) -> Body:
    """Change data capture: full objects and stubs of deleted ones, 1000 in total, no pages; raises Refusal."""
    moment = _moment(since)
    days = company.switches.changes_days
    if company.clock.now() - moment > timedelta(days=days):
        raise unsupported(f"cdc with changedSince date {since} which is older than fixed days")
    left = _MOST_CHANGES
    answers = []
    for name in filter(None, (part.strip() for part in entities.split(","))):
        kind = PATHS.get(name.lower())  # captured: lower case is accepted
        # singer-io/tap-quickbooks issue 39: tax codes, rates and agencies are not captured.
        if kind is None or kind.name in ("TaxCode", "TaxRate") or kind.family == "settings":
            raise unsupported(f"cdc {name}")
        answer, used = _changed(company, kind, moment, left)
        left -= used
        answers.append(answer)
    if not answers:
        raise Refusal(missing("entities"))
    return {"CDCResponse": [{"QueryResponse": answers}]}


def _changed(company: Company, kind: Kind, since: datetime, most: int) -> tuple[Body, int]:
    after: Callable[[datetime], bool] = (
        (lambda when: when >= since) if company.switches.changes_inclusive else (lambda when: when > since)
    )
    live = [row for row in company.tables[kind.name].values() if after(row.updated)]
    live.sort(key=lambda row: row.updated, reverse=True)
    shown = [company.shown(row) for row in live[:most]]
    stubs = [
        {"domain": "QBO", "status": "Deleted", "Id": gone.id, "MetaData": {"LastUpdatedTime": stamp(gone.when)}}
        for gone in company.gone
        if gone.kind == kind.name and after(gone.when)
    ][: most - len(shown)]
    rows = [*shown, *stubs]
    if not rows:
        return {}, 0
    # Seen: a block of deleted rows alone has no startPosition.
    paging = {"startPosition": 1, "maxResults": len(rows)} if shown else {}
    total = {"totalCount": len(rows)} if company.switches.total_count else {}
    return {kind.name: rows, **paging, **total}, len(rows)


def _moment(text: str) -> datetime:
    if not text:
        raise Refusal(missing("changedSince"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise refusal("2060", f"Date format is invalid. Supplied value:{text}", "changedSince") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
