"""A hundred other services by one URL each (Teams, Discord, PagerDuty, Telegram ...), through the library Apprise."""

from __future__ import annotations

import logging
import mimetypes
import re
from contextvars import ContextVar
from functools import cache
from typing import Any, ClassVar, Literal

from apprise import Apprise as Library
from apprise import AppriseAsset, AppriseAttachment, NotifyBase, NotifyFormat, NotifyType, OverflowMode
from pydantic import ConfigDict, Field, SecretStr, field_validator

from notifications.channels.channel import Admit, Secret, SecretSettings, Undeliverable
from notifications.channels.confinement import confined
from notifications.events import Severity
from notifications.notice import Notice, Stage
from notifications.wording import plain_text

# They act on this very machine, or reach others by ways that can be neither confined nor answered: everything that
# Apprise sends otherwise than by HTTP or mail.
LOCAL = frozenset(
    {
        *("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"),
        *("aprs", "growl", "irc", "ircs", "mqtt", "mqtts", "rsyslog", "smpp", "smpps", "xmpp", "xmpps"),
    }
)
CONNECT_SECONDS, READ_SECONDS = 10.0, 20.0

_KINDS = {
    Severity.INFO: NotifyType.INFO,
    Severity.WARNING: NotifyType.WARNING,
    Severity.ERROR: NotifyType.FAILURE,
    Severity.CRITICAL: NotifyType.FAILURE,
}
# People that would be called, and links that hide where they lead, in the mark-up of one service or another.
_ACTIVE = re.compile(r"@|<(?=[!#@/])|\](?=\()")
_STATUS = re.compile(r"error=(\d{3})\b")
_said: ContextVar[list[str] | None] = ContextVar("said", default=None)


def _overhear(record: logging.LogRecord) -> bool:
    said = _said.get()
    if said is not None:
        said.append(record.getMessage())
    return False


# What it logs holds addresses and at times secrets: nobody but us is to hear it, and we only look for a status.
_logger = logging.getLogger("apprise")
_logger.setLevel(logging.WARNING)
_logger.addFilter(_overhear)
logging.getLogger("urllib3").setLevel(logging.WARNING)


class AppriseSettings(SecretSettings):
    """One service by its Apprise URL, which is the secret: github.com/caronc/apprise/wiki lists them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"channel": "apprise", "url": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"}]
        },
    )

    SECRETS: ClassVar[frozenset[str]] = frozenset({"url"})

    channel: Literal["apprise"] = "apprise"
    url: Secret = Field(max_length=2_000)

    @field_validator("url")
    @classmethod
    def _names_one_service(cls, url: SecretStr) -> SecretStr:
        load(url)
        return url

    @property
    def service(self) -> str:
        """What the service is called in Apprise, such as ``discord``."""
        # Its attribute ``schema`` says https for some.
        url = load(self.url).url(privacy=True)  # type: ignore[no-untyped-call]
        return str(url).partition("://")[0]

    @property
    def is_in_clear(self) -> bool:
        """Whether it would be sent without encryption."""
        plugin = load(self.url)
        mode = getattr(plugin, "secure_mode", None)
        if mode is not None:
            return bool(mode == "insecure")
        # What has but one scheme leads to an https address of its own.
        return not plugin.secure and bool(type(plugin).protocol and type(plugin).secure_protocol)

    @property
    def secure_spelling(self) -> str:
        """How its URL begins where it is sent encrypted, such as ``jsons://``."""
        spelling = f"{scheme_of(self.url).removesuffix('s')}s://"
        return f"{spelling} without mode=insecure" if spelling == "mailtos://" else spelling

    @property
    def host(self) -> str:
        """Where it leads, as far as its URL tells; empty where the service itself knows."""
        plugin = load(self.url)
        if "{host}" not in "".join(plugin.templates):
            return ""
        host = str(getattr(plugin, "smtp_host", "") or plugin.host).strip("[]")
        # In the place of the host some services take a token or a topic, which nobody is to look up.
        return host if host == "localhost" or not {".", ":"}.isdisjoint(host) else ""

    def shown(self) -> dict[str, Any]:
        """What may be shown of it."""
        return {"service": self.service}


class Apprise:
    """One service; every address that is connected to on the way is judged by ``admit``."""

    def __init__(self, settings: AppriseSettings, admit: Admit) -> None:
        self._settings = settings
        self._admit = admit

    def targets(self) -> tuple[str, ...]:
        """The name of the service."""
        return (self._settings.service,)

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        library = Library(asset=_asset())
        library.add(load(self._settings.url))
        kind = NotifyType.SUCCESS if notice.stage is Stage.RESOLVED else _KINDS[notice.severity]
        title, body = inert(notice.title), inert(plain_text(notice, titled=False))
        said: list[str] = []
        listening = _said.set(said)
        try:
            with confined(self._admit) as confinement:
                taken = library.notify(body=body, title=title, notify_type=kind, body_format=NotifyFormat.TEXT)
        finally:
            _said.reset(listening)
        if taken:
            return "accepted"
        raise _refusal(target, confinement.reason, " ".join(said))


def load(url: SecretStr) -> NotifyBase:
    """Make the plug-in of a URL, set so that it sends once, to one target, and checks certificates.

    Raises:
        ValueError: the URL cannot be used; the sentence says why and never repeats it.
    """
    if scheme_of(url) in LOCAL:
        raise ValueError(f"{scheme_of(url)}:// is no service that is reached by HTTP or mail; choose another")
    _load_library()
    with confined(_nowhere):
        plugin = Library.instantiate(url.get_secret_value(), asset=_asset())
    if plugin is None:
        raise ValueError("Apprise does not know such a URL; its wiki tells how that of your service is written")
    if not plugin.verify_certificate:
        raise ValueError("leave verify=no out; certificates are always checked")
    if any(isinstance(part, AppriseAttachment) and len(part) for part in vars(plugin).values()):
        raise ValueError("it names a file, such as a template or a key; that is not possible here")
    # A retry of its own would double what our outbox repeats, and one of many targets cannot be repeated alone.
    plugin.retry = 0
    if len(plugin) > 1:
        raise ValueError("it names several targets; make one configuration of each, so that none is told twice")
    # Failures must count, a redirect may lead anywhere, and a notice in parts could arrive in part.
    plugin.optional, plugin.redirects, plugin.overflow_mode = False, False, OverflowMode.TRUNCATE
    plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
    return plugin


def scheme_of(url: SecretStr) -> str:
    """Give the part of an Apprise URL before ``://``, which names the service."""
    return url.get_secret_value().partition("://")[0].strip().lower()


def inert(text: str) -> str:
    """Keep a text from calling people or hiding links, wherever it is shown, by spaces that nobody sees."""
    return _ACTIVE.sub("\\g<0>\u200b", text)


def _asset() -> AppriseAsset:
    # Pictures would be fetched from Apprise's own repository by whoever reads the message.
    return AppriseAsset(
        app_id="Universal Data Sync",
        app_desc="Universal Data Sync",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        interpret_emojis=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode="memory",
    )


@cache
def _load_library() -> None:
    # What it does to find its plug-ins takes half a second and touches files of this machine.
    mimetypes.init()
    Library.instantiate("json://localhost")


def _nowhere(host: str, port: int) -> tuple[str, ...]:
    raise Undeliverable("nothing is sent yet")


def _refusal(target: str, confined_by: str, said: str) -> Undeliverable:
    if confined_by:
        return Undeliverable(f"{target} was not asked: {confined_by}")
    if found := _STATUS.findall(said):
        return Undeliverable(f"{target} answered {found[-1]}", permanent=found[-1] in ("404", "410"))
    return Undeliverable(f"{target} did not take it, or cannot be reached")
