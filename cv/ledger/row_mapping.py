"""Counts and sightings as rows of the ledger, and back."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely

from cv.counting.count import BerthedHull, ContainerStack, CountStatus, Estimate, PierCount
from cv.counting.counts import QUANTITIES
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.site import PierRole

Row = tuple[Any, ...]

COUNT_COLUMNS = (
    "role",
    "status",
    "reason",
    "visible_fraction",
    "berth_visible_fraction",
    "visibility",
    "radiometry",
    "place",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
    "gsd_x_m",
    "gsd_y_m",
    "method",
    "interval_level",
    "interval_calibrated",
)  # fmt: skip
"""Columns of the table `counts` that hold a Count's own values, in the order of `count_row`."""
STACK_COLUMNS = ("containers", "length_m", "width_m", "x", "y")
HULL_COLUMNS = ("length_m", "beam_m", "heading_deg", "score", "x", "y")
DETECTION_COLUMNS = (
    "kind",
    "score",
    "outline",
    "length_m",
    "width_m",
    "heading_deg",
    "aboard",
    *(f"{axis}{corner}" for corner in range(4) for axis in "xy"),
)


@dataclass(frozen=True)
class RecordedDetection:
    """A sighting as the ledger knows it."""

    scene: str
    """Identifier of the scene."""
    acquired: datetime
    """When the scene was taken, UTC."""
    model: str
    """sha256 of the model file that saw it, hexadecimal."""
    detection: GeoreferencedDetection


def count_row(count: PierCount) -> Row:
    """The values of `COUNT_COLUMNS`; raises ValueError for an estimate that is not finite."""
    return (
        count.role.value,
        count.status.value,
        count.reason,
        *_finite("visible_fraction", count.visible_fraction, count.berth_visible_fraction),
        count.visibility,
        count.radiometry,
        count.place,
        *(
            end
            for name in QUANTITIES
            for e in (getattr(count, name),)
            for end in _finite(name, e.value, e.low, e.high)
        ),
        *count.gsd_m,
        count.method,
        count.interval_level,
        count.interval_calibrated,
    )


def _finite(name: str, *values: float | None) -> tuple[float | None, ...]:
    """SQLite keeps no NaN but stores NULL, which here means unknown: so NaN must not get there."""
    if any(value is not None and not math.isfinite(value) for value in values):
        raise ValueError(f"{name} is {', '.join(map(str, values))}")
    return values


def stack_row(stack: ContainerStack) -> Row:
    """The values of `STACK_COLUMNS`."""
    return stack.containers, stack.length_m, stack.width_m, *stack.center


def hull_row(hull: BerthedHull) -> Row:
    """The values of `HULL_COLUMNS`."""
    return hull.length_m, hull.beam_m, hull.heading_deg, hull.score, *hull.center


def detection_rows(sightings: Sequence[GeoreferencedDetection]) -> list[Row]:
    """The values of `SIGHTING_COLUMNS` of each; an outline that is None stays None."""
    outlines = shapely.to_wkb([s.outline for s in sightings]) if sightings else ()
    return [
        (s.kind, s.score, outline, s.length_m, s.width_m, s.heading_deg, s.aboard,
         *(value for corner in s.corners for value in corner))
        for s, outline in zip(sightings, outlines, strict=True)
    ]  # fmt: skip


def to_counts(
    rows: Iterable[Row], stacks: Iterable[Row], hulls: Iterable[Row]
) -> tuple[PierCount, ...]:
    """Counts from rows.

    A row of `rows` is id, scene, pier, acquired, model, settings and `COUNT_COLUMNS`; one of
    `stacks` and `hulls` is the id of its count and its own columns. Raises ValueError or TypeError
    for values that no count has.
    """
    stacks_of: dict[int, list[ContainerStack]] = defaultdict(list)
    for key, containers, length, width, x, y in stacks:
        stacks_of[key].append(ContainerStack(containers, length, width, (x, y)))
    hulls_of: dict[int, list[BerthedHull]] = defaultdict(list)
    for key, length, beam, heading, score, x, y in hulls:
        hulls_of[key].append(BerthedHull(length, beam, _number(heading), score, (x, y)))
    return tuple(
        _count(row, tuple(stacks_of.get(row[0], ())), tuple(hulls_of.get(row[0], ())))
        for row in rows
    )


def _count(
    row: Row, stacks: tuple[ContainerStack, ...], berthed: tuple[BerthedHull, ...]
) -> PierCount:
    _, scene, pier, acquired, model, settings, *own = row
    role, status, reason, seen, berth_seen, by, radiometry, place = own[:8]
    gsd_x, gsd_y, method, level, calibrated = own[20:]
    return PierCount(
        scene=scene,
        pier=pier,
        role=PierRole(role),
        acquired=datetime.fromisoformat(acquired),
        status=CountStatus(status),
        reason=reason,
        visible_fraction=seen,
        berth_visible_fraction=berth_seen,
        visibility=by,
        radiometry=radiometry,
        containers=Estimate(*own[8:11]),
        teu=Estimate(*own[11:14]),
        hulls=Estimate(*own[14:17]),
        aboard=Estimate(*own[17:20]),
        stacks=stacks,
        berthed=berthed,
        gsd_m=(_number(gsd_x), _number(gsd_y)),
        method=method,
        interval_level=level,
        interval_calibrated=bool(calibrated),
        model=model,
        settings=settings,
        place=place,
    )


def to_recorded_detections(rows: Sequence[Row]) -> tuple[RecordedDetection, ...]:
    """Sightings from rows of scene, acquired, model, pier and `SIGHTING_COLUMNS`.

    Raises ValueError, TypeError or shapely.errors.GEOSException for values that no sighting has.
    """
    outlines = shapely.from_wkb([row[6] for row in rows]) if rows else ()
    return tuple(_recorded(row, outline) for row, outline in zip(rows, outlines, strict=True))


def _recorded(row: Row, outline: shapely.Polygon | None) -> RecordedDetection:
    scene, acquired, model, pier, kind, score, _, length, width, heading, aboard = row[:11]
    sighting = GeoreferencedDetection(
        kind=kind,
        score=score,
        corners=tuple(zip(row[11::2], row[12::2], strict=True)),
        outline=outline,
        length_m=length,
        width_m=width,
        heading_deg=_number(heading),
        aboard=bool(aboard),
        pier=pier,
    )
    return RecordedDetection(scene, datetime.fromisoformat(acquired), model, sighting)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
