"""A process that runs a flow again and again, each time killed a step later: ``python -m tests.flows.dying JSON TEXT``.

A step is whatever a kill may come before or after: a statement that writes to the ledger, the commit of one and the
moment after it, the beginning and the end of a hook. They are counted from the first statement that contains the text.
Everything is imported once; each run is a fork that kills itself with SIGKILL, so nothing of it is tidied up. How each
of them ended is printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import islice
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from flows.woocommerce_to_supabase import woocommerce_to_supabase

AT_ONCE = 4
KILLED, ENDED = "killed", "ended"


def run_and_die(at: int, since: str, parameters: dict[str, Any]) -> None:
    """Run the flow and kill this process at a step, if it comes so far."""
    taken, counts, wrote = 0, False, False

    def take(*_: object) -> None:
        nonlocal taken
        taken += counts
        if taken == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(*arguments: Any) -> None:
        nonlocal counts, wrote
        statement = arguments[2]
        counts = counts or since in statement
        if not statement.startswith("SELECT"):
            wrote = True
            take()

    def commit(*_: object) -> None:
        if wrote:
            take()

    def committed(*_: object) -> None:
        nonlocal wrote
        commit()
        wrote = False

    event.listen(Engine, "before_cursor_execute", execute)
    event.listen(Engine, "commit", commit)
    event.listen(Session, "after_commit", committed)
    for hooks in (woocommerce_to_supabase.on_failure_hooks, woocommerce_to_supabase.on_completion_hooks):
        hooks.insert(0, take)
        hooks.append(take)
    woocommerce_to_supabase(**parameters, return_state=True)


def fork(at: int, since: str, parameters: dict[str, Any]) -> int:
    """Run the flow in a child; gives its id."""
    child = os.fork()
    if child == 0:
        run_and_die(at, since, parameters)
        os._exit(0)
    return child


def main() -> None:
    """Run the flow with each of the parameters given, killed at the first step, the second and so on."""
    wanted, since = enumerate(json.loads(sys.argv[1]), start=1), sys.argv[2]
    running: dict[int, int] = {}
    ended: dict[int, str] = {}
    for at, parameters in islice(wanted, AT_ONCE):
        running[fork(at, since, parameters)] = at
    while running:
        child, status = os.wait()
        ended[running.pop(child)] = KILLED if os.WIFSIGNALED(status) else ENDED
        for at, parameters in islice(wanted, 1):
            running[fork(at, since, parameters)] = at
    sys.stdout.write(json.dumps([ended[at] for at in sorted(ended)]))


if __name__ == "__main__":
    main()
