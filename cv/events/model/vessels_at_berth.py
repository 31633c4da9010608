"""Which hulls of consecutive observations are one vessel: those of about the same length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from cv.events.model.observations import PierObservations

_SAME_LENGTH = 0.13
"""Two hulls are taken for one vessel up to this relative difference of their measured lengths."""
_MAX_MISSES = 1
"""A vessel that is not seen in more observations in a row, among hulls of others, has left."""


@dataclass(frozen=True)
class VesselTrack:
    """A vessel, from the first observation that shows it to the last."""

    first: int
    """Index of the first observation."""
    last: int
    """Index of the last one."""
    lengths_m: tuple[float, ...]
    """Its measured lengths, metres; empty where none was measured."""
    beside_another: bool
    """Whether an observation shows it beside another vessel."""

    @property
    def length_m(self) -> float | None:
        """Median of its measured lengths, metres."""
        return median(self.lengths_m) if self.lengths_m else None

    def fits(self, lengths_m: Sequence[float]) -> bool:
        """Return whether one of the hulls of an observation may be this vessel; none fits any."""
        own = self.length_m
        return own is None or not lengths_m or any(_same(own, one) for one in lengths_m)


def track_vessels(observations: PierObservations, first: int, last: int) -> list[VesselTrack]:
    """Return the vessels at the berth between two observations, with a ship in each, by time.

    One whose length fits no other, but which is seen only while another one stays and never beside
    it, is taken for that one, measured badly.
    """
    tracks: list[VesselTrack] = []
    for i in range(first, last + 1):
        free = [t for t in tracks if i - t.last <= 1 + _MAX_MISSES]
        for length in observations.ship_lengths[i]:
            beside = len(observations.ship_lengths[i]) > 1
            same = min(free, key=lambda t: abs(length / (t.length_m or length) - 1.0), default=None)
            if same is None or not _same(same.length_m or length, length):
                tracks.append(VesselTrack(i, i, (length,), beside))
                continue
            free.remove(same)
            longer = VesselTrack(
                same.first, i, (*same.lengths_m, length), same.beside_another or beside
            )
            tracks[tracks.index(same)] = longer
    if not tracks:
        return [VesselTrack(first, last, (), False)]
    return [one for one in tracks if one.beside_another or not _within_another(one, tracks)]


def _within_another(one: VesselTrack, tracks: list[VesselTrack]) -> bool:
    return any(t is not one and t.first < one.first and one.last < t.last for t in tracks)


def _same(one_m: float, other_m: float) -> bool:
    return abs(other_m / one_m - 1.0) <= _SAME_LENGTH
