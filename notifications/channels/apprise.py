"""A hundred other services by one URL each (Teams, Discord, PagerDuty, Telegram ...), through the library Apprise."""

from __future__ import annotations

from collections.abc import Callable

from apprise import Apprise as Library
from apprise import AppriseAsset, NotifyFormat, NotifyType
from pydantic import SecretStr

from notifications.channels.channel import Undeliverable
from notifications.events import Severity
from notifications.notice import Notice, Stage
from notifications.wording import plain_text

# Not a service of other people: they act on this very machine, or reach its neighbours without being asked.
LOCAL = frozenset({"dbus", "kde", "qt", "glib", "gnome", "macosx", "windows", "syslog", "rsyslog", "file", "smpp"})
_KINDS = {
    Severity.INFO: NotifyType.INFO,
    Severity.WARNING: NotifyType.WARNING,
    Severity.ERROR: NotifyType.FAILURE,
    Severity.CRITICAL: NotifyType.FAILURE,
}


class Apprise:
    """One service by its Apprise URL, which is the secret.

    ``admit`` is asked for the host that the URL names, before anything is sent, and raises what speaks against it.
    """

    def __init__(self, url: SecretStr, admit: Callable[[str], None]) -> None:
        self._url = url
        self._admit = admit

    def targets(self) -> tuple[str, ...]:
        """The name of the service, as its URL begins."""
        return (scheme_of(self._url),)

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        # A retry of its own would double what our outbox repeats, and a redirect may lead anywhere.
        service = Library(asset=AppriseAsset(async_mode=False, http_redirects=False))
        if not service.add(self._url.get_secret_value()):
            raise Undeliverable(f"the Apprise URL of {target} cannot be used", permanent=True)
        for plugin in service:
            if plugin.host:
                self._admit(plugin.host)
        kind = NotifyType.SUCCESS if notice.stage is Stage.RESOLVED else _KINDS[notice.severity]
        body = plain_text(notice)
        if service.notify(body=body, title=notice.title, notify_type=kind, body_format=NotifyFormat.TEXT):
            return "accepted"
        # Apprise says no more than that.
        raise Undeliverable(f"{target} did not take it", permanent=False)


def scheme_of(url: SecretStr) -> str:
    """Give the part of an Apprise URL before ``://``, which names the service."""
    return url.get_secret_value().partition("://")[0].lower()
