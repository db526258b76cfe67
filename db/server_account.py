"""Under which account the embedded Postgres runs: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT_NAME = "unisync"
_SECONDS = 60


class EmbeddedPostgresError(RuntimeError):
    """The embedded Postgres cannot work here; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Account:
    """A system account other than our own."""

    name: str
    user: int
    group: int

    @property
    def identity(self) -> dict[str, Any]:
        """What ``subprocess.run`` must be told to run a command under this account."""
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def may_enter(self, folder: Path) -> bool:
        """Whether processes of this account reach what lies in the folder."""
        # Asked of the kernel, not read off mode bits: access lists and mounts have a say too.
        return self._succeeds("test", "-x", str(folder))

    def may_run(self, program: Path) -> bool:
        """Whether this account can start the program."""
        return self._succeeds(str(program), "--version")

    def _succeeds(self, *command: str) -> bool:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program and a path of our own
                command,
                **self.identity,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0


def server_account() -> Account | None:
    """Give the account that the server must run under, made when missing; None means our own will do.

    Raises:
        EmbeddedPostgresError: we are root and the account cannot be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        entry = _make_account()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_account() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT_NAME]
    try:
        # The outcome is what counts: another process may make the account at this very moment.
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - fixed arguments
        return pwd.getpwnam(ACCOUNT_NAME)
    except (OSError, KeyError):
        raise EmbeddedPostgresError(
            f"Postgres refuses to run as root and the system user {ACCOUNT_NAME!r} cannot be made: run "
            f"`{' '.join(command)}` yourself, run unisync as another user, or set UNISYNC_DATABASE_URL"
        ) from None


def require_reachable(home: Path, account: Account | None) -> None:
    """Make sure that the server account can enter the home.

    Raises:
        EmbeddedPostgresError: it cannot; names the folder that stops it.
    """
    if account is None or account.may_enter(home):
        return
    closed = next(folder for folder in (*reversed(home.parents), home) if not account.may_enter(folder))
    raise EmbeddedPostgresError(
        f"the system user {account.name!r}, under which the embedded Postgres runs, may not enter {closed}: "
        f"set UNISYNC_HOME to a folder that it may enter, such as /var/lib/unisync"
    )
