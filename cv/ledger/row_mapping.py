"""Counts and detections as rows of the ledger, and back, by the names of the columns."""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from sqlalchemy import RowMapping

from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.pier_count import BerthedHull, ContainerStack, CountStatus, Estimate, PierCount
from cv.counting.scene_counts import QUANTITIES
from cv.geometry.arrays import Float64Array
from cv.ledger.schema import CORNER_COLUMNS, estimate_columns
from cv.registration.ground_reference import ReferenceWindow, SiteReference
from cv.registration.ground_window import GroundWindow
from cv.site import PierRole

Values = dict[str, Any]
"""The values of a new row by the names of their columns."""
_ESTIMATES = {quantity: estimate_columns(quantity) for quantity in QUANTITIES}
_OF_COUNT = (
    "reason", "visible_fraction", "berth_visible_fraction", "visibility", "radiometry", "place",
    "method", "interval_level", "interval_calibrated",
)  # fmt: skip
_SHIFT = ("shift_east_m", "shift_north_m")
_OF_STACK = ("containers", "length_m", "width_m")
_OF_HULL = ("length_m", "beam_m", "score")
_OF_DETECTION = ("kind", "score", "length_m", "width_m", "aboard")
"""Fields that are columns of the same name."""
_MUST_BE_FINITE = (
    "visible_fraction",
    "berth_visible_fraction",
    *_SHIFT,
    *sum(_ESTIMATES.values(), ()),
)
"""Where NULL means unknown, as which SQLite would keep NaN."""


@dataclass(frozen=True)
class RecordedDetection:
    """A detection in the ledger."""

    scene: str
    """Identifier of the scene."""
    acquired: datetime
    """When the scene was taken, UTC."""
    model: str
    """sha256 of the model file that made it, hexadecimal."""
    detection: GeoreferencedDetection


def count_values(count: PierCount) -> Values:
    """Return the row of a count, without ids; raises ValueError for a number that is not finite."""
    gsd_x, gsd_y = count.gsd_m
    values = _fields(count, _OF_COUNT)
    values |= {"role": count.role.value, "status": count.status.value}
    values |= {"gsd_x_m": _or_null(gsd_x), "gsd_y_m": _or_null(gsd_y)}
    values["unseen"] = None if count.unseen is None else shapely.to_wkb(count.unseen)
    values |= zip(_SHIFT, count.shift_m or (None, None), strict=True)
    for quantity, columns in _ESTIMATES.items():
        estimate: Estimate = getattr(count, quantity)
        values |= zip(columns, (estimate.value, estimate.low, estimate.high), strict=True)
    for name in _MUST_BE_FINITE:
        if values[name] is not None and not math.isfinite(values[name]):
            raise ValueError(f"{name} is {values[name]}")
    return values


def stack_values(count_id: int, count: PierCount) -> list[Values]:
    """Return the rows of the stacks of a count."""
    return [
        {"count_id": count_id, "position": i, "x": stack.center[0], "y": stack.center[1]}
        | _fields(stack, _OF_STACK)
        for i, stack in enumerate(count.stacks)
    ]


def hull_values(count_id: int, count: PierCount) -> list[Values]:
    """Return the rows of the hulls at berth of a count."""
    return [
        {"count_id": count_id, "position": i, "x": hull.center[0], "y": hull.center[1]}
        | {"heading_deg": _or_null(hull.heading_deg)}
        | _fields(hull, _OF_HULL)
        for i, hull in enumerate(count.berthed)
    ]


def detection_values(detections: Sequence[GeoreferencedDetection]) -> list[Values]:
    """Return the rows of detections, without ids; an outline that is None stays None."""
    outlines = shapely.to_wkb([one.outline for one in detections]) if detections else ()
    return [
        {"outline": outline, "heading_deg": _or_null(one.heading_deg)}
        | _fields(one, _OF_DETECTION)
        | dict(zip(sum(CORNER_COLUMNS, ()), sum(one.corners, ()), strict=True))
        for one, outline in zip(detections, outlines, strict=True)
    ]


def to_counts(
    rows: Iterable[RowMapping], stacks: Iterable[RowMapping], hulls: Iterable[RowMapping]
) -> tuple[PierCount, ...]:
    """Return counts from the rows of `queries.select_counts` and those of their parts.

    Raises ValueError or TypeError for values that no count has.
    """
    stacks_of: dict[int, list[ContainerStack]] = defaultdict(list)
    for row in stacks:
        stack = ContainerStack(center=(row["x"], row["y"]), **_columns(row, _OF_STACK))
        stacks_of[row["count_id"]].append(stack)
    hulls_of: dict[int, list[BerthedHull]] = defaultdict(list)
    for row in hulls:
        heading, center = _or_nan(row["heading_deg"]), (row["x"], row["y"])
        hull = BerthedHull(heading_deg=heading, center=center, **_columns(row, _OF_HULL))
        hulls_of[row["count_id"]].append(hull)
    return tuple(
        PierCount(
            scene=row["scene"],
            pier=row["pier"],
            role=PierRole(row["role"]),
            acquired=row["acquired"],
            status=CountStatus(row["status"]),
            stacks=tuple(stacks_of.get(row["id"], ())),
            berthed=tuple(hulls_of.get(row["id"], ())),
            gsd_m=(_or_nan(row["gsd_x_m"]), _or_nan(row["gsd_y_m"])),
            model=row["model"],
            settings=row["settings"],
            unseen=None if row["unseen"] is None else shapely.from_wkb(row["unseen"]),
            shift_m=_shift(row),
            **_estimates(row),
            **_columns(row, _OF_COUNT),
        )
        for row in rows
    )


def to_recorded_detections(rows: Sequence[RowMapping]) -> tuple[RecordedDetection, ...]:
    """Return detections from the rows of `queries.select_detections`.

    Raises ValueError, TypeError or shapely.errors.GEOSException for values that no detection has.
    """
    outlines = shapely.from_wkb([row["outline"] for row in rows]) if rows else ()
    return tuple(
        RecordedDetection(
            row["scene"],
            row["acquired"],
            row["model"],
            GeoreferencedDetection(
                corners=tuple((row[x], row[y]) for x, y in CORNER_COLUMNS),
                outline=outline,
                heading_deg=_or_nan(row["heading_deg"]),
                pier=row["pier"],
                **_columns(row, _OF_DETECTION),
            ),
        )
        for row, outline in zip(rows, outlines, strict=True)
    )


def reference_values(reference: SiteReference, scene_id: int) -> list[Values]:
    """Return the rows of the windows of a reference."""
    return [
        {"place": one.place, "scene_id": scene_id, "grey": zlib.compress(one.grey.tobytes(), 9)}
        | {"longitude": one.window.longitude, "latitude": one.window.latitude}
        | dict(zip(("rows", "columns"), one.window.shape, strict=True))
        for one in reference.windows
    ]


def to_reference(rows: Sequence[RowMapping]) -> SiteReference | None:
    """Return the reference from the rows of `queries.PIER_REFERENCES`; None without any.

    Windows of other scenes than the first are left out. Raises ValueError for values that no window
    has.
    """
    windows = []
    for row in rows:
        shape = row["rows"], row["columns"]
        if row["scene"] == rows[0]["scene"]:
            try:
                grey = np.frombuffer(zlib.decompress(row["grey"]), np.uint8).reshape(shape)
            except zlib.error as error:
                raise ValueError(f"the reference of {row['place']}: {error}") from error
            window = GroundWindow(row["longitude"], row["latitude"], shape)
            windows.append(ReferenceWindow(row["place"], window, grey))
    return SiteReference(rows[0]["scene"], tuple(windows)) if windows else None


def to_container_places(rows: Sequence[RowMapping]) -> dict[str, Float64Array]:
    """Return centres (k, 2), longitude and latitude, by scene, from rows of scene and outline.

    Raises shapely.errors.GEOSException for an outline that is none.
    """
    if not rows:
        return {}
    outlines = shapely.from_wkb([row["outline"] for row in rows])
    centers = shapely.get_coordinates(shapely.centroid(outlines))
    scenes = [row["scene"] for row in rows]
    starts = [i for i in range(len(scenes)) if not i or scenes[i] != scenes[i - 1]]
    parts = np.split(centers, starts[1:])
    return {scenes[start]: part for start, part in zip(starts, parts, strict=True)}


def _estimates(row: RowMapping) -> Values:
    return {name: Estimate(*map(row.__getitem__, columns)) for name, columns in _ESTIMATES.items()}


def _shift(row: RowMapping) -> tuple[float, float] | None:
    east, north = (row[name] for name in _SHIFT)
    return None if east is None or north is None else (east, north)


def _fields(value: object, names: Sequence[str]) -> Values:
    return {name: getattr(value, name) for name in names}


def _columns(row: RowMapping, names: Sequence[str]) -> Values:
    return {name: row[name] for name in names}


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
