"""Which path means what: the API of a company, and the OAuth pages beside it."""

import re
from typing import Any

import msgspec

from simulators.http import Answer
from simulators.quickbooks import consent
from simulators.quickbooks.access import Shut, entered
from simulators.quickbooks.batch import batch, batch_size, changes
from simulators.quickbooks.company import Body, Company
from simulators.quickbooks.http import Request, answered, refused
from simulators.quickbooks.kinds import PATHS
from simulators.quickbooks.numbers import decode
from simulators.quickbooks.refusals import Problem, Refusal, missing, refusal, unsupported
from simulators.quickbooks.selecting import entity_of, select
from simulators.quickbooks.site import Site
from simulators.quickbooks.throttle import throttled
from simulators.quickbooks.writing import Wish, read, write

_COMPANY = re.compile(r"/v3/company/(?P<realm>[^/]+)/(?P<rest>.+)")
_QUERY_TYPES = ("application/text", "text/plain")


class Deed(msgspec.Struct, frozen=True):
    """What a request wants, for the log."""

    kind: str
    action: str
    items: int = 0


def answer(site: Site, request: Request) -> Answer:
    """What Intuit says to a request: gate, throttle, remembered answers, then the work."""
    page = consent.PAGES.get((request.method, request.path))
    if page:
        return page(site, request)
    found = _COMPANY.fullmatch(request.path)
    if found is None:
        return refused(site, request, _no_resource(request))
    realm, rest = found["realm"], found["rest"].rstrip("/")
    deed = _deed(request, rest)
    try:
        company = entered(site, request, realm)
    except Shut as shut:
        return _logged(shut.answer, deed)
    now = site.clock.moment()
    if not site.throttle.admits(realm, site.tokens.client, batch=rest == "batch", now=now):
        rules = site.switches
        limit = throttled(429, now, as_xml=rules.throttle_xml or not request.wants_json, retry_after=rules.retry_after)
        limit.headers.append(("intuit_tid", site.next_tid()))
        return _logged(limit, deed)
    return _logged(_remembered(site, company, request, rest), deed)


def _remembered(site: Site, company: Company, request: Request, rest: str) -> Answer:
    now, writes = site.clock.now(), request.method == "POST" and rest != "query"
    try:
        kept = site.memory.recall(company.realm, request, now) if writes else None
        if kept is not None:
            return msgspec.structs.replace(kept, headers=list(kept.headers))
        result = answered(site, request, _done(company, request, rest))
    except Refusal as error:
        result = refused(site, request, error)
    if writes:
        site.memory.keep(company.realm, request, result, now)
    if rest == "cdc" and site.switches.changes_plain_text:
        result.headers[0] = ("Content-Type", "text/plain;charset=utf-8")
    return result


def _done(company: Company, request: Request, rest: str) -> Body:
    """The content of the answer; raises Refusal."""
    name, _, number = rest.partition("/")
    if name == "query" and not number:
        return {"QueryResponse": select(company, _statement(request))}
    if name == "cdc" and not number and request.method == "GET":
        return changes(company, request.params.get("entities", ""), request.params.get("changedSince", ""))
    if name == "batch" and not number and request.method == "POST":
        return batch(company, _json(request), named=bool(request.params.get("requestid")))
    kind = PATHS.get(name)
    if kind is None or "/" in number:
        raise _no_resource(request)
    if request.method == "GET" and (number or name == "preferences"):
        known = company.realm if name == "companyinfo" else ""
        # CompanyInfo is read by the realm, Preferences without an id; both are the object 1.
        return {kind.name: read(company, kind, "1" if number == known or not number else number)}
    if request.method != "POST" or number:
        raise _no_resource(request)
    wish = Wish(kind, _json(request), request.params.get("include", ""))
    return {kind.name: write(company, request.params.get("operation", ""), wish)}


def _statement(request: Request) -> str:
    """The statement of a query: a parameter, or the body of a POST (Intuit gist 6582149)."""
    if request.method == "GET":
        text = request.params.get("query", "")
    else:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind not in _QUERY_TYPES:
            raise refusal("1050", f"Invalid Content Type : {kind}")
        text = request.body.decode("utf-8", "replace")
    if not text.strip():
        raise Refusal(missing("query"))
    return text


def _json(request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/json":
        raise refusal("1050", f"Invalid Content Type : {kind}")
    try:
        return decode(request.body.decode())
    except UnicodeDecodeError:
        # Intuit's page on common errors shows this one.
        parser = "com.sun.org.apache.xerces.internal.impl.io.MalformedByteSequenceException"
        raise unsupported(f"{parser}: Invalid byte 1 of 1-byte UTF-8 sequence") from None
    except msgspec.DecodeError as error:
        text = f"Property Name:Unexpected input ({error})\n specified is unsupported or invalid"
        raise Refusal(Problem("2010", text, None)) from None


def _deed(request: Request, rest: str) -> Deed:
    name = rest.partition("/")[0]
    if name == "query":
        text = request.params.get("query") or request.body.decode("utf-8", "replace")
        return Deed(entity_of(text) or "query", "query")
    if name == "batch":
        try:
            return Deed("batch", "batch", batch_size(decode(request.body)))
        except msgspec.DecodeError:
            return Deed("batch", "batch")
    if name == "cdc":
        return Deed("cdc", "cdc")
    kind = PATHS[name].name if name in PATHS else ""
    if request.method == "GET":
        return Deed(kind, "read")
    operation = "void" if "void" in request.params.get("include", "") else request.params.get("operation", "")
    return Deed(kind, operation or ("update" if b'"Id"' in request.body else "create"), 1)


def _logged(result: Answer, deed: Deed) -> Answer:
    result.kind, result.action, result.items = deed.kind, deed.action, deed.items
    return result


def _no_resource(request: Request) -> Refusal:
    where = f"{request.path} of full path: {request.base}{request.path}"
    return unsupported(f"Could not find resource for relative : {where}")
