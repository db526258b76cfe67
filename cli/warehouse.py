"""unisync warehouse: the tables that a sync fills."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import out
from connectors.supabase.schema import statements
from connectors.supabase.settings import SCHEMA, check_schema
from domain.errors import Misconfigured

NOTE = """\
-- The tables of Universal Data Sync in the schema {schema}. Run all of it in the SQL editor of the Supabase dashboard;
-- it may be run again at any time, and brings tables of an earlier version up to date. Then expose the schema to the
-- API: Settings, API, Exposed schemas: add {schema}. The roles of the publishable key get no right to it, and
-- row-level security stands before every row; only the service key writes, so keep it secret."""

app = typer.Typer(no_args_is_help=True, help="The tables that a sync fills.")


@app.callback()
def warehouse() -> None:
    """The tables that a sync fills."""


@app.command()
def sql(schema: Annotated[str, typer.Option(help="Schema of the tables.")] = SCHEMA) -> None:
    """Print the SQL that makes the tables, or brings them up to date; by its Postgres URL a sync runs it by itself.

    A Supabase project that is connected with --project-url cannot be given tables by its API, so run it yourself.

    Example: unisync warehouse sql > tables.sql
    """
    try:
        check_schema(schema)
    except ValueError as error:
        raise Misconfigured(f"the schema {schema!r} cannot be used: {error}") from None
    out.out(NOTE.format(schema=schema), f"\nBEGIN;\n{statements(schema)};\nCOMMIT;", sep="", highlight=False)
