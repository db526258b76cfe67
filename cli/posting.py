"""unisync posting: a posting policy to begin with, for a bookkeeper to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
import yaml

from cli.output import err, out
from config.suggestion import suggested_policy
from domain.errors import Misconfigured

LOCALTIME = Path("/etc/localtime")


def posting(
    source: Annotated[str, typer.Option(help="Connection to the shop.")] = "shop",
    target: Annotated[str, typer.Option(help="Connection to the books.")] = "books",
    zone: Annotated[
        str | None, typer.Option(help="Where the company is, such as Europe/Berlin; this machine's when left out.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose.")] = "default",
) -> None:
    """Print a posting policy as YAML, with the shop's tax rates paired with the tax codes of the books.

    Save it, let the bookkeeper look at it, and give it to: unisync connect posting books --file posting.yaml

    Example: unisync posting --zone Europe/Berlin > posting.yaml
    """
    chosen = local_zone() if zone is None else zone
    if not is_zone(chosen):
        raise Misconfigured(f"{chosen!r} is no time zone; use an IANA name such as Europe/Berlin")
    policy = suggested_policy(tenant, source, target, zone=chosen)
    out.out(
        yaml.safe_dump(policy.model_dump(mode="json"), allow_unicode=True, sort_keys=False), highlight=False, end=""
    )
    if zone is None:
        err.print(f"The zone is {chosen}, as this machine has it; if the company is elsewhere, say --zone.")


def local_zone() -> str:
    """Give the IANA name of this machine's time zone, UTC when it does not tell."""
    linked = str(LOCALTIME.resolve()).rpartition("/zoneinfo/")[2]
    names = (os.environ.get("TZ", "").removeprefix(":"), linked)
    return next((name for name in names if is_zone(name)), "UTC")


def is_zone(name: str) -> bool:
    """Whether this is the name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)
