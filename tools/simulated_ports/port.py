"""A simulated port: its history, and the counts of its two piers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from shapely import Polygon

from cv.counting.pier_count import CountStatus, PierCount
from cv.geometry.arrays import BoolArray, Float64Array
from cv.site import PierRole
from cv.timeseries.series import Series
from simulated_ports.cloud_cover import CloudClimate, visible_shares
from simulated_ports.container_yard import (
    LENGTH_M,
    WIDTH_M,
    SimulatedYard,
    pier_strip,
    plane_to_lon_lat,
)
from simulated_ports.count_errors import (
    PierTruth,
    PierView,
    SimulatedPier,
    simulate_count,
)
from simulated_ports.observation_weather import Weather, under_weather, weather_days
from simulated_ports.port_operation import PortHistory, SimulatedVisit

START = datetime(2023, 1, 1, tzinfo=UTC)
EXPORT, IMPORT = (
    SimulatedPier("Export pier", PierRole.EXPORT),
    SimulatedPier("Import pier", PierRole.IMPORT),
)
_PASS_H, _PASS_SD_H = 2.0, 0.6
"""Time of the daily satellite pass and its standard deviation, hours UTC."""
_SECOND_IMAGE_SHARE = 0.1
"""Share of days with a second image, four hours later."""


@dataclass(frozen=True)
class SimulatedPort:
    """What happened at a port and what was observed of it."""

    history: PortHistory
    export_series: Series
    """Counts of the export pier."""
    import_series: Series
    """Counts of the import pier."""

    @property
    def export_counts(self) -> tuple[PierCount, ...]:
        """Counts of the export pier, by time."""
        return self.export_series.counts

    @property
    def import_counts(self) -> tuple[PierCount, ...]:
        """Counts of the import pier, by time."""
        return self.import_series.counts

    @property
    def series(self) -> dict[str, Series]:
        """The series of both piers by name."""
        return {one.pier: one for one in (self.export_series, self.import_series)}

    @classmethod
    def simulate(
        cls, seed: int, climate: CloudClimate, days: int = 365, weather: Weather | None = None
    ) -> SimulatedPort:
        """Draw the port of a seed over `days`, in a cloud `climate`.

        `weather`, if any, comes over what the clouds leave free; else the port is the same.
        """
        rng = np.random.default_rng(seed)
        history = PortHistory.simulate(rng, float(days))
        dates = [START + timedelta(days=day) for day in range(days)]
        visible = visible_shares(rng, np.array([date.month for date in dates]), climate)
        piers = (
            _PierSimulation.of(seed, EXPORT, history.export_level, days, weather),
            _PierSimulation.of(seed, IMPORT, history.import_level, days, weather),
        )
        for date, share in zip(dates, visible.tolist(), strict=True):
            if np.isnan(share):
                continue
            hour = _PASS_H + _PASS_SD_H * float(rng.standard_normal())
            hours = [hour, hour + 4] if rng.random() < _SECOND_IMAGE_SHARE else [hour]
            for time in (date + timedelta(hours=h) for h in hours):
                time = time.replace(microsecond=0)
                for pier in piers:
                    pier.observe(rng, time, share, truth_at(history, pier.pier, time))
        return cls(history, *(pier.series() for pier in piers))


def simulate_constant_pier(
    seed: int, containers: int, weather: Weather, days: int = 90, imaged_share: float = 0.95
) -> Series:
    """Draw the counts of an export pier with so many `containers` on every day, and no ship."""
    rng = np.random.default_rng(seed)
    level = np.array([0.0, days]), np.array([containers, containers], dtype=np.float64)
    pier = _PierSimulation.of(seed, EXPORT, level, days, weather)
    for day in range(days):
        if rng.random() < imaged_share:
            hour = _PASS_H + _PASS_SD_H * float(rng.standard_normal())
            time = (START + timedelta(days=day, hours=hour)).replace(microsecond=0)
            pier.observe(rng, time, 1.0, PierTruth(float(containers), 0.0))
    return pier.series()


@dataclass(frozen=True, kw_only=True, eq=False)
class _PierSimulation:
    """The counts of one pier so far, and where its containers stand."""

    pier: SimulatedPier
    yard: SimulatedYard
    weather: Weather | None
    under_weather: BoolArray
    """(days,) whether the weather comes over each day."""
    rng: np.random.Generator
    """Draws places, views and weather, so that these do not change the rest of a port."""
    counts: list[PierCount]
    places: dict[str, Float64Array]

    @classmethod
    def of(
        cls,
        seed: int,
        pier: SimulatedPier,
        level: tuple[Float64Array, Float64Array],
        days: int,
        weather: Weather | None,
    ) -> _PierSimulation:
        rng = np.random.default_rng([seed, len(pier.name)])
        yard = SimulatedYard.simulate(rng, level)
        under = np.zeros(days, dtype=bool)
        if weather is not None:  # one weather over the whole port
            under = weather_days(np.random.default_rng([seed, 0]), days, weather)
        return cls(
            pier=pier, yard=yard, weather=weather, under_weather=under, rng=rng, counts=[],
            places={},
        )  # fmt: skip

    def observe(
        self, rng: np.random.Generator, time: datetime, visible: float, truth: PierTruth
    ) -> None:
        """Add the count of a scene that shows a share `visible` of the pier."""
        day = (time - START) / timedelta(days=1)
        there = self.yard.at(day)
        hidden_m = (1.0 - visible) * LENGTH_M
        first = float(self.rng.uniform(0.0, LENGTH_M - hidden_m))
        in_view = (there[:, 0] < first) | (there[:, 0] >= first + hidden_m)
        share = float(in_view.mean()) if len(there) else visible
        unseen = pier_strip(first, first + hidden_m) if hidden_m else Polygon()
        count = simulate_count(rng, self.pier, time, PierView(visible, share, unseen), truth)
        seen = self._found(there[in_view], count)
        clear = count.status is CountStatus.COUNTED
        if self.weather is not None and clear and self.under_weather[int(day)]:
            count, seen = under_weather(self.rng, count, seen, self.weather)
        self.counts.append(count)
        self.places[count.scene] = plane_to_lon_lat(seen)

    def _found(self, in_view: Float64Array, count: PierCount) -> Float64Array:
        """Return the places (k, 2), metres, of the boxes behind a count: false ones anywhere."""
        number = int(count.containers.value or 0)
        found = self.rng.permutation(in_view)[:number]
        false = self.rng.uniform((0.0, 0.0), (LENGTH_M, WIDTH_M), (number - len(found), 2))
        return np.concatenate([found, false])

    def series(self) -> Series:
        """Return the series of the counts so far."""
        return Series(self.pier.name, tuple(self.counts), self.places)


def truth_at(history: PortHistory, pier: SimulatedPier, time: datetime) -> PierTruth:
    """Return what is at `pier` at a time."""
    day = (time - START) / timedelta(days=1)
    exports = pier.role is PierRole.EXPORT
    times, numbers = history.export_level if exports else history.import_level
    hull = 0.0
    for visit in history.visits:
        first, last = berth_stay_days(visit, pier)
        if first <= day < last:
            hull = visit.length_m
    return PierTruth(float(np.interp(day, times, numbers)), hull)


def berth_stay_days(visit: SimulatedVisit, pier: SimulatedPier) -> tuple[float, float]:
    """Return from when to when a ship lies at `pier`, days since the start."""
    if pier.role is PierRole.EXPORT:
        return visit.shift_d, visit.departure_d
    return visit.arrival_d, visit.shift_d
