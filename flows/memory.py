"""How a walk keeps Python's garbage collector from looking at the same objects over and over."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page makes some tens of thousands of objects without cycles and lets them go. The collector, left to itself, walks
# all of them and Prefect's 300,000 besides again and again: 1.3 of 6.5 s of CPU for 20,000 orders. With these steps
# memory grew by 11 MB; without any collector it would by 90 MB.
THRESHOLDS = (50_000, 20, 50)


@contextmanager
def calm_collector() -> Iterator[None]:
    """Let the garbage collector look more rarely, and not at what was there before; as it was at the end.

    Where somebody around or beside us has done so already, nothing changes: looking through everything once costs 0.2 s
    of CPU, in which no other thread of the process gets on, and a run that a webhook started takes hardly more.
    """
    if gc.get_freeze_count():
        yield
        return
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
