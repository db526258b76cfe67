"""How unisync notify shows who is told of what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.output import print_json, print_table
from cli.pages import every
from domain.refusals import Unknown
from operations.caller import Caller
from operations.notification_configs import Configuration, list_configurations

Name = Annotated[str, typer.Argument(help="What the configuration is called.")]
Tenant = Annotated[str, typer.Option(help="Whose notifications.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


def named(caller: Caller, name: str) -> Configuration:
    """Give the configuration with this name or id; raises Unknown when there is none."""
    listed = every(lambda page: list_configurations(caller, page))
    found = next((each for each in listed if name in (each.name, str(each.id))), None)
    if found is None:
        raise Unknown(f"tenant {caller.tenant} has no configuration {name!r}; unisync notify list shows all")
    return found


def tell(found: Configuration, as_json: bool) -> None:
    """Print a configuration."""
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    shown: Any = found.settings.get("shown")
    told = {name: value for name, value in {**found.settings, **shown}.items() if name not in ("shown", "secrets")}
    rows = [("name", found.name), ("id", found.id), ("state", standing(found)), ("who", targets(found))]
    rows += [(name.replace("_", " "), written(value)) for name, value in told.items() if value not in ("", [], None)]
    print_table(("", ""), [*rows, ("secrets", ", ".join(shown["secrets"]) or "none"), ("what", rules(found))])


def standing(found: Configuration) -> str:
    """Say whether a configuration is told."""
    return "on" if found.enabled else "switched off"


def targets(found: Configuration) -> str:
    """Name who is reached, and who is not any more and why."""
    return "; ".join(
        f"{each.name} (switched off on {each.switched_off_at:%Y-%m-%d}: {each.why})"
        if each.switched_off_at
        else each.name
        for each in found.targets
    )


def rules(found: Configuration) -> str:
    """Sum up what is told: the least severity, and what differs from the usual."""
    filters = found.filters
    differing = filters.model_dump(mode="json", exclude={"minimum_severity"}, exclude_defaults=True)
    parts = [f"{filters.minimum_severity} and worse"]
    if hours := differing.pop("quiet_hours", None):
        parts.append(
            f"quiet {hours['begin'][:5]}-{hours['end'][:5]} {filters.quiet_hours.zone if filters.quiet_hours else ''}"
        )
    return "; ".join([*parts, *(f"{name.replace('_', ' ')}: {written(value)}" for name, value in differing.items())])


def written(value: object) -> str:
    """Write a value of JSON as people do."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
