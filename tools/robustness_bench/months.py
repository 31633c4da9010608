"""Months of daily images of a pier on which nothing happens, under weather that comes and goes.

Every image is counted, recorded in a ledger, and the findings are those of a user. The pier holds
the same containers on every day and no ship, so that any call, loading or stockpile is false.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from affine import Affine

from cv import Detector, Event, Ledger, findings, monitor
from cv.events.event import EventKind
from cv.pipeline.scene_outcome import SceneStatus
from robustness_bench import atmosphere, ground_cover, optics, sensor
from robustness_bench.pier_view import Bools, PierView, Rng
from robustness_bench.trial import Trial, trials_of, unopened
from robustness_bench.view_files import site_of, state_time, write_udm2, write_view

GROUP = "month"
DAYS = 20
TRUE_KINDS = (EventKind.DWELL, EventKind.HALT, EventKind.INFLOW_STOPPED)
"""What is true of a pier on which nothing happens."""
VIEW_GSD_M = 0.3
"""GSD of the view, the finest of all sensors."""
_START = datetime(2024, 3, 1, 1, 30, tzinfo=UTC)
_SHIFT_M = 8.0
_NOISE_LEVELS = 2.0
_CLOUD_LEVELS = 12
"""Difference from the clear image from which on a mask says cloud."""


@dataclass(frozen=True)
class Weather:
    """What the images of a month show, day by day."""

    image: Callable[[PierView, int, Rng], PierView]
    """Changes the clear view of a day, from 0."""
    gsd_m: tuple[float, ...] = (0.5,)
    """GSDs of the sensors, metres; one of them takes the image of a day."""
    has_mask: bool = False
    """Whether a cloud mask is delivered with each image."""


@dataclass(frozen=True)
class MonthFinding:
    """A finding at a pier on which nothing happens."""

    weather: str
    seed: int
    kind: EventKind
    size: str
    """Its size with its interval, as text."""
    confidence: float

    @classmethod
    def of(cls, weather: str, seed: int, event: Event) -> MonthFinding:
        """Return what is kept of an event."""
        size = event.size
        text = f"{size.value:g} ({size.low:g} to {size.high:g}) {size.unit}" if size else ""
        return cls(weather, seed, event.kind, text, event.confidence)


def count_month(
    weather: str, view: PierView, seed: int, detector: Detector, folder: Path
) -> list[Trial | MonthFinding]:
    """Return the counts of a month of `view` under `weather`, and all findings."""
    rng = np.random.default_rng([seed, zlib.crc32(weather.encode())])
    month, site, stem = WEATHERS[weather], site_of(view), f"{weather.replace(' ', '_')}_{seed}"
    days: dict[str, PierView] = {}
    for day in range(DAYS):
        taken = optics.sampled(view, float(rng.choice(month.gsd_m)), rng)
        usual = sensor.sensor_noise(taken, _NOISE_LEVELS, rng)
        shown = month.image(usual, day, rng)
        name = f"{stem}_{day:02}"
        path = folder / f"{name}.tif"
        write_view(path, shown)
        state_time(path, (_START + timedelta(days=day, minutes=rng.uniform(0, 90))).isoformat())
        if month.has_mask:
            write_udm2(folder / f"{name}_udm2.tif", shown, _differs(usual, shown))
        days[name] = shown
    with Ledger.open(folder / f"{stem}.db") as ledger:
        outcomes = monitor([folder / f"{name}.tif" for name in days], site, detector, ledger)
        counts = {one.scene: one for one in ledger.counts()}
        events = findings(ledger, site) if counts else ()
    trials: list[Trial] = []
    for outcome, (name, shown) in zip(outcomes, days.items(), strict=True):
        blank = Trial(group=GROUP, scene=name, perturbation=weather, reason=outcome.reason)
        if outcome.status is SceneStatus.RECORDED:
            trials += trials_of(blank, shown, counts[name])
        else:
            trials += unopened(blank, shown)
    return [*trials, *(MonthFinding.of(weather, seed, event) for event in events)]


def _differs(usual: PierView, shown: PierView) -> Bools:
    """Return (rows, columns) where clouds change the image."""
    change = np.abs(shown.image.astype(np.int16) - usual.image).max(axis=2)
    return np.asarray(change > _CLOUD_LEVELS, np.bool_)


def clear(view: PierView, day: int, rng: Rng) -> PierView:
    """Return the view as it is."""
    return view


def haze(view: PierView, day: int, rng: Rng) -> PierView:
    """On two days of three, haze of any density."""
    return atmosphere.uneven_haze(view, rng.uniform(0.1, 0.97), rng) if day % 3 else view


def fog(view: PierView, day: int, rng: Rng) -> PierView:
    """Fog for five days, twice."""
    return atmosphere.fog(view, rng.uniform(0.85, 0.98), rng) if day % 10 in range(4, 9) else view


def snow(view: PierView, day: int, rng: Rng) -> PierView:
    """Snow for a week: it falls, lies, and melts."""
    shares = {6: 0.4, 7: 0.9, 8: 0.98, 9: 0.95, 10: 0.8, 11: 0.5, 12: 0.2}
    return ground_cover.snow(view, shares[day], rng) if day in shares else view


def cloud(view: PierView, day: int, rng: Rng) -> PierView:
    """On three days of five, clouds over a part of the pier, scattered ones, or over all."""
    if rng.random() > 0.6:
        return view
    kind = (
        atmosphere.thick_cloud_half,
        atmosphere.scattered_cloud,
        atmosphere.thick_cloud_whole,
    )[int(rng.integers(3))]
    return kind(view, rng.uniform(0.3, 0.95), rng)


def registration(view: PierView, day: int, rng: Rng) -> PierView:
    """A georeference that is off by 8 m, in a direction of its own on each day."""
    angle = rng.uniform(0, 2 * math.pi)
    shift = Affine.translation(_SHIFT_M * math.cos(angle), _SHIFT_M * math.sin(angle))
    return replace(view, to_ground=shift @ view.to_ground)


WEATHERS = {
    "clear": Weather(clear),
    "haze": Weather(haze),
    "fog": Weather(fog),
    "snow": Weather(snow),
    "cloud": Weather(cloud),
    "cloud with mask": Weather(cloud, has_mask=True),
    "mixed sensors": Weather(clear, gsd_m=(0.3, 0.5, 0.7, 0.9)),
    "registration 8 m off": Weather(registration),
}
"""All months by name."""
