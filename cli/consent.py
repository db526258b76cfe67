"""unisync connect quickbooks-oauth: a company's owner consents in a browser, and comes back to this machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import typer
from pydantic import SecretStr

from cli.caller import local_caller
from cli.connections import Name, Tenant, require_name, secret
from cli.output import err, out
from domain.errors import Misconfigured
from domain.keys import ConnectionName
from operations.oauth import LASTING, ConsentAnswer, ConsentWish, authorize, complete

REDIRECT = "http://localhost:4290/callback"
LOOPBACK = ("localhost", "127.0.0.1")
PAGE = b"<!doctype html><title>unisync</title><p>Thank you. The terminal tells what came of it; close this window."


def quickbooks_oauth(
    name: Name,
    client_id: Annotated[str, typer.Option(help="Client id of the Intuit app; left out, that of the connection.")] = "",
    sandbox: Annotated[bool, typer.Option("--sandbox", help="A sandbox company.")] = False,
    redirect: Annotated[
        str, typer.Option(help="Where Intuit sends the browser back to; one of the app's redirect URIs.")
    ] = REDIRECT,
    paste: Annotated[bool, typer.Option("--paste", help="Paste the address that the browser ends up at.")] = False,
    twin: Annotated[str, typer.Option(help="Address of a twin (unisync simulate quickbooks), not Intuit.")] = "",
    tenant: Tenant = "default",
) -> None:
    """Connect a QuickBooks Online company by its owner's consent, or connect it anew; needs a browser.

    The redirect URI must stand among those of the app. Intuit takes http://localhost for development keys only; with
    production keys name any https address of yours and paste what the browser shows in the end. The client secret is
    asked for or in UNISYNC_QUICKBOOKS_CLIENT_SECRET.

    Example: unisync connect quickbooks-oauth books --client-id ABc1 --sandbox
    """
    require_name(ConnectionName, "connection", name)
    app_secret = secret("UNISYNC_QUICKBOOKS_CLIENT_SECRET", "Client secret") if client_id else ""
    wish = ConsentWish(
        name=name,
        client_id=client_id or None,
        client_secret=SecretStr(app_secret) if app_secret else None,
        sandbox=sandbox,
        twin=twin or None,
    )
    come_back = pasted if paste or urlsplit(redirect).hostname not in LOOPBACK else listening(redirect)
    with local_caller(tenant) as caller:
        link = authorize(caller, wish, redirect_uri=redirect, public_only=False)
        err.print("Open this address in a browser, pick the company and let us in:", markup=False)
        # Whole, however narrow the screen.
        sys.stdout.write(f"{link.url}\n")
        sys.stdout.flush()
        made = complete(caller.engine, come_back(), arrived_at=redirect, tenant=caller.tenant)
    out.print(f"{name} answers and is connected to tenant {tenant}: company {made.address}.", markup=False)


def pasted() -> ConsentAnswer:
    """Ask for the address that the browser ended up at."""
    return read_answer(str(typer.prompt("The address that the browser shows now", err=True)))


def read_answer(address: str) -> ConsentAnswer:
    """Read what Intuit sent with the browser.

    Raises:
        Misconfigured: nothing.
    """
    brought = dict(parse_qsl(urlsplit(address.strip()).query))
    if not brought:
        raise Misconfigured("that address brings nothing back; copy all of it, with what follows the question mark")
    return ConsentAnswer.model_validate(brought)


def listening(redirect: str) -> Callable[[], ConsentAnswer]:
    """Listen on this machine for the browser, and give what waits for it to come.

    Raises:
        Misconfigured: the port is taken.
    """
    parts = urlsplit(redirect)
    try:
        landing = Landing(parts.path, parts.port or 80)
    except OSError:
        raise Misconfigured(f"the port of {redirect} is taken or closed to you; name another with --redirect") from None

    def wait() -> ConsentAnswer:
        deadline = time.monotonic() + LASTING.total_seconds()
        with landing:
            while not landing.arrived and (left := deadline - time.monotonic()) > 0:
                landing.timeout = left
                landing.handle_request()
        if not landing.arrived:
            raise Misconfigured("nobody came back from Intuit within ten minutes; begin again")
        return read_answer(landing.arrived)

    return wait


class Landing(HTTPServer):
    """A page on this machine at which the browser arrives."""

    def __init__(self, path: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Page)
        self.path = path
        self.arrived = ""


class _Page(BaseHTTPRequestHandler):
    server: Landing

    def do_GET(self) -> None:
        here = urlsplit(self.path).path == self.server.path
        if here:
            self.server.arrived = self.path
        self.send_response(HTTPStatus.OK if here else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE if here else b"")

    def log_message(self, *_: object) -> None:
        # Nothing: the path holds a code.
        pass
