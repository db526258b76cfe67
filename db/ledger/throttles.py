"""How often a system may be called, by all processes together: every call reserves its moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.keys import ConnectionName
from domain.usage import Purpose


class Limit(NamedTuple):
    """At most so many calls within any span of so many seconds."""

    calls: int
    seconds: float


# Slots only grow, so the new one is right when it keeps its distance from the slot that lies a limit's calls before it.
# The clock is read under the row's lock: whoever comes second sees the slot of the first.
# What is counted is counted in the same statement, so that it costs no journey of its own.
_RESERVE = text("""
WITH counted AS (
    INSERT INTO unisync.calls AS known (connection, purpose, count)
    SELECT :connection, :counts_as, 1 WHERE CAST(:counts_as AS text) IS NOT NULL
    ON CONFLICT (tenant, connection, day, purpose) DO UPDATE SET count = known.count + 1
)
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


def reserve_call(
    session: Session,
    connection: ConnectionName,
    bucket: str,
    limits: Sequence[Limit],
    counts_as: Purpose | None = None,
) -> float:
    """Reserve the next moment at which a call keeps within all limits, and give the seconds until then.

    Counts only once the transaction is committed, and holds up all other reservations of the bucket until then.
    ``counts_as`` adds it to the calls of today; a call that several buckets are reserved for is counted in one.
    """
    found = session.scalar(
        _RESERVE,
        {
            "connection": connection,
            "bucket": bucket,
            "calls": [limit.calls for limit in limits],
            "seconds": [limit.seconds for limit in limits],
            "longest": max(limit.calls for limit in limits),
            "counts_as": counts_as,
        },
    )
    return float(found or 0)


def postpone_calls(session: Session, connection: ConnectionName, bucket: str, seconds: float) -> None:
    """Let no call of the bucket be made for so many seconds."""
    session.execute(_POSTPONE, {"connection": connection, "bucket": bucket, "seconds": seconds})
