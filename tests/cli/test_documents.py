"""What the documents tell people to type is there to be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import app

CHECKOUT = Path(__file__).parent.parent.parent
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
TYPED = re.compile(r"(?m)^\s*(?:\$ )?(unisync [a-z][^\n|]*)|`(unisync [a-z][^`\n]*)`")


def commands(page: Path) -> list[str]:
    """Every command line on the page, in blocks of code and within sentences."""
    return [block or inline for block, inline in TYPED.findall(page.read_text().replace("\\\n", ""))]


def fault_of(line: str) -> str | None:
    """Say what of a command line there is not; None when there is all of it."""
    words = shlex.split(line.partition(" #")[0].partition(" > ")[0])[1:]
    command: Any = typer.main.get_command(app)
    while further := getattr(command, "commands", None):
        if not words:
            return None
        name = words.pop(0)
        if name not in further:
            return f"no command {name}"
        command = further[name]
    known = {"--help", *(name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts))}
    return next((f"no option {word}" for word in words if word.startswith("--") and word not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_documents_exists_with_its_options(page: Path) -> None:
    faults = {line: fault for line in commands(page) if (fault := fault_of(line))}
    assert faults == {}


def test_a_command_that_is_not_there_is_found_out() -> None:
    assert fault_of("unisync connections reencrypt --tenant a") is None
    assert fault_of("unisync connections reseal") == "no command reseal"
    assert fault_of("unisync connections reencrypt --all") == "no option --all"
    assert len(commands(CHECKOUT / "docs" / "setup.md")) > 20
