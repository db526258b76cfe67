"""unisync sandbox: runs that use other connections than the live ones."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from domain.errors import Misconfigured
from operations import sandbox
from operations.sandbox import Sandbox, SandboxWish

app = typer.Typer(no_args_is_help=True, help="Let every run of a tenant use stand-ins for its live connections.")

Tenant = Annotated[str, typer.Option(help="Whose runs.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


@app.command()
def show(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Tell whether sandbox mode is on, and what stands in for what.

    Example: unisync sandbox show
    """
    with local_caller(tenant) as caller:
        tell(sandbox.show_sandbox(caller), as_json)


@app.command()
def on(
    replace: Annotated[
        list[str] | None, typer.Option(help="LIVE=STAND-IN, may be repeated; as it was when left out.")
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Use stand-ins from now on; a live connection that nothing stands in for is not touched.

    Example: unisync sandbox on --replace shop=staging-shop --replace books=sandbox-books
    """
    replacements = dict(map(pair, replace)) if replace else None
    with local_caller(tenant) as caller:
        tell(sandbox.switch_sandbox(caller, SandboxWish(active=True, replacements=replacements)), as_json)


@app.command()
def off(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Use the live connections again.

    Example: unisync sandbox off
    """
    with local_caller(tenant) as caller:
        tell(sandbox.switch_sandbox(caller, SandboxWish(active=False)), as_json)


def pair(text: str) -> tuple[str, str]:
    """Read what stands in for what.

    Raises:
        Misconfigured: it is not written like LIVE=STAND-IN.
    """
    live, equals, replacement = text.partition("=")
    if not (live and equals and replacement):
        raise Misconfigured(f"{text!r} does not say what stands in for what; write it like shop=staging-shop")
    return live, replacement


def tell(shown: Sandbox, as_json: bool) -> None:
    """Print whether sandbox mode is on, and what stands in for what."""
    if as_json:
        print_json(shown.model_dump(mode="json"))
        return
    out.print(f"Sandbox mode is {'on' if shown.active else 'off'}.")
    rows = [(each.connection, each.system, each.replacement or "nothing: not touched") for each in shown.connections]
    print_table(("connection", "system", "in sandbox mode"), rows)
