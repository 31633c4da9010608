"""What images and a detector make of a simulated pier: its series, and which ships they show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import floor, sqrt
from zlib import crc32

import numpy as np
from shapely import Polygon

from cv.counting.pier_count import UNKNOWN, CountStatus, Estimate, PierCount
from cv.counting.uncertainty import INTERVAL_Z, LEVEL
from cv.geometry.arrays import Float64Array
from cv.site import PierRole
from cv.timeseries.series import Series
from simulated_ports.berth_observation import GSD_M, BerthCount, BerthObserver, ShownShip, View
from simulated_ports.container_slots import draw_container_places
from simulated_ports.container_yard import COLUMNS, PITCH_M, WIDTH_M, pier_strip, plane_to_lon_lat
from simulated_ports.image_times import ImageTimes
from simulated_ports.observation_parameters import ObservationParameters
from simulated_ports.pier_history import PierHistory
from simulated_ports.port import START

_MIN_COUNTED, _MIN_PARTIAL = 0.98, 0.1
"""Visible share from which on a pier is counted, and from which on it is partial."""
_SLOW_D = 30.0
"""Time in which the lasting part of the shared error fades, days."""


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


def observe_pier(
    rng: np.random.Generator,
    name: str,
    role: PierRole,
    history: PierHistory,
    how: ObservationParameters,
    images: ImageTimes,
    quay_m: float,
) -> ObservedPier:
    """Draw the counts of a pier in all `images`; its berth is `quay_m` long."""
    places = draw_container_places(rng, history)
    length_m = float(places[:, 0].max(initial=0.0)) // PITCH_M[0] * PITCH_M[0] + 2 * PITCH_M[0]
    length_m = max(length_m, COLUMNS * PITCH_M[0])
    standing_false_m = rng.uniform((0.0, 0.0), (length_m, WIDTH_M), (how.standing_false, 2))
    observer = _PierObserver(
        name=name,
        role=role,
        how=how,
        history=history,
        places_m=places,
        length_m=length_m,
        standing_false_m=standing_false_m,
        slow=_slow_errors(rng, images.days),
        berth=BerthObserver(
            how=how,
            history=history,
            pier_m=length_m,
            quay_m=quay_m,
            ships=rng.standard_normal(len(history.stays)),
            objects=rng.standard_normal(len(how.standing_objects)),
        ),
    )
    counts, places_of = [], {}
    shown: list[ShownShip] = []
    for i in range(len(images.days)):
        count, where, ships = observer.count(images, i)
        counts.append(count)
        places_of[count.scene] = where
        shown += ships
    return ObservedPier(
        role=role,
        history=history,
        observation=how,
        series=Series(name, tuple(counts), places_of),
        shown=tuple(shown),
    )


def _slow_errors(rng: np.random.Generator, days: Float64Array) -> Float64Array:
    """Draw the part of the shared error that lasts (n,), standard normal, from image to image."""
    slow = np.empty(len(days))
    value, earlier = float(rng.standard_normal()), 0.0
    for i, day in enumerate(days.tolist()):
        kept = np.exp(-(day - earlier) / _SLOW_D)
        value = kept * value + sqrt(max(0.0, 1 - kept**2)) * float(rng.standard_normal())
        slow[i], earlier = value, day
    return slow


@dataclass(frozen=True, kw_only=True, eq=False)
class _PierObserver:
    """Makes the counts of one pier."""

    name: str
    role: PierRole
    how: ObservationParameters
    history: PierHistory
    places_m: Float64Array
    """(k, 2) place of each container, metres along and across the pier."""
    length_m: float
    """Length of the pier, metres."""
    standing_false_m: Float64Array
    """(j, 2) places of the false containers that are in every image."""
    slow: Float64Array
    """(n,) lasting part of the shared error of each image."""
    berth: BerthObserver

    def count(
        self, images: ImageTimes, i: int
    ) -> tuple[PierCount, Float64Array, tuple[ShownShip, ...]]:
        """Draw the count of image `i`, the places behind it in degrees, and the ships in view."""
        visible = float(images.visible[i])
        rng = np.random.default_rng([int(images.seeds[i]), crc32(self.name.encode())])
        hidden_m = (1.0 - visible) * self.length_m
        first = float(rng.uniform(0.0, self.length_m - hidden_m))
        view = View(
            day=float(images.days[i]),
            hidden_m=(first, first + hidden_m),
            shown_share=float(rng.random()) if rng.random() < self.how.bad_share else 1.0,
            clear=visible >= _MIN_COUNTED,
        )
        containers, seen = UNKNOWN, np.empty((0, 2))
        at_berth = BerthCount(hulls=UNKNOWN, berthed=(), ships=())
        if visible >= _MIN_PARTIAL:
            containers, seen = self._count_containers(rng, view, float(self.slow[i]))
            if self.how.has_berth:
                at_berth = self.berth.count(rng, view)
        count = self._pier_count(view, visible, containers, at_berth)
        return count, plane_to_lon_lat(seen), at_berth.ships

    def _count_containers(
        self, rng: np.random.Generator, view: View, slow: float
    ) -> tuple[Estimate, Float64Array]:
        """Draw the count of the containers in view and the places (k, 2) of its boxes, metres."""
        how, boxes = self.how, self.history.containers
        error, own = rng.standard_normal(2).tolist()
        false = int(rng.poisson(how.false_containers))
        places = self.places_m[(boxes.came_d <= view.day) & (view.day < boxes.left_d)]
        places = np.concatenate([places, self.standing_false_m])
        first, last = view.hidden_m
        here = places[(places[:, 0] < first) | (places[:, 0] >= last)]
        number = view.shown_share * len(here)
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

    def _pier_count(
        self, view: View, visible: float, containers: Estimate, at_berth: BerthCount
    ) -> PierCount:
        """Return the count of an image as a ledger has it."""
        time = (START + timedelta(days=view.day)).replace(microsecond=0)
        status = CountStatus.COUNTED if view.clear else CountStatus.PARTIAL
        if visible < _MIN_PARTIAL:
            status = CountStatus.NOT_VISIBLE
        return PierCount(
            scene=f"{self.name} {time:%Y%m%dT%H%M%S}",
            pier=self.name,
            role=self.role,
            acquired=time,
            status=status,
            reason="" if status is CountStatus.COUNTED else "cloud",
            visible_fraction=visible,
            berth_visible_fraction=visible if self.how.has_berth else None,
            visibility="udm2",
            radiometry="simulated",
            containers=containers,
            teu=UNKNOWN,
            hulls=at_berth.hulls,
            aboard=UNKNOWN,
            stacks=(),
            berthed=at_berth.berthed,
            gsd_m=(GSD_M, GSD_M),
            method="resolved",
            interval_level=LEVEL,
            interval_calibrated=True,
            model="simulated",
            settings="simulated",
            place=self.name,
            unseen=pier_strip(*view.hidden_m) if visible < 1.0 else Polygon(),
        )
