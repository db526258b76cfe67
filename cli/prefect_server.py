"""A Prefect server of ours: where it keeps its data, how it is started, and how programs find it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cli.processes import running
from config.databases import as_asyncpg, prefect_database_url
from config.prefect_address import api_url
from config.retention import retention
from config.settings import CHECKOUT, settings
from domain.errors import Misconfigured, Unavailable

# Seen: 6 to 9 s, up to 33 s on a busy machine where the database is still empty.
START_SECONDS = 120
POLL_SECONDS = 0.2


def is_healthy(url: str) -> bool:
    """Whether a Prefect server answers at this API address."""
    try:
        return httpx.get(f"{url}/health", timeout=5).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prefect_home() -> Path:
    """Give the folder where Prefect keeps its files, made if it is missing.

    Raises:
        Misconfigured: it cannot be made.
    """
    home = settings().home
    try:
        if not home.exists():
            home.mkdir(parents=True)
            # Nobody may list it, but the account of root's embedded Postgres must get through to its data.
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (home / "prefect" / "tmp").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"the folder {home} cannot be used ({error.strerror}): set UNISYNC_HOME to a folder that you own"
        ) from None
    return home / "prefect"


def server_environment(port: int, database_url: str) -> dict[str, str]:
    """Give the environment of a server on this port that keeps its data there, with what it must not be without."""
    return {
        **os.environ,
        # SQLite fails under the load of a long sync; the server's third database is a Postgres like the others.
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": as_asyncpg(database_url),
        # Without it the pages of a server on another port still call port 4200.
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(prefect_home()),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        **retention_environment(),
    }


def retention_environment() -> dict[str, str]:
    """Give what lets the server forget by itself: runs that ended, with task runs, logs and artifacts, and events.

    The flow ``purge`` deletes such runs too, of whichever server; what it cannot reach, a server of ours tidies up.
    """
    days = retention().prefect_days
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(days * 86_400),
        # About four for every task run, and nobody reads them after that.
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"P{min(days, 14)}D",
    }


def server_command(port: int) -> list[str]:
    """Give the command that runs a server on this loopback port in the foreground."""
    return [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]


@contextmanager
def running_server(log: Path) -> Iterator[str]:
    """Run a Prefect server of our own on a free port for a while; gives its API address once it is healthy.

    Raises:
        Unavailable: it did not come up; the message names its log.
    """
    port = free_port()
    environment = server_environment(port, prefect_database_url())
    url = f"http://127.0.0.1:{port}/api"
    with (
        log.open("wb") as output,
        running(server_command(port), env=environment, cwd=CHECKOUT, stdout=output, stderr=output) as process,
    ):
        wait_until_healthy(url, process, log)
        yield url


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a server that was just started.

    Raises:
        Unavailable: it ended, or did not come up in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"the Prefect server ended while starting; its log is {log}")
        if is_healthy(url):
            return
        time.sleep(POLL_SECONDS)
    raise Unavailable(f"the Prefect server did not come up in {START_SECONDS} s; its log is {log}")


@contextmanager
def any_server() -> Iterator[str]:
    """Give the API address of the server in use or, when none runs here, of one of our own for as long as needed.

    Raises:
        Misconfigured: PREFECT_API_URL names a server that does not answer.
    """
    if is_healthy(api_url()):
        yield api_url()
    elif "PREFECT_API_URL" in os.environ:
        raise Misconfigured(
            f"no Prefect server answers at {api_url()} (PREFECT_API_URL); start it or unset the variable"
        )
    else:
        with running_server(prefect_home() / "server.log") as url:
            yield url


def use_server(url: str, console_level: str = "CRITICAL") -> None:
    """Let the flows of this process report to the server at ``url``; call it before Prefect is imported.

    The console keeps quiet because the command says itself what happens; everything is in the server's logs.
    """
    os.environ["PREFECT_API_URL"] = url
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = console_level
    os.environ.setdefault("PREFECT_HOME", str(prefect_home()))
