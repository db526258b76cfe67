"""Services behind Apprise URLs: delivered to a real receiver, and kept from everything that was not admitted."""

from __future__ import annotations

import inspect
import json
import logging
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from apprise import NotifyBase
from apprise.manager_plugins import NotificationManager
from pydantic import ValidationError

from notifications.channels.apprise import LOCAL, Apprise, AppriseSettings, inert
from notifications.channels.channel import Undeliverable
from notifications.channels.confinement import confined
from notifications.notice import Stage
from notifications.wording import plain_text
from tests.notifications.channels.receivers import HttpReceiver, MailReceiver, Reply
from tests.notifications.samples import notice

PLUGINS = tuple(NotificationManager().plugins(include_disabled=True))


def here(host: str, port: int) -> list[str]:
    if host not in ("127.0.0.1", "::1"):
        raise Undeliverable(f"{host} is no public address")
    return [host]


def nowhere(host: str, port: int) -> list[str]:
    raise Undeliverable(f"{host} is no public address")


def service(url: str, admit: Callable[[str, int], list[str]] = here) -> Apprise:
    return Apprise(AppriseSettings.model_validate({"url": url}), admit)


def json_url(receiver: HttpReceiver, parameters: str = "") -> str:
    return f"json://ann:s3cret@127.0.0.1:{receiver.port}/secret-path{parameters}"


def refusal(channel: Apprise) -> tuple[str, bool]:
    with pytest.raises(Undeliverable) as caught:
        channel.send(notice(), "json")
    assert "s3cret" not in str(caught.value)
    return str(caught.value), caught.value.permanent


@pytest.mark.parametrize(("stage", "kind"), [(Stage.OPENED, "failure"), (Stage.RESOLVED, "success")])
def test_a_notice_arrives(receiver: HttpReceiver, stage: Stage, kind: str) -> None:
    assert service(json_url(receiver)).send(notice(stage), "json") == "accepted"

    [request] = receiver.requests
    body = json.loads(request.body)
    assert (body["title"], body["type"]) == (notice(stage).title, kind)
    assert body["message"].strip() == plain_text(notice(stage), titled=False).strip()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(404), ("json answered 404", True)),
        (Reply(410), ("json answered 410", True)),
        (Reply(401), ("json answered 401", False)),
        (Reply(500), ("json answered 500", False)),
        (Reply(hang_up=True), ("json did not take it, or cannot be reached", False)),
    ],
)
@pytest.mark.parametrize("parameters", ["", "?retry=5&wait=0&optional=yes"])
def test_a_failure_counts_and_is_not_repeated_by_apprise(
    receiver: HttpReceiver, reply: Reply, expected: tuple[str, bool], parameters: str
) -> None:
    receiver.answer([reply])
    assert refusal(service(json_url(receiver, parameters))) == expected
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("parameters", ["", "?redirect=yes"])
def test_a_redirect_is_not_followed(receiver: HttpReceiver, parameters: str) -> None:
    receiver.answer([Reply(302, b"", {"Location": "/elsewhere"})])
    assert refusal(service(json_url(receiver, parameters))) == ("json answered 302", False)
    assert len(receiver.requests) == 1


def test_a_service_that_is_away_is_asked_again_later(away: int) -> None:
    assert refusal(service(f"json://127.0.0.1:{away}")) == ("json did not take it, or cannot be reached", False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::1]"])
def test_an_address_that_is_not_admitted_is_not_connected_to_by_whatever_name(
    receiver: HttpReceiver, host: str
) -> None:
    text, permanent = refusal(service(f"json://{host}:{receiver.port}/", nowhere))
    assert "is no public address" in text
    assert not permanent
    assert receiver.requests == []


def test_mail_by_apprise_goes_where_it_was_admitted_and_nowhere_else(
    mail_server: Callable[..., MailReceiver],
) -> None:
    running = mail_server()
    url = f"mailto://127.0.0.1:{running.port}?from=ann@example.org&to=bob@example.org&mode=insecure"

    assert "is no public address" in refusal(service(url, nowhere))[0]
    assert running.inbox.mails == []
    assert service(url).send(notice(), "mailto") == "accepted"
    assert [recipient for recipient, _ in running.inbox.mails] == ["bob@example.org"]


def test_every_scheme_that_is_not_reached_by_http_or_mail_is_refused() -> None:
    refused = [plugin for plugin in PLUGINS if not is_reached(plugin)]
    assert {scheme for plugin in refused for scheme in schemes(plugin)} == LOCAL
    assert len(PLUGINS) - len(refused) > 100


def test_no_service_that_is_not_refused_starts_threads_or_programs_that_would_not_be_confined() -> None:
    ways_out = ("import threading", "import subprocess", "import ctypes", "import multiprocessing", "import socket")
    reached = [plugin for plugin in PLUGINS if is_reached(plugin)]
    assert [plugin for plugin in reached if any(way in source(plugin) for way in ways_out)] == []


def is_reached(plugin: type[NotifyBase]) -> bool:
    # Without so much as a host in its URL, it can only be this machine.
    return ("requests." in source(plugin) or "smtplib" in source(plugin)) and "{schema}://" not in plugin.templates


def source(plugin: type[NotifyBase]) -> str:
    modules = [inspect.getmodule(part) for part in plugin.__mro__ if part.__module__.startswith("apprise.plugins.")]
    return "".join(inspect.getsource(module) for module in modules if module)


def schemes(plugin: type[NotifyBase]) -> list[str]:
    named = (getattr(plugin, "protocol", None), getattr(plugin, "secure_protocol", None))
    return [scheme for name in named if name for scheme in ([name] if isinstance(name, str) else name)]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        *((f"{scheme}://host/x", "is no service that is reached by HTTP or mail") for scheme in sorted(LOCAL)),
        (" SYSLOG://s3cret", "is no service that is reached by HTTP or mail"),
        ("gobbledygook-s3cret", "Apprise does not know such a URL"),
        ("nosuchservice://s3cret", "Apprise does not know such a URL"),
        ("json://s3cret, json://s3cret", "Apprise does not know such a URL"),
        ("json://s3cret/?verify=no", "certificates are always checked"),
        ("discord://4174216298/s3cret?template=/etc/passwd", "it names a file"),
        ("fcm://s3cret/device?keyfile=/etc/passwd", "it names a file"),
        ("mailto://s3cret:p@example.org?to=a@example.org,b@example.org", "it names several targets"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_a_sentence(
    url: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.NOTSET), pytest.raises(ValidationError) as caught:
        AppriseSettings.model_validate({"url": url})
    assert sentence in str(caught.value)
    assert "s3cret" not in str(caught.value) + caplog.text


def test_the_address_that_a_service_itself_gives_out_can_be_entered_as_it_is() -> None:
    assert service("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js").targets() == ("discord",)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("@everyone look", "@\u200beveryone look"),
        ("<!channel> <@U1>", "<\u200b!channel> <\u200b@\u200bU1>"),
        ("[the guide](https://evil.example)", "[the guide]\u200b(https://evil.example)"),
        ("a < b [1] (2)", "a < b [1] (2)"),
    ],
)
def test_nobody_is_called_and_no_link_hidden_by_what_an_error_says(said: str, told: str) -> None:
    assert inert(said) == told


def test_a_library_that_is_confined_can_neither_start_programs_nor_use_files_nor_connect() -> None:
    attempts: tuple[Callable[[], object], ...] = (
        lambda: open("/etc/passwd"),  # noqa: PTH123, SIM115
        lambda: open(__file__, "a"),  # noqa: PTH123, SIM115
        lambda: subprocess.run(["true"]),  # noqa: S607
        lambda: socket.socket(socket.AF_UNIX).connect("/run/x"),
        lambda: socket.socket().connect(("localhost", 1)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    )
    with confined(nowhere) as confinement:
        for attempt in attempts:
            with pytest.raises(PermissionError):
                attempt()
    assert confinement.reason == "it would use a file of this machine"
    subprocess.run(["true"], check=True)  # noqa: S607


def test_what_other_threads_do_meanwhile_is_their_own_business() -> None:
    with confined(nowhere), ThreadPoolExecutor(1) as other:
        assert other.submit(Path("/etc/passwd").read_text).result()
