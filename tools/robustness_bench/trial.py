"""One count of the bench: how it is made, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import CRS
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from cv import Detector, Pier, PierCount, PierRole, PierwatchError, Scene, Site, count
from cv.counting.pier_count import CountStatus
from cv.counting.scene_counter import SceneCounter
from cv.detector.model_card import CONTAINER
from robustness_bench.perturbations import BY_NAME, CLEAR
from robustness_bench.pier_view import PierView
from robustness_bench.scenes import WholeImage

NOT_OPENED = "refused"
"""Status of a scene that was refused before it was counted."""
_CRS = "EPSG:32652"
_NORTH_WEST = 500_000.0, 4_200_000.0
"""Where every view is placed, metres in `_CRS`; near the central meridian scale is true."""
_CELL_M = 10.0
"""Side of the cells from which the truth of a part of the pier is bounded, metres."""
WIDENED = 1.5
"""An interval at least so many times as wide as in clear weather is called widened."""


class Outcome(StrEnum):
    """What a count is worth."""

    HELD = "held"
    """A number, and its interval holds the truth."""
    WIDENED = "widened"
    """The same, with an interval at least `WIDENED` times as wide as in clear weather."""
    REFUSED = "refused"
    """No number."""
    WRONG = "wrong"
    """A number, and its interval misses the truth."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One scene, perturbed, and its count. The names of the fields are the columns of the CSV."""

    group: str
    """"real" or "rendered" views, or the group of a whole image."""
    scene: str
    perturbation: str
    strength: float
    status: str
    """Status of the count; NOT_OPENED where the scene was refused before."""
    reason: str
    visible: float
    """Visible share of the pier, as counted; nan without."""
    truth: float
    """Containers on the pier; nan where not known."""
    truth_low: float
    """The fewest containers that a part of the pier as large as the visible one may hold."""
    truth_high: float
    """The most."""
    value: float
    """Counted containers; nan where refused."""
    low: float
    high: float
    ungated: float
    """Detections above the threshold on the pier, whatever the count's status; nan where they
    cannot be had."""

    @property
    def known(self) -> bool:
        """Whether the count has a number."""
        return not math.isnan(self.value)

    @property
    def holds(self) -> bool:
        """Whether there is a number and its interval meets the truth."""
        return self.known and self.low <= self.truth_high and self.high >= self.truth_low

    @property
    def false_zero(self) -> bool:
        """Whether the count says 0 (0 to 0) where containers stand."""
        return self.known and self.high == 0 and self.truth_low > 0

    @property
    def error(self) -> float:
        """Distance of the number from the truth, as a part of the truth; nan if there is none."""
        if not self.known or not self.truth > 0:
            return float("nan")
        nearest = min(max(self.value, self.truth_low), self.truth_high)
        return abs(self.value - nearest) / self.truth

    @property
    def ungated_error(self) -> float:
        """Error of `ungated` as a part of the truth; nan where either is not known."""
        return abs(self.ungated - self.truth) / self.truth if self.truth > 0 else float("nan")

    def outcome(self, clear: Trial | None) -> Outcome:
        """Return the outcome, given the count of the same scene in clear weather."""
        if not self.known:
            return Outcome.REFUSED
        if not self.holds:
            return Outcome.WRONG
        if clear is None or not clear.known or self.perturbation == CLEAR:
            return Outcome.HELD
        usual = max(clear.high - clear.low, 1.0)
        return Outcome.WIDENED if self.high - self.low >= WIDENED * usual else Outcome.HELD


def count_view(
    view: PierView, perturbation: str, strength: float, seed: int, detector: Detector, folder: Path
) -> Trial:
    """Perturb `view`, write it as a georeferenced file in `folder`, and count it by its site."""
    changed = BY_NAME[perturbation].perturbed(view, strength, seed)
    path = folder / "view.tif"
    _write(path, changed)
    counted: PierCount | None = None
    ungated, reason = float("nan"), ""
    try:
        with Scene.open(path) as scene:
            site = _site(changed)
            counted = count(scene, site, detector)[0]
            if counted.status is CountStatus.COUNTED and counted.containers.known:
                ungated = float(counted.containers.value or 0.0)
            elif counted.status is not CountStatus.OUT_OF_RANGE:
                ungated = _ungated(scene, site, detector)
    except PierwatchError as error:
        reason = str(error)
    truth = float(view.truth)
    bounds = truth, truth
    if counted is not None and counted.status is not CountStatus.COUNTED:
        visible = counted.visible_fraction
        bounds = truth_bounds(changed, 1.0 if visible is None else visible)
    return _trial(
        counted, reason, view.source, view.name, perturbation, strength, bounds, truth, ungated
    )


def count_whole(image: WholeImage, detector: Detector) -> Trial:
    """Count an image as it is, whole."""
    counted, reason = None, ""
    try:
        with Scene.open(image.path, image.gsd_m) as scene:
            counted = count(scene, None, detector)[0]
    except PierwatchError as error:
        reason = str(error)
    nan = float("nan")
    truth = 0.0 if image.empty else nan
    return _trial(counted, reason, image.group, image.name, CLEAR, 0.0, (truth, truth), truth, nan)


def _trial(
    counted: PierCount | None,
    reason: str,
    group: str,
    scene: str,
    perturbation: str,
    strength: float,
    bounds: tuple[float, float],
    truth: float,
    ungated: float,
) -> Trial:
    nan = float("nan")
    known = counted is not None and counted.containers.known
    estimate = counted.containers if counted is not None and known else None
    visible = counted.visible_fraction if counted is not None else None
    return Trial(
        group=group,
        scene=scene,
        perturbation=perturbation,
        strength=strength,
        status=counted.status.value if counted is not None else NOT_OPENED,
        reason=counted.reason if counted is not None else reason,
        visible=nan if visible is None else visible,
        truth=truth,
        truth_low=bounds[0],
        truth_high=bounds[1],
        value=nan if estimate is None else float(estimate.value or 0.0),
        low=nan if estimate is None else float(estimate.low or 0.0),
        high=nan if estimate is None else float(estimate.high or 0.0),
        ungated=ungated,
    )


def truth_bounds(view: PierView, share: float) -> tuple[float, float]:
    """Return the fewest and the most containers that any `share` of the pier's area may hold.

    From the numbers in cells of `_CELL_M`; a part of a cell may hold none or all of them.
    """
    if share >= 1:
        return float(view.truth), float(view.truth)
    numbers, areas = [], []
    centres = shapely.points(view.containers.reshape(-1, 4, 2).mean(axis=1))
    for cell in _grid_cells(view.outline):
        numbers.append(float(shapely.intersects(cell, centres).sum()))
        areas.append(cell.area)
    densest = np.argsort([-n / a for n, a in zip(numbers, areas, strict=True)])
    number, area = np.array(numbers)[densest], np.array(areas)[densest]
    most = _first(number, area, share * area.sum())
    fewest = number.sum() - _first(number, area, (1 - share) * area.sum())
    return min(max(0.0, fewest), view.truth), min(most, view.truth)


def _first(number: np.ndarray, area: np.ndarray, wanted: float) -> float:
    """Return the number in the first cells that together have the area `wanted`, rounded up."""
    before = np.concatenate([[0.0], np.cumsum(area)[:-1]])
    return float(number[before < wanted - 1e-9].sum())


def _grid_cells(outline: BaseGeometry) -> Iterator[BaseGeometry]:
    left, top, right, bottom = outline.bounds
    for x in np.arange(left, right, _CELL_M):
        for y in np.arange(top, bottom, _CELL_M):
            cell = outline.intersection(shapely.box(x, y, x + _CELL_M, y + _CELL_M))
            if cell.area > 0:
                yield cell


def _ungated(scene: Scene, site: Site, detector: Detector) -> float:
    """Return the detections above the threshold on the pier, whatever a count makes of them."""
    counter = SceneCounter.of(scene, site, detector)
    found = counter.detections(scene)
    card = detector.card
    kept = (found.classes == card.classes.index(CONTAINER)) & (
        found.scores >= card.threshold(CONTAINER)
    )
    centres = shapely.points(found.boxes.centers[kept])
    return float(shapely.intersects(counter.zones.zones[0].outline, centres).sum())


def _write(path: Path, view: PierView) -> None:
    """Write the view as an uncompressed GeoTIFF of its bands."""
    east, north = _NORTH_WEST
    transform = Affine(1, 0, east, 0, -1, north) @ view.to_ground
    rows, columns, bands = view.image.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=bands,
        dtype="uint8",
        crs=_CRS,
        transform=transform,
        photometric="RGB" if bands == 3 else "MINISBLACK",
    ) as file:
        file.write(np.moveaxis(view.image, 2, 0))


def _site(view: PierView) -> Site:
    """Return the site of the view's pier; its berth is a square metre of it: no hulls are asked."""
    outline = affine_transform(view.outline, (1, 0, 0, -1, *_NORTH_WEST))
    berth = outline.representative_point().buffer(0.5, cap_style="square")
    pier = Pier("pier", PierRole.YARD, outline, berth.intersection(outline))
    return Site("bench", (pier,), CRS.from_user_input(_CRS))
