"""unisync serve and openapi: the HTTP service and its description."""

from __future__ import annotations

import json
import logging
import socket
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
import uvicorn

from cli.output import out
from config.databases import ledger_url
from config.settings import settings
from config.wiring import open_ledger, open_vault
from db.migrations import is_current
from domain.errors import Misconfigured
from operations.watchman import on_watch

BACKLOG = 2048
AT_ONCE = 50
"""So many transactions of the service may be open at once, so that none of its threads waits for another's.

Calls are answered in 40 threads (AnyIO's number), each with one transaction at a time, or two while it notes a refusal;
the watchdog takes one, the delivery of notices four. Postgres' own limit of 100 leaves as many to Prefect and to runs.
"""

STOP_SECONDS = 20
"""Calls at work may end in this time after Ctrl-C or SIGTERM."""

NEXT_STEPS = """\
The service listens at {address} (Ctrl-C stops it).
  the first admin    unisync user add you@example.org --role admin
  a token            unisync token create my-program --role operator
  what there is      {address}/api/openapi.json
  is it ready?       {address}/readyz"""


class JsonLines(logging.Formatter):
    """One JSON object per line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"at": at, "level": record.levelname.lower(), "text": record.getMessage()})


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; UNISYNC_SERVICE_HOST or 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen at; UNISYNC_SERVICE_PORT or 4280.")
    ] = None,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Log one JSON object per line.")] = False,
) -> None:
    """Run the HTTP service in the foreground, until Ctrl-C; beside it the watchdog and the delivery of notices.

    It speaks plain HTTP: put a proxy with TLS before it and name its address in UNISYNC_PUBLIC_URL, and the proxy in
    UNISYNC_TRUSTED_PROXIES.

    Example: unisync serve
    """
    # FastAPI takes a second to import, and no other command needs it.
    from api.app import create_app

    open_vault()
    if not is_current(ledger_url()):
        raise Misconfigured("the ledger is not prepared for this version of unisync; run: unisync db upgrade")
    listen_at, at_port = host or settings().service_host, port or settings().service_port
    with open_ledger(AT_ONCE) as engine, listening(listen_at, at_port) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(engine), **options()))
        log_to_stderr(json_logs)
        out.print(NEXT_STEPS.format(address=address_of(listener)), markup=False)
        with on_watch(engine):
            server.run(sockets=[listener])


def openapi() -> None:
    """Print the OpenAPI description of the service; needs no database.

    Example: unisync openapi > openapi.json
    """
    # As above.
    from api.app import description

    sys.stdout.write(json.dumps(description(), indent=2, ensure_ascii=False) + "\n")


def options() -> dict[str, Any]:
    """Give what uvicorn needs: quiet about paths and query strings, and in no hurry to trust a proxy."""
    return {
        # The service logs its calls itself: a query string may hold the code of an authorization.
        "access_log": False,
        "log_config": None,
        "server_header": False,
        # create_app puts up the only place that believes a proxy.
        "proxy_headers": False,
        "timeout_graceful_shutdown": STOP_SECONDS,
    }


def listening(host: str, port: int) -> socket.socket:
    """Open the port to listen at.

    Raises:
        Misconfigured: it is taken, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named: asyncio sends small answers at once only then, else each of them waits for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"{host} port {port} cannot be used ({error.strerror}); choose another with --host and --port"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Say where the service is reached: its public URL, or the port that it listens at."""
    host, port = listener.getsockname()[:2]
    return settings().public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"


def log_to_stderr(as_json: bool) -> None:
    """Let the service's log go to the standard error stream."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Every outgoing call with its full address would be logged otherwise.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
