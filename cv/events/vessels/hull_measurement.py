"""The hull of a call, measured over all its observations."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from cv.counting.count import PierCount
from cv.events.event import Event
from cv.events.vessels.vessel_matching import HullMeasurement


def measure_hull(call: Event, counts: Sequence[PierCount]) -> HullMeasurement:
    """Return the median length and beam of the longest hull in each observation of `call`, metres.

    `counts` are those of its pier. The detector does not measure at which end the bridge stands.
    """
    scenes = set(call.evidence)
    hulls = [
        max(count.berthed, key=lambda hull: hull.length_m)
        for count in counts
        if count.scene in scenes and count.berthed
    ]
    if not hulls:
        return HullMeasurement(call.size.value if call.size else None)
    return HullMeasurement(
        median(hull.length_m for hull in hulls), median(hull.beam_m for hull in hulls)
    )
