"""What a success puts right: which incidents are over once a run went through or a connection was found to work."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from domain.keys import ConnectionName, Kind
from domain.sync import SyncRequest
from notifications.events import Event, EventType

OF_CONNECTIONS = (EventType.CONNECTION_FAILED, EventType.RECONNECT_NEEDED)
"""What may be over because the connection answers somebody else than the runs that it struck."""

PROVED_BY_RUNS = 2
"""From so many failures in a row on, only a run proves that it is over: an answer asks for less than a run needs."""


class Track(BaseModel):
    """What a run was about; ``whole`` when it was to carry everything and to write it."""

    model_config = ConfigDict(frozen=True)

    route: str
    source: ConnectionName
    target: ConnectionName
    kinds: tuple[Kind, ...]
    whole: bool

    def covers(self, failed: Track) -> bool:
        """Whether a success here proves that what failed there would go through now."""
        same = (self.route, self.source, self.target) == (failed.route, failed.source, failed.target)
        return same and set(failed.kinds) <= set(self.kinds) and (self.whole or not failed.whole)


class Recovery(BaseModel):
    """What works again: a track, and incidents of these types at these connections.

    ``rejected`` are the kinds and error types of which records are still queued for the target of the track.
    ``renewed`` says that the connections were given new credentials, ``removed`` that there are none of them any more.
    """

    model_config = ConfigDict(frozen=True)

    track: Track | None = None
    connections: tuple[ConnectionName, ...] = ()
    types: tuple[EventType, ...] = OF_CONNECTIONS
    rejected: tuple[tuple[Kind, str], ...] = ()
    renewed: bool = False
    removed: bool = False

    def ends(self, event: Event, tracks: Sequence[Track]) -> bool:
        """Whether an incident is over because of its connection; one that no run met has no other end."""
        met_by_none = event.type is EventType.RATE_LIMITED and not tracks
        is_meant = event.type in self.types or met_by_none
        is_enough = self.renewed or event.failures_in_row < PROVED_BY_RUNS
        return event.connection in self.connections and (self.removed or (is_meant and is_enough))

    def left(self, event: Event, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """Give those of the tracks of an incident on which it is still to be expected."""
        if self.removed:
            return tuple(track for track in tracks if not {track.source, track.target} & set(self.connections))
        is_queued = event.type is EventType.RECORDS_REJECTED and (event.kind, event.error_type) in self.rejected
        if self.track is None or is_queued:
            return tuple(tracks)
        return tuple(track for track in tracks if not self.track.covers(track))


def track_of(request: SyncRequest, kinds: Sequence[Kind] = ()) -> Track:
    """Give the track of a run, or of these kinds of it alone."""
    return Track(
        route=request.route,
        source=request.source,
        target=request.target,
        kinds=tuple(kinds) or request.kinds,
        whole=request.moves_watermark,
    )
