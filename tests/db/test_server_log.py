"""The log of the embedded server does not grow for ever."""

from __future__ import annotations

from pathlib import Path

from db.server_log import trim_log


def test_a_long_log_keeps_its_last_whole_lines_and_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "postgres" / "server.log"
    log.parent.mkdir()
    lines = [f"line {number:04}\n" for number in range(1000)]
    log.write_text("".join(lines))

    with log.open("a") as server:
        assert trim_log(tmp_path, longest=5_000, kept=95) == 9_910
        server.write("one more\n")

    assert log.read_text() == "".join(lines[-9:]) + "one more\n"


def test_a_short_log_and_none_are_left_alone(tmp_path: Path) -> None:
    assert trim_log(tmp_path) == 0
    log = tmp_path / "postgres" / "server.log"
    log.parent.mkdir()
    log.write_text("short\n")
    assert trim_log(tmp_path) == 0
    assert log.read_text() == "short\n"
