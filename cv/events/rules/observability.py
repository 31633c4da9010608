"""How well a pier could be watched: days with a usable look, with clouds only, without an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cv.counting.count import PierCount
from cv.events.model.observations import MIN_VISIBLE


@dataclass(frozen=True)
class Observability:
    """Days (UTC) from the first look to the last one."""

    days: int
    imaged: int
    """With an image."""
    usable: int
    """With one that shows at least half of the pier or its berth."""
    with_ship: int
    """With a look that shows a ship."""

    @classmethod
    def of(cls, counts: Sequence[PierCount]) -> Observability:
        """That of the looks at one pier."""
        dated = [(count.acquired.date(), count) for count in counts if count.acquired is not None]
        imaged = {day for day, _ in dated}
        if not imaged:
            return cls(0, 0, 0, 0)
        shown = {day for day, count in dated if _usable(count)}
        ships = {day for day, count in dated if (count.hulls.value or 0) >= 1}
        return cls(_span(min(imaged), max(imaged)), len(imaged), len(shown), len(ships))


def _usable(count: PierCount) -> bool:
    seen = max(count.visible_fraction or 0.0, count.berth_visible_fraction or 0.0)
    return seen >= MIN_VISIBLE and (count.containers.known or count.hulls.known)


def _span(first: date, last: date) -> int:
    return (last - first).days + 1
