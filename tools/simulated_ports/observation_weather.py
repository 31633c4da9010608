"""Weather in simulated observations: haze, fog, snow and cloud that come and go, and their errors.

What a detector loses in such weather was measured on degraded real scenes: haze of 70 % and 85 %
hides 29 % and 71 % of the containers, blur 63 % to 97 %, snow 47 %, fog all of them. Such an image
is noticed and gets no number, or one of what is seen; or it is not, and a count is simply too low.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cv.counting.pier_count import UNKNOWN, CountStatus, Estimate, PierCount
from cv.counting.uncertainty import SIMULATION_Z
from cv.geometry.arrays import BoolArray, Float64Array
from simulated_ports.container_yard import LENGTH_M, WIDTH_M, pier_strip

_MEAN_SPELL_D = 3.0
"""Mean duration of a spell of weather, days."""
_UNNOTICED_SD = 0.05
"""Relative standard deviation of a count, by light and viewing angle."""


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What comes over a pier, and how the images show it."""

    name: str
    share: float
    """Share of days with it, 0 to 1."""
    found_shares: tuple[float, ...] = (1.0,)
    """Shares of the containers that are found under it; one is drawn for each image."""
    unnoticed: float = 1.0
    """Share of its images in which it is not noticed, 0 to 1."""
    local: bool = False
    """Whether it covers a part of the pier only; where it is, nothing is found."""
    shift_m: float = 0.0
    """Root mean square of the distance between outline and image, metres."""


HAZE = Weather(name="haze", share=0.25, found_shares=(0.71, 0.29), unnoticed=0.3)
BLUR = Weather(name="blur", share=0.2, found_shares=(0.37, 0.03), unnoticed=0.3)
FOG = Weather(name="fog", share=0.15, found_shares=(0.0,), unnoticed=0.3)
SNOW = Weather(name="snow", share=0.2, found_shares=(0.53,), unnoticed=0.3)
MASKED_CLOUD = Weather(name="cloud with mask", share=0.4, unnoticed=0.0, local=True)
UNMASKED_CLOUD = Weather(name="cloud without mask", share=0.3, unnoticed=0.3, local=True)
MIXED_SENSORS = Weather(name="mixed sensors", share=1.0, found_shares=(1.0, 0.98, 0.95, 0.9))
REGISTRATION = Weather(name="registration error", share=1.0, shift_m=8.0)
WEATHERS = (
    HAZE, BLUR, FOG, SNOW, MASKED_CLOUD, UNMASKED_CLOUD, MIXED_SENSORS, REGISTRATION,
)  # fmt: skip


def weather_days(rng: np.random.Generator, days: int, weather: Weather) -> BoolArray:
    """Draw the days (n,) with `weather`, in spells."""
    if weather.share >= 1.0:
        return np.ones(days, dtype=bool)
    ends = 1.0 / _MEAN_SPELL_D
    begins = ends * weather.share / (1.0 - weather.share)
    under = np.zeros(days, dtype=bool)
    now = bool(rng.random() < weather.share)
    for day in range(days):
        now = bool(rng.random() >= ends) if now else bool(rng.random() < begins)
        under[day] = now
    return under


def under_weather(
    rng: np.random.Generator, count: PierCount, places_m: Float64Array, weather: Weather
) -> tuple[PierCount, Float64Array]:
    """Return what becomes of a count, and of the places (k, 2) behind it, metres, in `weather`.

    `count` is one of the whole pier. What is not noticed keeps its status; of the rest a half has
    no number (`unfit`, or `not_visible` under a cloud mask), and a half is that of the part that
    the weather leaves free.
    """
    noticed = rng.random() >= weather.unnoticed
    partly = weather.local or (noticed and rng.random() < 0.5)
    first, last = 0.0, LENGTH_M
    if partly:
        length = LENGTH_M * rng.uniform(0.2, 0.8)
        first = rng.choice([0.0, LENGTH_M - length, rng.uniform(0.0, LENGTH_M - length)])
        last = first + length
    if noticed and (not partly or rng.random() < 0.3):
        status = CountStatus.NOT_VISIBLE if weather is MASKED_CLOUD else CountStatus.UNFIT
        blind = replace(
            count, status=status, reason=weather.name, containers=UNKNOWN, hulls=UNKNOWN,
            berthed=(), visible_fraction=0.0, berth_visible_fraction=0.0,
            unseen=pier_strip(0.0, LENGTH_M),
        )  # fmt: skip
        return blind, np.empty((0, 2))
    covered = (places_m[:, 0] >= first) & (places_m[:, 0] < last)
    found_share = 0.0 if partly else float(rng.choice(weather.found_shares))
    kept = ~covered | (rng.random(len(places_m)) < found_share)
    shift = rng.normal(0.0, weather.shift_m / np.sqrt(2.0), 2)
    moved = places_m + shift
    on_pier = ((moved >= 0.0) & (moved < (LENGTH_M, WIDTH_M))).all(axis=1)
    seen = moved[kept & on_pier] if weather.shift_m else places_m[kept]
    count = replace(count, containers=_estimate(len(seen)))
    if found_share < 0.5 and rng.random() < (last - first) / LENGTH_M:  # a hull is lost likewise
        count = replace(count, hulls=Estimate(0.0, 0.0, 1.0), berthed=())
    if noticed:
        visible = 1.0 - (last - first) / LENGTH_M
        count = replace(
            count, status=CountStatus.PARTIAL, reason=weather.name, visible_fraction=visible,
            berth_visible_fraction=visible, unseen=pier_strip(first, last),
        )  # fmt: skip
    return count, seen


def _estimate(number: int) -> Estimate:
    half = SIMULATION_Z * np.hypot(_UNNOTICED_SD * number, np.sqrt(0.45 * number + 0.6))
    return Estimate(float(number), max(0.0, number - half), number + half)
