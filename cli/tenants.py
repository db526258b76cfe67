"""unisync tenant: separate sets of shops, books and people."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from cli.pages import every
from operations import tenants

app = typer.Typer(no_args_is_help=True, help="Tenants: separate sets of shops, books and people in one installation.")


@app.command()
def add(name: str) -> None:
    """Create a tenant; its data is invisible to every other tenant.

    Example: unisync tenant add berlin-agency
    """
    with local_caller() as caller:
        made = tenants.make_tenant(caller, name)
    out.print(f"There is a tenant {made.name}.", markup=False)


@app.command("list")
def list_tenants(as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False) -> None:
    """List the tenants of the installation.

    Example: unisync tenant list
    """
    with local_caller() as caller:
        found = list(every(lambda page: tenants.list_tenants(caller, page)))
    if as_json:
        print_json([tenant.model_dump(mode="json") for tenant in found])
    else:
        print_table(("name", "since"), [(each.name, f"{each.created_at.astimezone():%Y-%m-%d}") for each in found])
