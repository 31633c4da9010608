"""What a detector finds at the berth of a simulated pier: ships, standing objects, false hulls."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan, sqrt

import numpy as np
from scipy.special import ndtr

from cv.counting.pier_count import BerthedHull, Estimate
from cv.geometry.arrays import Float64Array
from simulated_ports.hull_scores import (
    count_hulls,
    false_candidate_scores,
    false_scores,
    probability,
    ship_candidate_scores,
    ship_scores,
)
from simulated_ports.observation_parameters import ObservationParameters
from simulated_ports.pier_history import PierHistory

GSD_M = 0.5
_CANDIDATE_SHARE = 0.6
"""Share of missed ships that leave a candidate below the detector's threshold."""
_BERTH_WIDTH_M = 45.0
_GROSS_LENGTH_SHARE, _GROSS_LENGTH_ERROR = 0.04, 0.2
"""Share of hulls with a grossly wrong length, and its relative standard deviation."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What one image shows of a pier."""

    day: float
    """When it was taken, days since the start."""
    hidden_m: tuple[float, float]
    """Part of the pier under cloud, metres along it."""
    shown_share: float
    """Share of what is in view that shows: less than 1 in a bad image."""
    clear: bool
    """Whether the whole pier is visible."""


@dataclass(frozen=True, kw_only=True)
class ShownShip:
    """A ship that an image shows, found or not."""

    stay: int
    """Number of the stay in `PierHistory.stays`."""
    day: float
    clear: bool
    """Whether the whole pier was visible."""
    probability: float
    """Calibrated probability of its detection; nan if it was not counted."""
    least_hulls: float
    """Lower end of the interval of the image's hull count."""


@dataclass(frozen=True, kw_only=True)
class BerthCount:
    """What was counted at a berth in an image."""

    hulls: Estimate
    berthed: tuple[BerthedHull, ...]
    ships: tuple[ShownShip, ...]
    """Every ship that is there, counted or not."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BerthObserver:
    """Makes the hull counts of one pier."""

    how: ObservationParameters
    history: PierHistory
    pier_m: float
    """Length of the pier, metres."""
    quay_m: float
    """Length of the berth, metres: clouds cover it as they cover the pier."""
    ships: Float64Array
    """(stays,) how conspicuous each ship is, standard normal."""
    objects: Float64Array
    """The same of the standing objects."""

    def count(self, rng: np.random.Generator, view: View) -> BerthCount:
        """Draw the hulls in a view, and which ships they are."""
        image = _HullImage(rng, self.how, view, self.pier_m / self.quay_m)
        scores = self._add_ships(image)
        self._add_standing_objects(image)
        self._add_false_hulls(image)
        number = count_hulls(
            np.array([*(hull.score for hull in image.found), *image.candidates]),
            self.how.missed,
            self.how.missed_per_km2,
            self.quay_m * _BERTH_WIDTH_M / 1e6,
        )
        ships = tuple(
            ShownShip(
                stay=stay,
                day=view.day,
                clear=view.clear,
                probability=nan if np.isnan(score) else probability(score),
                least_hulls=float(number.low or 0.0),
            )
            for stay, score in scores.items()
        )
        return BerthCount(hulls=number, berthed=tuple(image.found), ships=ships)

    def _add_ships(self, image: _HullImage) -> dict[int, float]:
        """Draw the ships; returns the score of each by its stay, nan if it was not counted."""
        recall = self.how.hull_recall
        scores = {}
        for index, stay in enumerate(self.history.stays):
            if not stay.arrival_d <= image.view.day < stay.departure_d:
                continue
            seen = image.in_view(stay.position_m)
            quantile = image.quantile(float(self.ships[index]))
            scores[index] = nan
            if seen and quantile < recall:
                score = float(ship_scores(np.array([1 - quantile / recall]))[0])
                image.add(score, stay.position_m, stay.length_m, stay.beam_m)
                scores[index] = score
            elif seen and image.rng.random() < _CANDIDATE_SHARE:
                image.candidates += ship_candidate_scores(image.rng.random(1)).tolist()
        return scores

    def _add_standing_objects(self, image: _HullImage) -> None:
        """Draw the barges and jetties."""
        for one, conspicuous in zip(self.how.standing_objects, self.objects.tolist(), strict=True):
            seen = image.in_view(one.position_m)
            quantile = image.quantile(conspicuous)
            if seen and quantile < one.seen_share:
                scores_of = ship_scores if one.is_hull else false_scores
                score = float(scores_of(np.array([1 - quantile / one.seen_share]))[0])
                image.add(score, one.position_m, one.length_m, one.beam_m)

    def _add_false_hulls(self, image: _HullImage) -> None:
        """Draw the false hulls, and the false candidates below the threshold."""
        rng = image.rng
        for _ in range(rng.poisson(self.how.false_hulls)):
            position = float(rng.uniform(0.0, self.quay_m))
            length = 40.0 + 60.0 * float(rng.lognormal(-0.3, 0.6))
            score = float(false_scores(rng.random(1))[0])
            if image.in_view(position):
                image.add(score, position, length, length / float(rng.uniform(3.5, 8.0)))
        false = rng.random(rng.poisson(self.how.false_candidates))
        image.candidates += false_candidate_scores(false).tolist()


@dataclass(eq=False)
class _HullImage:
    """The hulls found in one image so far, with the errors that they share."""

    rng: np.random.Generator
    how: ObservationParameters
    view: View
    scale: float
    """Length of the pier over that of the berth."""
    found: list[BerthedHull] = field(default_factory=list)
    candidates: list[float] = field(default_factory=list)
    """Scores below the detector's threshold."""
    shift_m: float = field(init=False)
    """Error along the quay that all hulls of the image share."""

    def __post_init__(self) -> None:
        self.shift_m = self.how.position_error_m * float(self.rng.standard_normal())

    def in_view(self, position_m: float) -> bool:
        """Draw whether what is at a place along the quay shows."""
        hidden = self.view.hidden_m
        free = not hidden[0] <= max(0.0, position_m) * self.scale < hidden[1]
        return free and bool(self.rng.random() < self.view.shown_share)

    def quantile(self, conspicuous: float) -> float:
        """Draw how conspicuous a hull is in this image, 0 (most) to 1, as it is in others."""
        kept = self.how.stay_correlation
        z = kept * conspicuous + sqrt(1 - kept**2) * float(self.rng.standard_normal())
        return float(1.0 - ndtr(z))

    def add(self, score: float, position_m: float, length_m: float, beam_m: float) -> None:
        """Add a hull, measured with errors."""
        rng, how = self.rng, self.how
        gross = rng.random() < _GROSS_LENGTH_SHARE
        error = _GROSS_LENGTH_ERROR if gross else how.length_error
        length_m *= max(0.3, 1 + error * float(rng.standard_normal()))
        beam_m *= max(0.3, 1 + how.beam_error * float(rng.standard_normal()))
        own_shift = how.position_error_m * float(rng.standard_normal()) / 2
        along = position_m + self.shift_m + own_shift
        heading = (90.0 + 1.5 * float(rng.standard_normal())) % 180.0
        centre = (along / GSD_M, -_BERTH_WIDTH_M / 2 / GSD_M)
        self.found.append(BerthedHull(length_m, beam_m, heading, score, centre))
