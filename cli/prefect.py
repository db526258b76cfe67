"""unisync prefect: the server, the deployments and the worker that run the syncs by schedule."""

from __future__ import annotations

import os
import subprocess
import sys

import typer

from cli.caller import local_caller
from cli.output import err, out
from cli.pages import every
from cli.prefect_server import is_healthy, prefect_home, server_command, server_environment
from config.databases import prefect_database_url
from config.prefect_address import api_url
from config.settings import CHECKOUT, settings
from domain.errors import Misconfigured
from operations.installation import inside
from operations.mirror import reconcile
from operations.tenants import list_tenants

POOL = "unisync"

app = typer.Typer(no_args_is_help=True, help="Run syncs by schedule and from the Prefect UI.")


@app.command()
def server(
    port: int = typer.Option(None, min=1, max=65535, help="Loopback port; UNISYNC_PREFECT_PORT or 4200 when left out."),
) -> None:
    """Run the Prefect server and its UI in the foreground, until Ctrl-C.

    Example: unisync prefect server
    """
    port = port or settings().prefect_port
    err.print(f"Prefect UI: http://127.0.0.1:{port} (loopback only; Ctrl-C stops it)")
    os.chdir(CHECKOUT)
    os.execvpe(sys.executable, server_command(port), server_environment(port, prefect_database_url()))  # noqa: S606 - our own interpreter


@app.command()
def up() -> None:
    """Create the work pool, deploy every flow with its schedule, and say how to start a worker.

    Example: unisync prefect up
    """
    require_server()
    call("work-pool", "create", POOL, "--type", "process", "--overwrite")
    call("--no-prompt", "deploy", "--all")
    tell_prefect()
    out.print(f"Deployed to {api_url().removesuffix('/api')}. Now start a worker and leave it running:")
    out.print("  unisync prefect worker")
    out.print("A run right now, from the UI or with:")
    out.print("  PREFECT_API_URL=" + api_url() + " prefect deployment run woocommerce-to-supabase/full")


@app.command()
def worker() -> None:
    """Run a worker that carries out scheduled and ad-hoc runs, until Ctrl-C.

    Example: unisync prefect worker
    """
    require_server()
    os.chdir(CHECKOUT)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
    os.execvpe(sys.executable, command, environment())  # noqa: S606 - our own interpreter with fixed arguments


def tell_prefect() -> None:
    """Tell Prefect whatever it has not heard of the tenants' schedules and requests."""
    with local_caller() as caller:
        for tenant in every(lambda page: list_tenants(caller, page)):
            reconcile(inside(caller, tenant.name))


@app.command()
def listen() -> None:
    """Run the listener that carries on what webhooks tell within a second or two, until Ctrl-C.

    It does so beside a worker, in a process of its own that has everything loaded; without one, what arrives waits, and
    the schedules find it. More than one may run.

    Example: unisync prefect listen
    """
    require_server()
    os.chdir(CHECKOUT)
    os.execvpe(sys.executable, [sys.executable, "-m", "flows.arrivals"], environment())  # noqa: S606 - our own interpreter


def require_server() -> None:
    """Make sure that a Prefect server answers.

    Raises:
        Misconfigured: none does.
    """
    if not is_healthy(api_url()):
        raise Misconfigured(
            f"no Prefect server answers at {api_url()}; start one in another terminal with: unisync prefect server"
        )


def call(*arguments: str) -> None:
    """Run a prefect command from the checkout.

    Raises:
        Misconfigured: it failed; its own last words are in the message.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter with fixed arguments
        [sys.executable, "-m", "prefect", *arguments],
        cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        words = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Misconfigured(f"prefect {' '.join(arguments)} failed: {words[-1] if words else done.returncode}")


def environment() -> dict[str, str]:
    """Give the environment in which Prefect's own commands find the server."""
    home = prefect_home()
    # Runs are prepared in a folder of the machine's temporary one, which belongs to whoever ran a worker there first.
    return {**os.environ, "PREFECT_API_URL": api_url(), "PREFECT_HOME": str(home), "TMPDIR": str(home / "tmp")}
