"""What unisync notify add and change are told: options become a wish, and secrets never stand on the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from domain.errors import Misconfigured, first_fault
from notifications.events import Severity
from operations.notification_configs import ConfigWish

ALL, NONE, STDIN = "all", "none", Path("-")


class ChannelKind(StrEnum):
    """The ways to reach people."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


QUESTIONS = {
    "url": ("UNISYNC_NOTIFY_URL", "Address"),
    "password": ("UNISYNC_NOTIFY_PASSWORD", "Password"),
    "bearer": ("UNISYNC_NOTIFY_BEARER", "Bearer token (empty for none)"),
    "signing_secret": ("UNISYNC_NOTIFY_SIGNING_SECRET", "Signing secret, whsec_... (empty for none)"),
}
"""Where each secret comes from: a variable of the environment, or a person."""

To = Annotated[list[str] | None, typer.Option(help="E-mail: who gets it; may be repeated.")]
Host = Annotated[str | None, typer.Option(help="E-mail: the mail server.")]
Port = Annotated[int | None, typer.Option(help="E-mail: its port; 587 when left out.")]
Security = Annotated[str | None, typer.Option(help="E-mail: starttls (587), tls (465) or none.")]
Sender = Annotated[str | None, typer.Option(help="E-mail: the address that it comes from.")]
User = Annotated[str | None, typer.Option(help="E-mail or webhook: who logs in; the password is asked for.")]
Method = Annotated[str | None, typer.Option(help="Webhook: POST, PUT or PATCH.")]
Header = Annotated[list[str] | None, typer.Option(help="Webhook: the name of a header; its value is asked for.")]
SecretsFile = Annotated[
    Path | None, typer.Option("--secrets", help="JSON file with the secrets by name, or - for standard input.")
]
Least = Annotated[Severity | None, typer.Option("--severity", help="Nothing less severe is told.")]
Systems = Annotated[list[str] | None, typer.Option("--system", help="Only what concerns this system, or all.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only what concerns this kind of record, or all.")]
ErrorTypes = Annotated[list[str] | None, typer.Option("--error-type", help="Only this topic of the guide, or all.")]
Threshold = Annotated[int | None, typer.Option(help="So many failures in a row are critical; 3 when left out.")]
Percent = Annotated[
    float | None, typer.Option("--rejected-percent", help="Below this part of records rejected, nothing is told.")
]
Repeat = Annotated[float | None, typer.Option("--repeat-hours", help="What still fails is told again after this time.")]
Quiet = Annotated[
    str | None, typer.Option(help="Only what is critical is told then, such as 22:00-07:00; none ends it.")
]
Zone = Annotated[str | None, typer.Option(help="Time zone of the quiet hours, such as Europe/Berlin.")]
Enabled = Annotated[bool | None, typer.Option("--on/--off", help="Whether anything but tests is told.")]


def filters_of(before: Mapping[str, Any], quiet: str | None, zone: str | None, **given: Any) -> dict[str, Any]:
    """Give the filters with what was given put in place of what was before; ``all`` lets everything through.

    Raises:
        Misconfigured: quiet hours are written otherwise than 22:00-07:00.
    """
    chosen = {name: () if value == [ALL] else value for name, value in given.items() if value is not None}
    hours = before.get("quiet_hours")
    if quiet == NONE:
        hours = None
    elif quiet is not None:
        begin, dash, end = quiet.partition("-")
        if not dash:
            raise Misconfigured(f"{quiet!r} are no quiet hours; write them like 22:00-07:00")
        hours = {**(hours or {}), "begin": begin, "end": end}
    if zone is not None:
        if hours is None:
            raise Misconfigured("--zone belongs to quiet hours; give --quiet too")
        hours = {**hours, "zone": zone}
    return {**before, **chosen, "quiet_hours": hours}


def read_secrets(file: Path) -> dict[str, Any]:
    """Read the secrets of a channel, such as ``{"url": "https://...", "headers": {"X-Key": "..."}}``.

    Raises:
        Misconfigured: there is no such JSON; the sentence never repeats any of it.
    """
    try:
        found = json.loads(sys.stdin.read() if file == STDIN else file.read_text())
    except OSError as error:
        raise Misconfigured(f"the secrets in {file} cannot be read: {error.strerror}") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misconfigured('secrets are one JSON object by their names, such as {"url": "https://..."}')
    return found


def ask_secrets(names: Iterable[str], headers: Sequence[str]) -> dict[str, Any]:
    """Take secrets from the environment or ask for them without showing them; those left empty are left out."""
    given: dict[str, Any] = {name: answer for name in names if (answer := _asked(*QUESTIONS[name]))}
    values = {name: _asked("", f"Value of {name}") for name in headers}
    return {**given, "headers": values} if values else given


def secrets_of(channel: str, *, with_login: bool) -> list[str]:
    """Name the secrets that a channel is asked for, headers aside."""
    login = ["password"] if with_login else []
    match channel:
        case ChannelKind.EMAIL:
            return login
        case ChannelKind.WEBHOOK:
            return ["url", *(login or ["bearer"]), "signing_secret"]
    return ["url"]


def wish(**given: Any) -> ConfigWish:
    """Read the configuration that is wanted.

    Raises:
        Misconfigured: one sentence naming what cannot be used.
    """
    try:
        return ConfigWish.model_validate(given)
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"{name.removeprefix('filters.')} cannot be used: {why}") from None


def _asked(variable: str, question: str) -> str:
    # Questions go where no program reads the result.
    ask = partial(typer.prompt, hide_input=True, default="", show_default=False, err=True)
    return os.environ.get(variable) or str(ask(question))
