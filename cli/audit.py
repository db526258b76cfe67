"""unisync audit: who changed what, and who tried to."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.caller import local_caller
from cli.output import out, print_json, print_table
from cli.pages import every
from cli.sync import moment
from domain.errors import Misconfigured, first_fault
from operations.audit import AuditEntry, AuditFilter, export_audit_csv, list_audit


def audit(
    tenant: Annotated[str, typer.Option(help="Whose audit log.")] = "default",
    actor: Annotated[str | None, typer.Option(help="Only what they did: user:ann@example.org, operator:root.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this: user.add, token.revoke.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only what was done, or what was refused.")] = None,
    since: Annotated[str | None, typer.Option(help="From this ISO time with its zone on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this ISO time with its zone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="All of them, as a file for spreadsheets.")] = False,
) -> None:
    """List what was changed in a tenant, by whom, and what was refused; newest first.

    Example: unisync audit --outcome refused --since 2026-07-01T00:00:00+02:00
    """
    wanted = wish(actor=actor, action=action, outcome=outcome, since=moment(since), until=moment(until))
    with local_caller(tenant) as caller:
        if as_csv:
            sys.stdout.writelines(export_audit_csv(caller, wanted))
            return
        found = list(islice(every(lambda page: list_audit(caller, wanted, page)), limit))
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
    elif found:
        print_table(("at", "who", "did", "to", "outcome", "details"), [cells(entry) for entry in found])
    else:
        out.print("Nothing of the kind was noted.")


def wish(**given: object) -> AuditFilter:
    """Read which entries are wanted.

    Raises:
        Misconfigured: one sentence naming the option that cannot be used.
    """
    try:
        return AuditFilter.model_validate(given)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"--{name} cannot be used: {why}") from None


def cells(entry: AuditEntry) -> tuple[str, ...]:
    """Give an entry as a row for people."""
    details = ", ".join(f"{name} {value}" for name, value in entry.details.items() if value not in (None, "", False))
    at = f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}"
    return at, entry.actor, entry.action, entry.subject, entry.outcome, details
