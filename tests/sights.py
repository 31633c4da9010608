"""Looks at a pier, written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cv.counting.count import UNKNOWN, Count, Estimate, Hull, Status
from cv.events.story import Story
from cv.events.watch import Watch
from cv.site import Role

START = datetime(2024, 1, 1, 2, tzinfo=UTC)


def look(
    day: float,
    boxes: float | None,
    hull_m: float | None = None,
    seen: float = 1.0,
    role: Role = Role.EXPORT,
) -> Count:
    """A look `day` days after START: boxes on the pier (None: cloud), a hull at its berth."""
    status = Status.COUNTED if seen > 0.98 else Status.PARTIAL
    if boxes is None:
        status, seen = Status.NOT_VISIBLE, 0.0
    containers = hulls = UNKNOWN
    berthed: tuple[Hull, ...] = ()
    if boxes is not None:
        off = 2 + 0.1 * boxes
        containers = Estimate(boxes, max(0.0, boxes - off), boxes + off)
        hulls = Estimate(0.0, 0.0, 0.0)
        if hull_m is not None:
            hulls = Estimate(1.0, 1.0, 2.0)
            berthed = (Hull(hull_m, hull_m / 6, float("nan"), 0.9, (0.0, 0.0)),)
    at = START + timedelta(days=day)
    return Count(
        scene=f"scene {day:g}",
        pier="Pier 2",
        role=role,
        acquired=at,
        status=status,
        reason="",
        visible_fraction=seen,
        berth_visible_fraction=seen,
        visibility="udm2",
        radiometry="by hand",
        containers=containers,
        teu=UNKNOWN,
        hulls=hulls,
        aboard=UNKNOWN,
        stacks=(),
        berthed=berthed,
        gsd_m=(0.5, 0.5),
        method="resolved",
        interval_level=0.9,
        interval_calibrated=True,
        model="",
        settings="",
        place="",
    )


def day(at: datetime) -> float:
    """Days after START."""
    return (at - START) / timedelta(days=1)


def history(*looks: Count) -> Story:
    """A usual rhythm of five calls before these looks, which begin at day 0."""
    before = []
    for start in range(-40, 0, 8):
        sizes = (0, 0, 0, 0, 60, 120, 120, 10)
        ships = (None, None, None, None, None, None, 115, 115)
        before += [look(start + i, n, s) for i, (n, s) in enumerate(zip(sizes, ships, strict=True))]
    return Story.of(Watch.of([*before, *looks]))
