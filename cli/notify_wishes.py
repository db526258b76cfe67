"""unisync notify add and change: who is to be told, how and of what. Both are long: every option is a parameter."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.caller import local_caller
from cli.notify_options import (
    ChannelKind,
    Enabled,
    ErrorTypes,
    Header,
    Host,
    Kinds,
    Least,
    Method,
    Percent,
    Port,
    Quiet,
    Repeat,
    SecretsFile,
    Security,
    Sender,
    Systems,
    Threshold,
    To,
    User,
    Zone,
    ask_secrets,
    filters_of,
    read_secrets,
    secrets_of,
    wish,
)
from cli.notify_views import AsJson, Name, Tenant, named, tell
from operations.notification_configs import change_configuration, make_configuration


def add(
    name: Name,
    channel: Annotated[ChannelKind, typer.Argument(help="How they are told.")],
    to: To = None,
    host: Host = None,
    port: Port = None,
    security: Security = None,
    sender: Sender = None,
    user: User = None,
    method: Method = None,
    header: Header = None,
    secrets: SecretsFile = None,
    severity: Least = None,
    system: Systems = None,
    kind: Kinds = None,
    error_type: ErrorTypes = None,
    threshold: Threshold = None,
    rejected_percent: Percent = None,
    repeat_hours: Repeat = None,
    quiet: Quiet = None,
    zone: Zone = None,
    enabled: Enabled = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Have somebody told; secrets are asked for, or come from UNISYNC_NOTIFY_URL and so on, a file or standard input.

    The secrets are: of Slack and Apprise url; of a webhook url, bearer, password, headers and signing_secret; of e-mail
    password. docs/notifications.md tells what is told when.

    Example: unisync notify add office email --host smtp.example.org --sender alerts@example.org --to ann@example.org
    Example: unisync notify add accounting slack --severity error --quiet 22:00-07:00 --zone Europe/Berlin
    Example: unisync notify add desk webhook --secrets desk.json
    """
    settings = chosen(
        channel=channel.value, recipients=to, host=host, port=port, security=security, sender=sender, user=user,
        method=method,
    )  # fmt: skip
    filters = filters_of(
        {}, quiet, zone, minimum_severity=severity, systems=system, kinds=kind, error_types=error_type,
        threshold=threshold, rejected_percent=rejected_percent, repeat_hours=repeat_hours,
    )  # fmt: skip
    asked = secrets_of(channel, with_login=user is not None)
    settings |= read_secrets(secrets) if secrets else ask_secrets(asked, header or ())
    wanted = wish(name=name, settings=settings, filters=filters, enabled=enabled is not False)
    with local_caller(tenant) as caller:
        tell(make_configuration(caller, wanted), as_json)


def change(
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    to: To = None,
    host: Host = None,
    port: Port = None,
    security: Security = None,
    sender: Sender = None,
    user: User = None,
    method: Method = None,
    header: Header = None,
    secrets: SecretsFile = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for the secrets anew; those left empty stay.")] = False,
    severity: Least = None,
    system: Systems = None,
    kind: Kinds = None,
    error_type: ErrorTypes = None,
    threshold: Threshold = None,
    rejected_percent: Percent = None,
    repeat_hours: Repeat = None,
    quiet: Quiet = None,
    zone: Zone = None,
    enabled: Enabled = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change what is given and leave the rest; targets that were switched off are told again.

    Secrets stay as long as nothing else says where they go: after another mail server or user, give the password anew.

    Example: unisync notify change accounting --severity warning --system all
    Example: unisync notify change desk --ask
    """
    settings = chosen(recipients=to, host=host, port=port, security=security, sender=sender, user=user, method=method)
    with local_caller(tenant) as caller:
        before = named(caller, name)
        filters = filters_of(
            before.filters.model_dump(mode="json"), quiet, zone, minimum_severity=severity, systems=system, kinds=kind,
            error_types=error_type, threshold=threshold, rejected_percent=rejected_percent, repeat_hours=repeat_hours,
        )  # fmt: skip
        asked = secrets_of(before.channel, with_login=bool(user or before.settings.get("user"))) if ask else ()
        settings |= read_secrets(secrets) if secrets else ask_secrets(asked, header or ())
        on = before.enabled if enabled is None else enabled
        wanted = wish(
            name=new_name or before.name, settings={**before.settings, **settings}, filters=filters, enabled=on
        )
        tell(change_configuration(caller, before.id, wanted), as_json)


def chosen(**given: Any) -> dict[str, Any]:
    """Give the settings that were given."""
    return {name: value for name, value in given.items() if value is not None}
