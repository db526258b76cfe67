"""The twin as a process of its own."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

COMMAND = [sys.executable, "-m", "simulators.woocommerce"]


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_announces_itself_serves_and_ends_cleanly(number: signal.Signals) -> None:
    with started("--json", "--orders", "30", "--seed", "3") as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        orders = httpx.get(f"{about['url']}/wp-json/wc/v3/orders", auth=(about["key"], about["secret"]))
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)

    assert orders.headers["X-WP-Total"] == "30"
    assert (process.returncode, output, errors) == (0, "", "")


def test_a_signal_right_after_the_announcement_ends_it_cleanly() -> None:
    with started() as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        process.communicate(timeout=10)

    assert line.startswith("WooCommerce twin at http://127.0.0.1:")
    assert process.returncode == 0


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 2
    assert done.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port.\n"
