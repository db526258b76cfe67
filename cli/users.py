"""unisync user: the people of a tenant."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from cli.pages import every
from domain.access import Role
from operations import users
from operations.passwords import SHORTEST
from operations.users import User

PASSWORD = "UNISYNC_USER_PASSWORD"  # noqa: S105  (the name of a variable)

app = typer.Typer(no_args_is_help=True, help="The people who may log in, and what they may do in a tenant.")

Email = Annotated[str, typer.Argument(help="Their e-mail address.")]
Tenant = Annotated[str, typer.Option(help="Whose people.")]


@app.command()
def add(
    email: Email,
    role: Annotated[Role, typer.Option(help="What they are in the tenant.")],
    tenant: Tenant = "default",
    name: Annotated[str, typer.Option(help="What they are called.")] = "",
    runs_installation: Annotated[
        bool, typer.Option("--runs-installation", help="They may also make tenants and read the metrics of all.")
    ] = False,
) -> None:
    """Let somebody into a tenant; their password is asked for twice, or in UNISYNC_USER_PASSWORD.

    The first admin of an installation is made this way. Who works for another tenant already keeps their password.

    Example: unisync user add ann@example.org --role admin
    """
    with local_caller(tenant) as caller:
        password = None if users.has_account(caller, email) else new_password()
        added = users.add_user(caller, email, role, name=name, password=password, runs_installation=runs_installation)
    out.print(f"{added.email} is {added.role} of tenant {tenant}.", markup=False)


@app.command("list")
def list_users(
    tenant: Tenant = "default",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
) -> None:
    """List who belongs to a tenant, and as what.

    Example: unisync user list
    """
    with local_caller(tenant) as caller:
        found = list(every(lambda page: users.list_users(caller, page)))
    if as_json:
        print_json([user.model_dump(mode="json") for user in found])
    elif found:
        rows = [(each.email, each.name, each.role, state(each)) for each in found]
        print_table(("email", "name", "role", "state"), rows)
    else:
        out.print(f"Nobody belongs to tenant {tenant}; unisync user add lets somebody in.", markup=False)


@app.command("role")
def change_role(
    email: Email, role: Annotated[Role, typer.Argument(help="What they are from now on.")], tenant: Tenant = "default"
) -> None:
    """Let somebody be something else in a tenant; the last admin stays one.

    Example: unisync user role ann@example.org bookkeeper
    """
    with local_caller(tenant) as caller:
        users.change_role(caller, users.user_of_email(caller, email).id, role)
    out.print(f"{email} is {role} of tenant {tenant}.", markup=False)


@app.command()
def remove(email: Email, tenant: Tenant = "default") -> None:
    """Take somebody out of a tenant; their sessions in it end.

    Example: unisync user remove ann@example.org --tenant berlin-agency
    """
    with local_caller(tenant) as caller:
        users.remove_user(caller, users.user_of_email(caller, email).id)
    out.print(f"{email} belongs to tenant {tenant} no more.", markup=False)


@app.command()
def password(email: Email, tenant: Tenant = "default") -> None:
    """Give somebody another password, asked for twice or in UNISYNC_USER_PASSWORD; all their sessions end.

    Example: unisync user password ann@example.org
    """
    with local_caller(tenant) as caller:
        user = users.user_of_email(caller, email)
        users.set_password(caller, user.id, new_password())
    out.print(f"{user.email} has a new password.", markup=False)


@app.command()
def disable(email: Email, tenant: Tenant = "default") -> None:
    """Let somebody come in no more, wherever they belong; all their sessions end.

    Example: unisync user disable ann@example.org
    """
    with local_caller(tenant) as caller:
        users.disable_user(caller, users.user_of_email(caller, email).id)
    out.print(f"{email} cannot come in any more; unisync user enable lets them in again.", markup=False)


@app.command()
def enable(email: Email, tenant: Tenant = "default") -> None:
    """Let somebody come in again who was disabled.

    Example: unisync user enable ann@example.org
    """
    with local_caller(tenant) as caller:
        users.enable_user(caller, users.user_of_email(caller, email).id)
    out.print(f"{email} can come in again.", markup=False)


def new_password() -> str:
    """Take a new password from the environment, or ask for it twice without showing it."""
    asked = f"New password, {SHORTEST} characters or more"
    return os.environ.get(PASSWORD) or str(typer.prompt(asked, hide_input=True, confirmation_prompt=True))


def state(user: User) -> str:
    """Say whether somebody may come in, and whether they reach beyond the tenant."""
    if user.disabled_at:
        return "disabled"
    return "runs the installation" if user.runs_installation else ""
