"""A real Prefect server for the tests that need one."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from cli.prefect_server import free_port, server_command, server_environment, wait_until_healthy
from cli.progress import send_the_rest
from config.settings import CHECKOUT


@contextmanager
def running(database_url: str, folder: Path) -> Iterator[str]:
    """Run a server with its data in this database; gives its API address, which this process uses from then on."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = {**server_environment(port, database_url), "PREFECT_HOME": str(folder)}
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(server_command(port), env=environment, cwd=CHECKOUT, stdout=output, stderr=output)
    try:
        wait_until_healthy(url, server, log)
        with temporary_settings({PREFECT_API_URL: url}):
            yield url
            send_the_rest()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
