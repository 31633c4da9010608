"""The truth about each scene, from the labels of the renderer."""

from __future__ import annotations

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from port_layout import GSD, QUAYS, SHAPE, Quay, Span
from schedule import PortState
from skysat_delivery import item_id

from cv.rendering.renderer import RenderedLabel

MIN_ROOF_VISIBLE = 0.45
"""Smallest visible share of a roof for its container to count, as in training."""


@dataclass(frozen=True)
class Row:
    """The truth about one pier in one scene; None (an empty cell) where nothing could be seen."""

    scene: str
    """Item id."""
    pier: str
    containers: int | None
    """On the pier, roof seen from above, neither under cloud nor in its shadow."""
    aboard: int | None
    """The same on the deck of the ship at its berth."""
    hulls: int | None
    """At its berth, more than half of it clear."""
    visible_fraction: float
    """Share of the pier's area that is clear, 0..1."""
    berth_visible_fraction: float | None
    """Share of the berth's area that is clear, 0..1; None without a declared berth."""
    standing: int
    """Containers on the pier with those that clouds hide."""


@dataclass(frozen=True, eq=False)
class Region:
    """A rectangle of the port on the scene's pixels."""

    polygon: shapely.Polygon
    """Pixels (x, y)."""
    weights: NDArray[np.float64]
    """(rows, columns) area of each pixel inside it, pixels."""

    @classmethod
    def of(cls, span: Span) -> Region:
        """The exact share of every pixel of the scene."""
        polygon = shapely.Polygon(span.corners / GSD)
        weights = np.zeros(SHAPE)
        left, top, right, bottom = polygon.bounds
        x, y = np.meshgrid(
            np.arange(max(0, int(left)), min(SHAPE[1], int(right) + 1)),
            np.arange(max(0, int(top)), min(SHAPE[0], int(bottom) + 1)),
        )
        cells = shapely.box(x, y, x + 1, y + 1)
        shapely.prepare(polygon)
        inside = shapely.contains(polygon, cells)
        crossed = shapely.intersects(polygon, cells) & ~inside
        areas = inside.astype(float)
        areas[crossed] = shapely.area(shapely.intersection(polygon, cells[crossed]))
        weights[y, x] = areas
        return cls(polygon, weights)

    def clear_share(self, hidden: NDArray[np.bool_]) -> float:
        """Share of its area that is not hidden and lies in the scene, 0..1."""
        return float(self.weights[~hidden].sum() / self.polygon.area)

    def holds(self, item: RenderedLabel) -> bool:
        """Whether the middle of an object lies in it."""
        return bool(shapely.contains_xy(self.polygon, *item.corners.mean(0)))


@dataclass(frozen=True, eq=False)
class ObservedPier:
    """A pier of the port with its regions in the scene."""

    quay: Quay
    pier: Region
    berth: Region | None

    def row(self, state: PortState, labels: list[RenderedLabel], hidden: NDArray[np.bool_]) -> Row:
        """Return the truth about this pier."""
        boxes = [x for x in labels if x.class_name == "container" and x.visible >= MIN_ROOF_VISIBLE]
        ashore = [box for box in boxes if not box.aboard and self.pier.holds(box)]
        ships = [x for x in labels if x.class_name == "hull" and self._moors(x)]
        afloat = [box for box in boxes if box.aboard and self._moors(box)]
        on_pier = round(self.pier.clear_share(hidden), 6)
        at_berth = round(self.berth.clear_share(hidden), 6) if self.berth else None
        moored = on_pier if at_berth is None else at_berth
        return Row(
            item_id(state),
            self.quay.name,
            _number(ashore, hidden, on_pier),
            _number(afloat, hidden, moored),
            _number(ships, hidden, moored),
            on_pier,
            at_berth,
            len(ashore),
        )

    def _moors(self, item: RenderedLabel) -> bool:
        return self.berth is not None and self.berth.holds(item)


def counts(item: RenderedLabel, hidden: NDArray[np.bool_]) -> bool:
    """Whether an object is visible: its roof from above, and more than half of it clear."""
    roofed = item.class_name == "container" and item.visible < MIN_ROOF_VISIBLE
    return not roofed and _clear(item, hidden) > 0.5


def observed_piers() -> tuple[ObservedPier, ...]:
    """Return all piers of the port."""
    return tuple(
        ObservedPier(quay, Region.of(quay.outline), Region.of(quay.berth) if quay.berth else None)
        for quay in QUAYS
    )


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([field.name for field in fields(Row)])
        writer.writerows(astuple(row) for row in rows)


def _number(items: list[RenderedLabel], hidden: NDArray[np.bool_], share: float) -> int | None:
    """Return how many of the objects are visible; None if their area is hidden entirely."""
    return sum(counts(item, hidden) for item in items) if share > 0 else None


def _clear(item: RenderedLabel, hidden: NDArray[np.bool_]) -> float:
    """Share of points spread over an object that are not hidden, 0..1."""
    steps = np.linspace(0.05, 0.95, 10)
    first, along = item.corners[0], item.corners[1] - item.corners[0]
    across = item.corners[3] - item.corners[0]
    spots = first + steps[:, None, None] * along + steps[None, :, None] * across
    x = np.clip(spots[..., 0].astype(int), 0, SHAPE[1] - 1)
    y = np.clip(spots[..., 1].astype(int), 0, SHAPE[0] - 1)
    return float(1 - hidden[y, x].mean())
