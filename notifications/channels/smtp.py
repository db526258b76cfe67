"""Talking to a mail server: where it was admitted, encrypted as it was settled, and what its refusals mean."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from notifications.channels.channel import Undeliverable, quoted

# The mailbox does not exist, moved or is closed (RFC 3463: X.1.*, X.2.1); where no such code is given, RFC 5321's.
_NOBODY_THERE = re.compile(rb"5\.(?:1\.\d+|2\.1)\b")
_ENHANCED = re.compile(rb"\d\.\d+\.\d+\b")
_NO_MAILBOX = (521, 550, 551, 553, 556)


class Session(smtplib.SMTP):
    """A connection to one of the addresses, whatever the host's name leads to by now; certificates are the name's.

    With ``implicit`` it is encrypted from the first byte. No answer may take longer than ``seconds``.
    """

    def __init__(
        self, host: str, port: int, addresses: Sequence[str], *, implicit: ssl.SSLContext | None, seconds: float
    ) -> None:
        self._addresses = addresses
        self._implicit = implicit
        super().__init__(host, port, timeout=seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # What smtplib itself overrides to connect otherwise.
        connection = _connect(self._addresses, port, timeout)
        return self._implicit.wrap_socket(connection, server_hostname=host) if self._implicit else connection

    def deliver(self, mail: EmailMessage) -> str:
        """Send one mail to its recipient and take leave; what happens after it was taken does not matter."""
        self.send_message(mail)
        with suppress(smtplib.SMTPException, OSError):
            self.quit()
        return "accepted"


@contextmanager
def judged(host: str) -> Iterator[None]:
    """Turn what goes wrong with a mail server into Undeliverable: permanent when the mailbox is not there."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise Undeliverable(
            f"{host} refuses the recipient: {code} {quoted(said)}", permanent=_is_gone(code, said)
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        # Its words may repeat what was sent to it.
        raise Undeliverable(f"{host} refuses user and password ({error.smtp_code})") from None
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        raise Undeliverable(f"{host} refuses the mail: {error.smtp_code} {quoted(said)}") from None
    except smtplib.SMTPNotSupportedError:
        raise Undeliverable(f"{host} does not offer the encryption or the login that is set") from None
    except ssl.SSLCertVerificationError:
        raise Undeliverable(f"the certificate of {host} is not valid for it") from None
    except ssl.SSLError:
        raise Undeliverable(f"{host} does not speak TLS on this port as it is set") from None
    except smtplib.SMTPException:
        raise Undeliverable(f"{host} hung up, or took too long to answer") from None
    except OSError:
        raise Undeliverable(f"{host} cannot be reached") from None


def _connect(addresses: Sequence[str], port: int, timeout: float) -> socket.socket:
    failure = OSError("no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise failure


def _is_gone(code: int, said: bytes) -> bool:
    if code < 500:
        return False
    return bool(_NOBODY_THERE.match(said)) if _ENHANCED.match(said) else code in _NO_MAILBOX
