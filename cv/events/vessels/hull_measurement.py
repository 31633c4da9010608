"""The hull of a call: what its looks together measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from cv.counting.count import BerthedHull, PierCount
from cv.events.event import Event
from cv.events.vessels.vessel_matching import HullMeasurement


def measure_hull(call: Event, counts: Sequence[PierCount]) -> HullMeasurement:
    """Medians of length and beam of the longest hull in each look of `call`, metres.

    `counts` are those of its pier. At which end the bridge stands no look of ours tells.
    """
    shown = set(call.evidence)
    hulls = [
        max(count.berthed, key=_length)
        for count in counts
        if count.scene in shown and count.berthed
    ]
    if not hulls:
        return HullMeasurement(call.size.value if call.size else None)
    return HullMeasurement(
        median(hull.length_m for hull in hulls), median(hull.beam_m for hull in hulls)
    )


def _length(hull: BerthedHull) -> float:
    return hull.length_m
