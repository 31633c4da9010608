"""Which hulls of consecutive observations are one vessel: those of about the same length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from cv.counting.pier_count import BerthedHull
from cv.events.model.observations import PierObservations

_SAME_LENGTH = 0.22
"""Two hulls are taken for one vessel up to this relative difference of their measured lengths."""
_MAX_MISSES = 1
"""A vessel that is not seen in more observations in a row, among hulls of others, has left."""


@dataclass(frozen=True)
class VesselTrack:
    """A vessel, from the first observation that shows it to the last."""

    hulls: dict[int, BerthedHull]
    """Its hull in each observation that shows it, by index, ascending."""
    beside_another: bool
    """Whether an observation shows it beside another vessel."""

    @property
    def first(self) -> int:
        """Index of the first observation that shows it."""
        return next(iter(self.hulls))

    @property
    def last(self) -> int:
        """Index of the last one."""
        return next(reversed(self.hulls))

    @property
    def length_m(self) -> float:
        """Median of its measured lengths, metres."""
        return median(hull.length_m for hull in self.hulls.values())

    def fits(self, hulls: Sequence[BerthedHull]) -> bool:
        """Return whether one of the hulls of an observation may be this vessel."""
        return any(_same(self.length_m, hull.length_m) for hull in hulls)


def track_vessels(observations: PierObservations, first: int, last: int) -> list[VesselTrack]:
    """Return the vessels at the berth between two observations, by time.

    One whose length fits no other, but which is seen only while another one stays and never beside
    it, is taken for that one, measured badly.
    """
    tracks: list[VesselTrack] = []
    for i in range(first, last + 1):
        beside = len(observations.ships[i]) > 1
        free = [t for t in tracks if i - t.last <= 1 + _MAX_MISSES]
        for hull in observations.ships[i]:
            fitting = [t for t in free if t.fits([hull])]
            if not fitting:
                tracks.append(VesselTrack({i: hull}, beside))
                continue
            same = min(fitting, key=lambda t: abs(hull.length_m / t.length_m - 1.0))
            free.remove(same)
            longer = VesselTrack({**same.hulls, i: hull}, same.beside_another or beside)
            tracks[tracks.index(same)] = longer
    return [one for one in tracks if one.beside_another or not _within_another(one, tracks)]


def _within_another(one: VesselTrack, tracks: list[VesselTrack]) -> bool:
    return any(t is not one and t.first < one.first and one.last < t.last for t in tracks)


def _same(one_m: float, other_m: float) -> bool:
    return abs(other_m / one_m - 1.0) <= _SAME_LENGTH
