"""What images and a detector make of a simulated pier: its series, and which ships they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heapify, heappop, heappush
from math import floor, nan, sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from shapely import Polygon

from cv.counting.pier_count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.counting.uncertainty import INTERVAL_Z, LEVEL
from cv.geometry.arrays import Float64Array
from cv.site import PierRole
from cv.timeseries.series import Series
from simulated_ports.cloud_cover import CloudClimate, visible_shares
from simulated_ports.container_yard import PITCH_M, ROWS, WIDTH_M, pier_strip, plane_to_lon_lat
from simulated_ports.hull_scores import (
    count_hulls,
    false_candidate_scores,
    false_scores,
    probability,
    ship_candidate_scores,
    ship_scores,
)
from simulated_ports.pier_traffic import PierHistory, TrueStay
from simulated_ports.port import START

GSD_M = 0.5
_MIN_COUNTED, _MIN_PARTIAL = 0.98, 0.1
"""Visible share from which on a pier is counted, and from which on it is partial."""
_CANDIDATE_SHARE = 0.6
"""Share of missed ships that leave a candidate below the detector's threshold."""
_OUT_OF_LINE_M = (1.0, 0.3)
"""Standard deviation of a container's place, metres."""
_COLUMNS = 70
"""Least number of places along the pier."""
_BERTH_WIDTH_M = 45.0
_GROSS_LENGTH_SHARE, _GROSS_LENGTH_ERROR = 0.04, 0.2
"""Share of hulls with a grossly wrong length, and its relative standard deviation."""
_NEAR_DUPLICATE_D = 0.03
"""Two images no farther apart have the same clouds and errors, days."""


@dataclass(frozen=True, kw_only=True)
class StandingObject:
    """A barge or a jetty: something that shows as a hull now and then, or always, at one place."""

    position_m: float
    """Its middle, metres along the quay; negative before the beginning of it."""
    length_m: float
    beam_m: float
    seen_share: float
    """Share of the images in which it is counted as a hull."""
    is_hull: bool
    """Whether it has the scores of a ship; else those of a false detection."""


@dataclass(frozen=True, kw_only=True)
class ObservationParameters:
    """How a pier is imaged and counted."""

    climate: CloudClimate
    second_share: float = 0.1
    """Share of days with a second image."""
    second_gap_d: tuple[float, float] = (0.1, 0.25)
    """Range of the time to it, days."""
    pass_h: float = 2.0
    """Mean time of the first image, hours UTC."""
    pass_sd_h: float = 0.6
    bad_share: float = 0.01
    """Share of images that show less than all without anybody noticing."""

    shared_sd: float = 0.05
    """Relative error that all containers of an image share."""
    slow_sd: float = 0.02
    """The part of it that lasts for weeks (season, sensor)."""
    own_variance: float = 0.45
    """Variance of the count that each container adds."""
    false_containers: float = 0.6
    """Mean number of false containers in an image."""
    standing_false: int = 0
    """False containers that are at the same places in every image."""
    stated_factor: float = 1.0
    """Stated over true standard deviation of a container count."""

    has_berth: bool = True
    hull_recall: float = 0.8
    """Share of ships in view that are counted."""
    stay_correlation: float = 0.5
    """Correlation of how conspicuous one ship is in two images."""
    false_hulls: float = 0.015
    """Mean number of false hulls in an image, each at a place of its own."""
    false_candidates: float = 0.06
    """The same of candidates below the threshold."""
    standing_objects: tuple[StandingObject, ...] = ()
    length_error: float = 0.036
    """Standard deviation of the relative error of a hull's length."""
    beam_error: float = 0.075
    position_error_m: float = 4.0
    missed: float = 0.05
    """Missed ships as the calibration states them, relative to the detected ones."""
    missed_per_km2: float = 0.02


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


@dataclass(frozen=True, kw_only=True, eq=False)
class ObservedPier:
    """A pier with its true history and its series."""

    role: PierRole
    history: PierHistory
    observation: ObservationParameters
    series: Series
    shown: tuple[ShownShip, ...]
    """Every ship in every usable image."""

    @property
    def name(self) -> str:
        """Name of the pier."""
        return self.series.pier


@dataclass(frozen=True, eq=False)
class ImageTimes:
    """When the n images of a port are taken, and what clouds leave of it."""

    days: Float64Array
    visible: Float64Array
    """(n,) visible share, 0 to 1."""
    seeds: NDArray[np.int64]
    """(n,) seeds of the errors: the same for near duplicates."""

    @classmethod
    def draw(cls, rng: np.random.Generator, how: ObservationParameters, days: int) -> ImageTimes:
        """Draw the images of a port over `days`."""
        months = np.array([(START + timedelta(days=day)).month for day in range(days)])
        share = visible_shares(rng, months, how.climate)
        imaged = np.flatnonzero(~np.isnan(share))
        hours = how.pass_h + how.pass_sd_h * rng.standard_normal(len(imaged))
        first = imaged + hours / 24
        gap = rng.uniform(*how.second_gap_d, len(imaged))
        second = rng.random(len(imaged)) < how.second_share
        seeds = rng.integers(2**62, size=(2, len(imaged)))
        same = gap <= _NEAR_DUPLICATE_D
        times = np.concatenate([first, (first + gap)[second]])
        own = np.where(same, seeds[0], seeds[1])[second]
        order = np.argsort(times, kind="stable")
        visible = np.concatenate([share[imaged], share[imaged][second]])
        return cls(times[order], visible[order], np.concatenate([seeds[0], own])[order])


def observe_pier(
    rng: np.random.Generator,
    name: str,
    role: PierRole,
    history: PierHistory,
    how: ObservationParameters,
    images: ImageTimes,
    quay_m: float,
) -> ObservedPier:
    """Draw the counts of a pier in all `images`."""
    places = _places(rng, history)
    length_m = float(places[:, 0].max(initial=0.0)) // PITCH_M[0] * PITCH_M[0] + 2 * PITCH_M[0]
    length_m = max(length_m, _COLUMNS * PITCH_M[0])
    camera = _Camera(
        how=how,
        history=history,
        places_m=places,
        length_m=length_m,
        quay_m=quay_m,
        standing_false_m=rng.uniform((0.0, 0.0), (length_m, WIDTH_M), (how.standing_false, 2)),
        slow=_slow_errors(rng, images.days),
        ships=rng.standard_normal(len(history.stays)),
        objects=rng.standard_normal(len(how.standing_objects)),
    )
    counts, centres, shown = [], {}, []
    for i in range(len(images.days)):
        count, where, ships = camera.count(images, i, name, role)
        counts.append(count)
        centres[count.scene] = where
        shown += ships
    return ObservedPier(
        role=role,
        history=history,
        observation=how,
        series=Series(name, tuple(counts), centres),
        shown=tuple(shown),
    )


def _places(rng: np.random.Generator, history: PierHistory) -> Float64Array:
    """Return where each container stands (k, 2), metres: lots that come together stand together."""
    boxes = history.containers
    order = np.argsort(boxes.came_d, kind="stable")
    came, left = boxes.came_d[order], boxes.left_d[order]
    most = int(history.number_at(boxes.came_d).max(initial=0)) if len(boxes) else 0
    slots = max(_COLUMNS, -(-2 * most // ROWS)) * ROWS
    free = [True] * slots
    leaving: list[tuple[float, int]] = []
    heapify(leaving)
    starts = rng.integers(slots, size=len(boxes)).tolist()
    chosen = np.empty(len(boxes), dtype=np.int64)
    pointer, earlier = 0, -np.inf
    for i, (at, until) in enumerate(zip(came.tolist(), left.tolist(), strict=True)):
        while leaving and leaving[0][0] <= at:
            free[heappop(leaving)[1]] = True
        if at - earlier > 0.2:
            pointer = starts[i]
        while not free[pointer]:
            pointer = (pointer + 1) % slots
        free[pointer] = False
        heappush(leaving, (until, pointer))
        chosen[order[i]] = pointer
        earlier = at
    column, row = np.divmod(chosen, ROWS)
    places = (np.stack([column, row], axis=1) + 0.5) * PITCH_M
    return np.asarray(places + rng.normal(0.0, _OUT_OF_LINE_M, places.shape))


def _slow_errors(rng: np.random.Generator, days: Float64Array) -> Float64Array:
    """Draw the part of the shared error that lasts (n,), standard normal, from image to image."""
    slow = np.empty(len(days))
    value, earlier = float(rng.standard_normal()), 0.0
    for i, day in enumerate(days.tolist()):
        kept = np.exp(-(day - earlier) / 30.0)
        value = kept * value + sqrt(max(0.0, 1 - kept**2)) * float(rng.standard_normal())
        slow[i], earlier = value, day
    return slow


@dataclass(frozen=True, kw_only=True, eq=False)
class _Camera:
    """Makes the counts of one pier."""

    how: ObservationParameters
    history: PierHistory
    places_m: Float64Array
    length_m: float
    """Length of the pier, metres."""
    quay_m: float
    """Length of the berth, metres."""
    standing_false_m: Float64Array
    slow: Float64Array
    """(n,) lasting part of the shared error of each image."""
    ships: Float64Array
    """(stays,) how conspicuous each ship is, standard normal."""
    objects: Float64Array
    """The same of the standing objects."""

    def count(
        self, images: ImageTimes, i: int, name: str, role: PierRole
    ) -> tuple[PierCount, Float64Array, list[ShownShip]]:
        """Draw the count of image `i`, the places behind it in degrees, and the ships in view."""
        how, day, visible = self.how, float(images.days[i]), float(images.visible[i])
        rng = np.random.default_rng([int(images.seeds[i]), crc32(name.encode())])
        time = (START + timedelta(days=day)).replace(microsecond=0)
        status = CountStatus.COUNTED if visible >= _MIN_COUNTED else CountStatus.PARTIAL
        hidden_m = (1.0 - visible) * self.length_m
        first = float(rng.uniform(0.0, self.length_m - hidden_m))
        hidden = first, first + hidden_m
        shown_share = float(rng.random()) if rng.random() < how.bad_share else 1.0
        containers = hulls = UNKNOWN
        berthed: tuple[BerthedHull, ...] = ()
        seen = np.empty((0, 2))
        ships: list[ShownShip] = []
        if visible < _MIN_PARTIAL:
            status = CountStatus.NOT_VISIBLE
        else:
            containers, seen = self._containers(rng, day, float(self.slow[i]), hidden, shown_share)
            if how.has_berth:
                clear = status is CountStatus.COUNTED
                hulls, berthed, ships = self._hulls(rng, day, hidden, shown_share, clear)
        unseen = pier_strip(*hidden) if hidden_m else Polygon()
        count = PierCount(
            scene=f"{name} {time:%Y%m%dT%H%M%S}",
            pier=name,
            role=role,
            acquired=time,
            status=status,
            reason="" if status is CountStatus.COUNTED else "cloud",
            visible_fraction=visible,
            berth_visible_fraction=visible if how.has_berth else None,
            visibility="udm2",
            radiometry="simulated",
            containers=containers,
            teu=UNKNOWN,
            hulls=hulls,
            aboard=UNKNOWN,
            stacks=(),
            berthed=berthed,
            gsd_m=(GSD_M, GSD_M),
            method="resolved",
            interval_level=LEVEL,
            interval_calibrated=True,
            model="simulated",
            settings="simulated",
            place=name,
            unseen=unseen,
        )
        return count, plane_to_lon_lat(seen), ships

    def _containers(
        self,
        rng: np.random.Generator,
        day: float,
        slow: float,
        hidden: tuple[float, float],
        shown_share: float,
    ) -> tuple[Estimate, Float64Array]:
        """Draw the count of the containers in view and the places (k, 2) of its boxes, metres."""
        how, boxes = self.how, self.history.containers
        error, own = rng.standard_normal(2).tolist()
        false = int(rng.poisson(how.false_containers))
        places = self.places_m[(boxes.came_d <= day) & (day < boxes.left_d)]
        places = np.concatenate([places, self.standing_false_m])
        here = places[(places[:, 0] < hidden[0]) | (places[:, 0] >= hidden[1])]
        number = shown_share * len(here)
        quick = sqrt(max(0.0, how.shared_sd**2 - how.slow_sd**2))
        drawn = number * (1 + quick * error + how.slow_sd * slow)
        drawn += sqrt(how.own_variance * number) * own + false
        value = max(0, round(drawn))
        found = rng.permutation(here)[:value]
        more = rng.uniform((0.0, 0.0), (self.length_m, WIDTH_M), (value - len(found), 2))
        variance = (how.shared_sd * value) ** 2 + how.own_variance * value + how.false_containers
        half = INTERVAL_Z * how.stated_factor * sqrt(variance)
        estimate = Estimate(float(value), max(0.0, floor(value - half)), value + half)
        return estimate, np.concatenate([found, more])

    def _hulls(
        self,
        rng: np.random.Generator,
        day: float,
        hidden: tuple[float, float],
        shown_share: float,
        clear: bool,
    ) -> tuple[Estimate, tuple[BerthedHull, ...], list[ShownShip]]:
        """Draw the hulls at the berth, and which ships they are."""
        how = self.how
        shift = how.position_error_m * float(rng.standard_normal())
        scores: list[float] = []
        berthed: list[BerthedHull] = []
        candidates: list[float] = []
        scale = self.length_m / self.quay_m  # cloud covers the berth as it covers the pier

        def add(score: float, position: float, length: float, beam: float) -> None:
            gross = rng.random() < _GROSS_LENGTH_SHARE
            error = _GROSS_LENGTH_ERROR if gross else how.length_error
            length *= max(0.3, 1 + error * float(rng.standard_normal()))
            beam *= max(0.3, 1 + how.beam_error * float(rng.standard_normal()))
            along = position + shift + how.position_error_m * float(rng.standard_normal()) / 2
            heading = (90.0 + 1.5 * float(rng.standard_normal())) % 180.0
            centre = (along / GSD_M, -_BERTH_WIDTH_M / 2 / GSD_M)
            berthed.append(BerthedHull(length, beam, heading, score, centre))
            scores.append(score)

        def in_view(position: float) -> bool:
            free = not hidden[0] <= max(0.0, position) * scale < hidden[1]
            return free and rng.random() < shown_share

        present = self._present(day)
        found: list[float] = []
        for index, stay in present:
            seen = in_view(stay.position_m)
            quantile = self._quantile(rng, float(self.ships[index]))
            if seen and quantile < how.hull_recall:
                score = float(ship_scores(np.array([1 - quantile / how.hull_recall]))[0])
                add(score, stay.position_m, stay.length_m, stay.beam_m)
                found.append(score)
                continue
            found.append(nan)
            if seen and rng.random() < _CANDIDATE_SHARE:
                candidates += ship_candidate_scores(rng.random(1)).tolist()
        for one, conspicuous in zip(how.standing_objects, self.objects.tolist(), strict=True):
            seen = in_view(one.position_m)
            quantile = self._quantile(rng, conspicuous)
            if seen and quantile < one.seen_share:
                scores_of = ship_scores if one.is_hull else false_scores
                score = float(scores_of(np.array([1 - quantile / one.seen_share]))[0])
                add(score, one.position_m, one.length_m, one.beam_m)
        for _ in range(rng.poisson(how.false_hulls)):
            position = float(rng.uniform(0.0, self.quay_m))
            length = 40.0 + 60.0 * float(rng.lognormal(-0.3, 0.6))
            score = float(false_scores(rng.random(1))[0])
            if in_view(position):
                add(score, position, length, length / float(rng.uniform(3.5, 8.0)))
        candidates += false_candidate_scores(rng.random(rng.poisson(how.false_candidates))).tolist()
        berth_km2 = self.quay_m * _BERTH_WIDTH_M / 1e6
        number = count_hulls(
            np.array([*scores, *candidates]), how.missed, how.missed_per_km2, berth_km2
        )
        shown = [
            ShownShip(
                stay=index,
                day=day,
                clear=clear,
                probability=nan if np.isnan(score) else probability(score),
                least_hulls=float(number.low or 0.0),
            )
            for (index, _), score in zip(present, found, strict=True)
        ]
        return number, tuple(berthed), shown

    def _present(self, day: float) -> Sequence[tuple[int, TrueStay]]:
        stays = self.history.stays
        return [(i, s) for i, s in enumerate(stays) if s.arrival_d <= day < s.departure_d]

    def _quantile(self, rng: np.random.Generator, conspicuous: float) -> float:
        """Draw how conspicuous a hull is in an image, 0 (most) to 1, as it is in others."""
        kept = self.how.stay_correlation
        z = kept * conspicuous + sqrt(1 - kept**2) * float(rng.standard_normal())
        return float(1.0 - ndtr(z))
