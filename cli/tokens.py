"""unisync token: what programs come in with."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.caller import local_caller
from cli.output import err, out, print_json, print_table
from cli.pages import every
from domain.access import Role
from operations import tokens
from operations.tokens import Token

MOST_DAYS = 3_650

app = typer.Typer(no_args_is_help=True, help="Tokens with which programs come in at /api.")

Name = Annotated[str, typer.Argument(help="What it is for; it names its doings in the audit log.")]
Tenant = Annotated[str, typer.Option(help="Whose tokens.")]


@app.command()
def create(
    name: Name,
    role: Annotated[Role, typer.Option(help="What its bearer may do in the tenant.")],
    tenant: Tenant = "default",
    days: Annotated[int | None, typer.Option(min=1, max=MOST_DAYS, help="It expires after so many days.")] = None,
    runs_installation: Annotated[
        bool, typer.Option("--runs-installation", help="It may also make tenants and read the metrics of all.")
    ] = False,
) -> None:
    """Make a token and print it this once; it is kept nowhere.

    Example: unisync token create "nightly export" --role viewer --days 90
    """
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with local_caller(tenant) as caller:
        made = tokens.make_token(caller, name, role, expires_at=expires_at, runs_installation=runs_installation)
    err.print(f"This is the {role} token {name} of tenant {tenant}; it is shown this once:", markup=False)
    # Alone on standard output, so that a script can catch it, and whole, however narrow the screen.
    sys.stdout.write(f"{made.secret}\n")


@app.command("list")
def list_tokens(
    tenant: Tenant = "default",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
) -> None:
    """List the tokens of a tenant, revoked and expired ones too; never what they are made of.

    Example: unisync token list
    """
    with local_caller(tenant) as caller:
        found = list(every(lambda page: tokens.list_tokens(caller, page)))
    if as_json:
        print_json([token.model_dump(mode="json") for token in found])
    elif found:
        rows = [(each.name, each.role, each.created_by, day(each.last_used_at), state(each)) for each in found]
        print_table(("name", "role", "made by", "last used", "state"), rows)
    else:
        out.print(f"Tenant {tenant} has no tokens; unisync token create makes one.", markup=False)


@app.command()
def revoke(name: Name, tenant: Tenant = "default") -> None:
    """Let a token count no more, from this moment on.

    Example: unisync token revoke "nightly export"
    """
    with local_caller(tenant) as caller:
        tokens.revoke_token(caller, tokens.token_of_name(caller, name).id)
    out.print(f"The token {name} of tenant {tenant} counts no more.", markup=False)


def state(token: Token) -> str:
    """Say whether a token counts."""
    if token.revoked_at:
        return f"revoked {day(token.revoked_at)}"
    if token.expires_at:
        return f"{'expired' if token.expires_at <= datetime.now(UTC) else 'until'} {day(token.expires_at)}"
    return "runs the installation" if token.runs_installation else ""


def day(at: datetime | None) -> str:
    """Write the day of a moment; nothing for never."""
    return f"{at.astimezone():%Y-%m-%d}" if at else ""
