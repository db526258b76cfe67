"""How often a system may be called, by all processes together: every call reserves its moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.keys import ConnectionName


class Limit(NamedTuple):
    """At most so many calls within any span of so many seconds."""

    calls: int
    seconds: float


# Slots only grow, so the new one is right when it keeps its distance from the slot that lies a limit's calls before it.
# The clock is read under the row's lock: whoever comes second sees the slot of the first.
_RESERVE = text("""
INSERT INTO unisync.throttles AS held (connection, bucket, slots)
VALUES (:connection, :bucket, ARRAY[clock_timestamp()])
ON CONFLICT (tenant, connection, bucket) DO UPDATE SET slots = (
    held.slots || greatest(
        clock_timestamp(),
        held.slots[cardinality(held.slots)],
        (SELECT max(held.slots[cardinality(held.slots) + 1 - limits.calls] + limits.seconds * interval '1 second')
         FROM unnest(CAST(:calls AS integer[]), CAST(:seconds AS float[])) AS limits (calls, seconds))
    )
)[greatest(1, cardinality(held.slots) + 2 - :longest):]
RETURNING greatest(0, extract(epoch FROM slots[cardinality(slots)] - clock_timestamp()))::float
""")

_POSTPONE = text("""
INSERT INTO unisync.throttles AS held (connection, bucket, slots)
VALUES (:connection, :bucket, ARRAY[clock_timestamp() + :seconds * interval '1 second'])
ON CONFLICT (tenant, connection, bucket) DO UPDATE SET slots =
    held.slots || greatest(held.slots[cardinality(held.slots)], clock_timestamp() + :seconds * interval '1 second')
""")


def reserve_call(session: Session, connection: ConnectionName, bucket: str, limits: Sequence[Limit]) -> float:
    """Reserve the next moment at which a call keeps within all limits, and give the seconds until then.

    Counts only once the transaction is committed, and holds up all other reservations of the bucket until then.
    """
    found = session.scalar(
        _RESERVE,
        {
            "connection": connection,
            "bucket": bucket,
            "calls": [limit.calls for limit in limits],
            "seconds": [limit.seconds for limit in limits],
            "longest": max(limit.calls for limit in limits),
        },
    )
    return float(found or 0)


def postpone_calls(session: Session, connection: ConnectionName, bucket: str, seconds: float) -> None:
    """Let no call of the bucket be made for so many seconds."""
    session.execute(_POSTPONE, {"connection": connection, "bucket": bucket, "seconds": seconds})
