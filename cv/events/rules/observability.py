"""Observability: on how many days a pier had an image, and a usable one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cv.counting.count import PierCount
from cv.events.model.observations import MIN_VISIBLE


@dataclass(frozen=True)
class Observability:
    """Days (UTC) from the first observation to the last."""

    days: int
    imaged: int
    """With an image."""
    usable: int
    """With one that shows at least half of the pier or its berth."""
    with_ship: int
    """With one that shows a ship."""

    @classmethod
    def of(cls, counts: Sequence[PierCount]) -> Observability:
        """Return the observability of one pier from its counts."""
        dated = [(count.acquired.date(), count) for count in counts if count.acquired is not None]
        imaged = {day for day, _ in dated}
        if not imaged:
            return cls(0, 0, 0, 0)
        usable = {day for day, count in dated if _is_usable(count)}
        with_ship = {day for day, count in dated if (count.hulls.value or 0) >= 1}
        days = (max(imaged) - min(imaged)).days + 1
        return cls(days, len(imaged), len(usable), len(with_ship))


def _is_usable(count: PierCount) -> bool:
    visible = max(count.visible_fraction or 0.0, count.berth_visible_fraction or 0.0)
    return visible >= MIN_VISIBLE and (count.containers.known or count.hulls.known)
