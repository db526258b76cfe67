"""The OAuth pages: consent, tokens, revocation, discovery."""

import base64
import binascii
from collections.abc import Callable, Mapping
from hmac import compare_digest
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from simulators.http import Answer
from simulators.quickbooks.http import Request
from simulators.quickbooks.oauth import SCOPE, Denied
from simulators.quickbooks.site import Site

AUTHORIZE, TOKEN, REVOKE = "/connect/oauth2", "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke"
_HTML = [("Content-Type", "text/html; charset=utf-8")]
_NEVER_CACHED = [("Cache-Control", "no-cache, no-store"), ("Pragma", "no-cache")]
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Connect to QuickBooks</title></head>
<body><h1>Connect to QuickBooks</h1><p>This app asks for access to your accounting data.</p>
<form method="post" action="{action}">{fields}
<label>Company <select name="realm">{companies}</select></label>
<button name="approve" value="yes">Connect</button> <button name="approve" value="no">No, thanks</button>
</form></body></html>"""


def authorize(site: Site, request: Request) -> Answer:
    """The consent page; a request that Intuit would not show it for gets a page that says why."""
    wrong = _wrong(site, request.params)
    if wrong:
        return Answer(400, f"<h1>Sorry, {escape(wrong)}</h1>".encode(), _HTML, "oauth", "authorize")
    names = ("client_id", "redirect_uri", "state", "scope", "response_type")
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(request.params.get(name, ""))}">' for name in names
    )
    companies = "".join(
        f'<option value="{realm}">{escape(company.setup.name or company.setup.mode)} ({realm})</option>'
        for realm, company in site.companies.items()
    )
    page = _PAGE.format(action=AUTHORIZE, fields=fields, companies=companies)
    return Answer(200, page.encode(), _HTML, "oauth", "authorize")


def approve(site: Site, request: Request) -> Answer:
    """The answer to the consent form: back to the app with code, state and realmId, or with access_denied."""
    sent = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    wrong = _wrong(site, sent)
    if wrong:
        return Answer(400, f"<h1>Sorry, {escape(wrong)}</h1>".encode(), _HTML, "oauth", "approve")
    state = {"state": sent["state"]}
    realm = sent.get("realm") or next(iter(site.companies))
    if sent.get("approve", "yes") != "yes":
        query = {"error": "access_denied", **state}
    else:
        query = {"code": site.tokens.allow(realm, sent["redirect_uri"]), **state, "realmId": realm}
    sign = "&" if urlsplit(sent["redirect_uri"]).query else "?"
    return Answer(302, b"", [("Location", f"{sent['redirect_uri']}{sign}{urlencode(query)}")], "oauth", "approve")


def _wrong(site: Site, params: Mapping[str, str]) -> str:
    if params.get("client_id") != site.tokens.client:
        return "the client_id is unknown."
    if params.get("response_type") != "code":
        return "the response_type must be code."
    if SCOPE not in params.get("scope", "").split():
        return f"the scope must contain {SCOPE}."
    if urlsplit(params.get("redirect_uri", "")).scheme not in ("http", "https"):
        return "the redirect_uri is missing."
    return "" if params.get("state") else "the state is missing."


def token(site: Site, request: Request) -> Answer:
    """Exchange of a code, or a refresh: form-encoded, with the app's credentials."""
    sent = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    action = sent.get("grant_type", "")
    try:
        _check_client(site, request, sent)
        if action == "authorization_code":
            tokens = site.tokens.exchange(sent.get("code", ""), sent.get("redirect_uri", ""))
        elif action == "refresh_token":
            tokens = site.tokens.refresh(sent.get("refresh_token", ""))
        else:
            raise Denied("unsupported_grant_type", "The grant type is not supported")
    except Denied as denied:
        return _json(site, denied.status, denied.body, action)
    return _json(site, 200, tokens, action)


def revoke(site: Site, request: Request) -> Answer:
    """The end of a connection: a JSON body with either token, and the app's credentials; empty on success."""
    try:
        sent = msgspec.json.decode(request.body) if request.body else {}
        _check_client(site, request, {})
        site.tokens.revoke(str(sent.get("token", "")))
    except Denied as denied:
        return _json(site, denied.status, denied.body, "revoke")
    except (msgspec.DecodeError, AttributeError):
        return _json(site, 400, {"error": "invalid_request", "error_description": "The body is no JSON"}, "revoke")
    return Answer(200, b"", [("intuit_tid", site.next_tid())], "oauth", "revoke")


def discovery(site: Site, request: Request) -> Answer:
    """The endpoints, as Intuit's discovery document names them."""
    base = request.base
    body = {
        "issuer": f"{base}/op/v1", "authorization_endpoint": f"{base}{AUTHORIZE}", "token_endpoint": f"{base}{TOKEN}",
        "revocation_endpoint": f"{base}{REVOKE}", "response_types_supported": ["code"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone", SCOPE],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }  # fmt: skip
    return _json(site, 200, body, "discovery")


def _check_client(site: Site, request: Request, sent: Mapping[str, str]) -> None:
    """Raises Denied 401 for wrong credentials of the app, in the header or in the form."""
    client, secret = sent.get("client_id", ""), sent.get("client_secret", "")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client = ""
    known = site.tokens
    if client != known.client or not compare_digest(secret.encode(), known.secret.encode()):
        raise Denied("invalid_client", "Client authentication failed", 401)


def _json(site: Site, status: int, body: Any, action: str) -> Answer:
    headers = [("Content-Type", "application/json;charset=UTF-8"), *_NEVER_CACHED, ("intuit_tid", site.next_tid())]
    return Answer(status, msgspec.json.encode(body), headers, "oauth", action)


PAGES: dict[tuple[str, str], Callable[[Site, Request], Answer]] = {
    ("GET", AUTHORIZE): authorize,
    ("POST", AUTHORIZE): approve,
    ("POST", TOKEN): token,
    ("POST", REVOKE): revoke,
    ("GET", "/.well-known/openid_configuration"): discovery,
    ("GET", "/.well-known/openid_sandbox_configuration"): discovery,
}
