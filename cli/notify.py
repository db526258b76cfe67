"""unisync notify: who is told when something fails, and what they were told."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import incidents, notify_history, notify_wishes
from cli.caller import local_caller
from cli.notify_views import AsJson, Name, Tenant, named, rules, standing, targets, tell
from cli.output import out, print_json, print_table
from cli.pages import every
from operations import notification_configs
from operations.notification_tests import try_configuration

app = typer.Typer(no_args_is_help=True, help="Who is told when something fails, and what they were told.")
app.add_typer(incidents.app, name="incidents")
app.command()(notify_wishes.add)
app.command()(notify_wishes.change)
app.command()(notify_history.history)


@app.command("list")
def list_configurations(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List who is told over which channel, and what; secrets are never shown.

    Example: unisync notify list
    """
    with local_caller(tenant) as caller:
        found = list(every(lambda page: notification_configs.list_configurations(caller, page)))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    elif found:
        rows = [(each.name, each.channel, targets(each), rules(each), standing(each)) for each in found]
        print_table(("name", "channel", "who", "what", "state"), rows)
    else:
        out.print(f"Nobody of tenant {tenant} is told of anything; unisync notify add changes that.", markup=False)


@app.command()
def show(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show one configuration with its settings; of its secrets only which are set.

    Example: unisync notify show accounting
    """
    with local_caller(tenant) as caller:
        tell(named(caller, name), as_json)


@app.command()
def remove(
    name: Name,
    tenant: Tenant = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a configuration with its secrets; what it was told stays in the history.

    Example: unisync notify remove accounting
    """
    if not yes:
        typer.confirm(f"Remove {name} of tenant {tenant} and its secrets?", abort=True)
    with local_caller(tenant) as caller:
        notification_configs.remove_configuration(caller, named(caller, name).id)
    out.print(f"{name} of tenant {tenant} is told no more.", markup=False)


@app.command("test")
def try_it(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Send a test the way of all notices and say what was answered; exit code 1 if it did not arrive everywhere.

    Example: unisync notify test accounting
    """
    with local_caller(tenant) as caller:
        found = try_configuration(caller, named(caller, name).id)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        rows = [(each.target, "delivered" if each.delivered else "failed", each.answer) for each in found.answers]
        print_table(("who", "test", "answer"), rows)
        for rule in found.rules:
            out.print(f"Its rules: {rule}", markup=False)
    if not found.delivered:
        raise typer.Exit(1)
