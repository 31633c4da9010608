"""One count of the bench: how it is made, and what came of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from cv import CountStatus, Detector, Estimate, PierCount, PierwatchError, Scene, Site, count
from cv.counting.scene_counter import SceneCounter
from cv.detector.model_card import CONTAINER
from robustness_bench.perturbations import BY_NAME, CLEAR
from robustness_bench.pier_view import PierView, Quantity, is_inside
from robustness_bench.scenes import WholeImage
from robustness_bench.view_files import site_of, to_ground_m, write_view

NOT_OPENED = "refused"
"""Status of a scene that was refused before it was counted."""
NOTHING = shapely.Polygon()
_HIDDEN_IN_PART = {Quantity.CONTAINERS: 0.1, Quantity.HULLS: 0.5, Quantity.ABOARD: 0.1}
"""Hidden share from which on an object need not be counted."""
_SHARE_ERROR = 0.05
"""Error of a visible share."""
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
    """A number, and its interval misses the truth; or it says that more was seen than can be."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One scene, perturbed, and its count. The names of the fields are the columns of the CSV."""

    group: str
    """"real", "rendered" or "port" views, "delivery", "month", or the group of a whole image."""
    scene: str
    perturbation: str = CLEAR
    strength: float = 0.0
    quantity: Quantity = Quantity.CONTAINERS
    status: str = NOT_OPENED
    """Status of the count; NOT_OPENED where the scene was refused before."""
    reason: str = ""
    visible: float = float("nan")
    """Visible share of the pier, or of the berth, as counted; nan without."""
    visible_truth: float = 1.0
    """Share of it that can be seen at most."""
    truth: float = float("nan")
    """The true number; nan where not known."""
    truth_low: float = float("nan")
    """The fewest that stand on the ground that the count says it saw."""
    truth_high: float = float("nan")
    """The most."""
    value: float = float("nan")
    """The counted number; nan where refused."""
    low: float = float("nan")
    high: float = float("nan")
    ungated: float = float("nan")
    """Containers above the threshold on the pier, whatever the count's status; nan where they
    cannot be had."""

    def counted(self, count: PierCount) -> Trial:
        """Return the trial with the numbers of `count`."""
        on_pier = self.quantity is Quantity.CONTAINERS
        visible = count.visible_fraction if on_pier else count.berth_visible_fraction
        estimate: Estimate = getattr(count, self.quantity)
        numbers = (visible, estimate.value, estimate.low, estimate.high)
        seen, value, low, high = (float("nan") if one is None else float(one) for one in numbers)
        return replace(
            self,
            status=count.status.value,
            reason=count.reason,
            visible=seen,
            value=value,
            low=low,
            high=high,
        )

    @property
    def known(self) -> bool:
        """Whether the count has a number."""
        return not math.isnan(self.value)

    @property
    def holds(self) -> bool:
        """Whether a number's interval meets the truth, and no more was seen than can be seen."""
        meets = self.known and self.low <= self.truth_high and self.high >= self.truth_low
        return meets and not self.visible > self.visible_truth + _SHARE_ERROR

    @property
    def false_zero(self) -> bool:
        """Whether the count says 0 (0 to 0) where there are some."""
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
) -> list[Trial]:
    """Perturb `view`, write it as a georeferenced file in `folder`, and count it by its site."""
    changed = BY_NAME[perturbation].perturbed(view, strength, seed)
    path = folder / "view.tif"
    write_view(path, changed)
    blank = Trial(group=view.source, scene=view.name, perturbation=perturbation, strength=strength)
    ungated = float("nan")
    try:
        with Scene.open(path) as scene:
            site = site_of(changed)
            counted = count(scene, site, detector)[0]
            if counted.status is CountStatus.COUNTED and counted.containers.known:
                ungated = float(counted.containers.value or 0.0)
            elif counted.status is not CountStatus.OUT_OF_RANGE:
                ungated = _ungated(scene, site, detector)
    except PierwatchError as error:
        return unopened(replace(blank, reason=str(error)), changed)
    trials = trials_of(blank, changed, counted)
    return [replace(trials[0], ungated=ungated), *trials[1:]]


def count_whole(image: WholeImage, detector: Detector) -> Trial:
    """Count an image as it is, whole."""
    truth = 0.0 if image.empty else float("nan")
    blank = Trial(
        group=image.group, scene=image.name, truth=truth, truth_low=truth, truth_high=truth
    )
    try:
        with Scene.open(image.path, image.gsd_m) as scene:
            return blank.counted(count(scene, None, detector)[0])
    except PierwatchError as error:
        return replace(blank, reason=str(error))


def unopened(blank: Trial, view: PierView) -> list[Trial]:
    """Return a trial like `blank`, without a number, for each known number of `view`."""
    return [
        replace(blank, quantity=quantity, truth=truth, truth_low=truth, truth_high=truth)
        for quantity, truth in view.numbers.items()
    ]


def trials_of(
    blank: Trial, view: PierView, counted: PierCount, hidden: BaseGeometry = NOTHING
) -> list[Trial]:
    """Return a trial like `blank` for each known number of `view`, as it was counted.

    `hidden` is ground (metres) that the image certainly does not show.
    """
    unseen = hidden if counted.unseen is None else hidden.union(to_ground_m(counted.unseen))
    trials = []
    for trial in unopened(blank, view):
        low, high = truth_bounds(view, trial.quantity, unseen)
        region = view.region_of(trial.quantity)
        shown = 1 - region.intersection(hidden).area / region.area
        known = replace(trial, truth_low=low, truth_high=high, visible_truth=shown)
        trials.append(known.counted(counted))
    return trials


def truth_bounds(view: PierView, quantity: Quantity, unseen: BaseGeometry) -> tuple[float, float]:
    """Return the fewest and the most that can be counted outside of the ground `unseen`, metres.

    What is hidden in part may be counted or not.
    """
    boxes = view.boxes_of(quantity)
    outlines = shapely.polygons(boxes[is_inside(view.region_of(quantity), boxes)])
    shares = shapely.area(shapely.intersection(outlines, unseen)) / shapely.area(outlines)
    truth, in_part = view.numbers[quantity], _HIDDEN_IN_PART[quantity]
    low, high = (truth - float((shares > share).sum()) for share in (in_part, 0.9))
    return max(0.0, low), max(0.0, high)


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
