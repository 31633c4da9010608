"""The number of containers on the whole pier, where a count shows only a part of it.

A count of the visible part is no evidence about the hidden part. The estimate for the whole is what
was seen, and what the hidden part held when it was last seen. Its interval widens with the time
since then, at the rate at which this pier has changed so far. Where the hidden part was not seen
within `MAX_AGE_D`, the whole is unknown.

Containers that stood at the same places before and after a count were there in between, whatever it
shows. A count of far fewer is that of a bad image (haze or blur that was not noticed). At the
beginning there is no count before: a count of far fewer than the first `SETTLING_D` show later is
not used, unless another shows the same containers or a ship that was seen explains the rise. A few
of many, as haze leaves them, differ from image to image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import pairwise, takewhile
from math import cos, hypot, radians, sqrt

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.pier_count import UNKNOWN, Estimate, PierCount
from cv.counting.uncertainty import normal_quantile
from cv.geometry.arrays import BoolArray, Float64Array
from cv.timeseries.container_places import (
    METRES_PER_DEGREE,
    ContainerPlaces,
    containers_found_again,
)

MAX_AGE_D = 7.0
"""What the hidden part held is not known longer than this after it was seen, days."""
PACE_D = 90.0
"""The rate at which a pier changes is that of the last so many days."""
MAX_BAD_RUN_D = 14.0
"""A count is contradicted by counts before and after it that are at most this far apart, days."""
SETTLING_D = 5.0
"""At the beginning, a count is contradicted by a higher one within so many days: seven of
eight simulated spells of bad weather are over by then."""
_SAME_CONTAINERS = 0.8
"""Two counts of as many show the same containers if this share of the first is in the second: more
than haze of 70 % leaves of all (`tools/simulated_ports`)."""
MIN_FOUND_AGAIN = 0.7
"""Share of the containers before that must be at the same places after."""
_MIN_CONTAINERS = 5
"""Fewer containers at the same places contradict nothing."""
_RECOVERED = 0.9
"""The number is back when this share of what it was before is counted."""
_UNDERCOUNT = 0.9
"""A count is contradicted if its interval ends below this share of what stood there."""
_MIN_SHOWN = 0.5
"""A count shows whether the number is back if it shows the places of this share of it."""
_IGNORED_AREA_M2 = 12.0
"""Hidden areas smaller than this hold no container, square metres."""
_PRIOR_CHANGE, _PRIOR_CHANGE_CONTAINERS, _PRIOR_DAYS = 0.1, 2.0, 2.0
"""Standard deviation of a change within a day before a pier's own changes are known: as a share of
its containers, and in containers, added up; with the weight of so many days."""
_DAY = timedelta(days=1)


def whole_pier_estimates(
    counts: Sequence[PierCount], places: ContainerPlaces, wrong: BoolArray
) -> tuple[Estimate, ...]:
    """Return the containers on the whole pier in each of `counts`, which are ordered by time.

    Counts of another model, method or outline than the current one, and those that are `wrong`
    (n,), say nothing about the hidden part.
    """
    return tuple(_whole(counts, i, wrong, places) for i in range(len(counts)))


def comparable_counts(one: PierCount, other: PierCount) -> bool:
    """Return whether two counts were made with the same model, method, outline and stretch.

    A profile is that of a product: products of several sensors make one series.
    """
    if (one.model, one.method, one.place) != (other.model, other.method, other.place):
        return False
    stretches = _stretch(one.radiometry), _stretch(other.radiometry)
    return "" in stretches or stretches[0] == stretches[1]


@cache
def _stretch(radiometry: str) -> str:
    """Return the stretch that a caller declared in a count's `radiometry`; empty for a profile.

    Its limits belong to it, but for percentiles, whose limits are measured in each scene.
    """
    kind = radiometry.split(" ", 1)[0]
    if kind == "limits":
        return radiometry.split(" gamma ")[0]
    return kind if kind.startswith("percentile:") else ""


def share_found_again(before: PierCount, after: PierCount, places: ContainerPlaces) -> float:
    """Return the share of the containers of one count that are at the same places in a later one.

    Containers that the later count could not see are left out. nan with fewer than five.
    """
    old, new = _places(before, places), _places(after, places)
    if old is None or new is None:
        return np.nan
    old = old[~_inside(old, after.unseen)]
    if len(old) < _MIN_CONTAINERS:
        return np.nan
    return float(containers_found_again(old, new).mean())


@dataclass(frozen=True, eq=False)
class StandingContainers:
    """What containers at the same places before and after n counts say about these."""

    number: Float64Array
    """(n,) containers that stood before and after, in the visible part of each count; nan where
    that is not known."""
    contradicted: BoolArray
    """(n,) whether a count shows far fewer than that: it is of a bad image."""

    @classmethod
    def of(cls, counts: Sequence[PierCount], places: ContainerPlaces) -> StandingContainers:
        """Compare the counts of a pier, which are ordered by time."""
        number = np.full(len(counts), np.nan)
        known = [i for i, count in enumerate(counts) if _places(count, places) is not None]
        position = 1 if places else len(known)
        while position < len(known):
            before = counts[known[position - 1]]
            back = _recovery(counts, known, position, places)
            if back is None:
                position += 1
                continue
            there = _standing(before, counts[known[back]], places)
            if there is None:
                position += 1
                continue
            for i in known[position:back]:
                number[i] = float((~_inside(there, counts[i].unseen)).sum())
            position = back + 1
        high = np.array([_high(count) for count in counts])
        contradicted = (number >= _MIN_CONTAINERS) & (high < _UNDERCOUNT * number)
        contradicted[_too_few_at_first(counts, places)] = True
        return cls(number, contradicted)


def _recovery(
    counts: Sequence[PierCount], known: Sequence[int], position: int, places: ContainerPlaces
) -> int | None:
    """Return the position in `known` of the first count with as many as before `position`.

    A partial one needs as many as stood in the part that it shows. None if the number did not fall
    at `position`, or is not back within `MAX_BAD_RUN_D`.
    """
    before = counts[known[position - 1]]
    number, there = before.containers.value or 0.0, _places(before, places)
    fell = (counts[known[position]].containers.value or 0.0) < number
    if there is None or not fell or number < _MIN_CONTAINERS:
        return None
    for later in range(position + 1, len(known)):
        after = counts[known[later]]
        if _days(before, after) > MAX_BAD_RUN_D or not comparable_counts(before, after):
            return None
        shown = float((~_inside(there, after.unseen)).sum())
        enough = shown >= max(_MIN_CONTAINERS, _MIN_SHOWN * number)
        if enough and (after.containers.value or 0.0) >= _RECOVERED * shown:
            return later
    return None


def _too_few_at_first(counts: Sequence[PierCount], places: ContainerPlaces) -> list[int]:
    """Return the first counts of far fewer than one that follows within `SETTLING_D` of the first.

    They are of bad images, or the pier was being filled: nothing before them shows which. Those
    from the first on that another one confirms are left out. None where no places are known.
    """
    known = [i for i, count in enumerate(counts) if places and count.containers.known]
    early = [i for i in known if _days(counts[known[0]], counts[i]) <= SETTLING_D]
    early = list(takewhile(lambda i: not counts[i].hulls.value, early))  # a ship explains a rise
    too_few = []
    for position, i in enumerate(early):
        later = [counts[j] for j in early[position + 1 :]]
        number = max((_shown_by(counts[i], one, places) for one in later), default=0.0)
        if number < _MIN_CONTAINERS:
            continue  # it shows too small a part
        if _high(counts[i]) >= _UNDERCOUNT * number or any(
            _shows_the_same(counts[i], one, places) for one in later
        ):
            break
        too_few.append(i)
    return too_few


def _shows_the_same(count: PierCount, later: PierCount, places: ContainerPlaces) -> bool:
    """Return whether a later count of the whole pier is of as many containers, and of the same."""
    as_many = later.shows_whole_pier and (later.containers.low or 0) <= _high(count)
    return as_many and share_found_again(count, later, places) >= _SAME_CONTAINERS


def _shown_by(count: PierCount, later: PierCount, places: ContainerPlaces) -> float:
    """Return the containers of a later count that `count` would show; 0 if that is not known."""
    if not comparable_counts(count, later):
        return 0.0
    if count.shows_whole_pier:
        return later.containers.value or 0.0
    there = _places(later, places)
    if there is None or count.unseen is None:
        return 0.0
    return float((~_inside(there, count.unseen)).sum())


def _standing(before: PierCount, after: PierCount, places: ContainerPlaces) -> Float64Array | None:
    """Return the containers (k, 2) at the same places in two counts; None if most are not."""
    old, new = _places(before, places), _places(after, places)
    if old is None or new is None:
        return None
    old = old[~_inside(old, after.unseen)]
    again = containers_found_again(old, new)
    if len(old) < _MIN_CONTAINERS or again.mean() < MIN_FOUND_AGAIN:
        return None
    return old[again]


def _whole(
    counts: Sequence[PierCount], position: int, wrong: BoolArray, places: ContainerPlaces
) -> Estimate:
    """Return the estimate of the count at a `position`."""
    count = counts[position]
    seen = count.containers
    if count.shows_whole_pier:
        return seen
    if seen.value is None or seen.low is None or seen.high is None or count.acquired is None:
        return UNKNOWN
    if count.visible_fraction is None:  # how much is hidden is not known
        return UNKNOWN
    earlier = takewhile(lambda one: _days(one, count) <= PACE_D, reversed(counts[:position]))
    numbered = zip(earlier, reversed(wrong[:position]), strict=False)
    same = [one for one, bad in numbered if not bad and comparable_counts(one, count)][::-1]
    recent = [one for one in same if one.containers.known and _days(one, count) <= MAX_AGE_D]
    z = normal_quantile(count.interval_level)
    if count.unseen is None:
        hidden = _hidden_by_area(count, recent, z)
    else:
        hidden = _hidden_by_place(count, recent, places, z)
    if hidden is None:
        return UNKNOWN
    number, sd, age_d = hidden
    last = next(one for one in reversed(recent) if one.containers.value is not None)
    share = max(1.0 - (count.visible_fraction or 0.0), number / max(last.containers.value or 1, 1))
    changed = sqrt(_change_variance(same, z) * age_d * min(1.0, share))
    half = z * hypot(sd, changed)
    value = seen.value + number
    low = max(seen.low, value - hypot(seen.value - seen.low, half))
    return Estimate(value, low, value + hypot(seen.high - seen.value, half))


def _hidden_by_area(
    count: PierCount, recent: Sequence[PierCount], z: float
) -> tuple[float, float, float] | None:
    """Return number, its sd, and days since it was seen, of a hidden part whose place is not known.

    Its share of the containers is that of the area, with the standard deviation of containers that
    all stand together.
    """
    whole = next((one for one in reversed(recent) if one.shows_whole_pier), None)
    if whole is None:
        return None
    hidden = 1.0 - (count.visible_fraction or 0.0)
    number = whole.containers.value or 0.0
    clump = sqrt(hidden * (1.0 - hidden)) * number
    return hidden * number, hypot(clump, hidden * _sd(whole, z)), _days(whole, count)


def _hidden_by_place(
    count: PierCount, recent: Sequence[PierCount], places: ContainerPlaces, z: float
) -> tuple[float, float, float] | None:
    """Return number, its sd, and days since it was seen, of the part that `count` does not show.

    Each place is taken from the last count that shows it; None if one of them is in none.
    """
    hidden = count.unseen
    number, variance, age_d = 0.0, 0.0, 0.0
    for one in reversed(recent):
        if hidden is None or _area_m2(hidden) < _IGNORED_AREA_M2:
            break
        there = _places(one, places)
        if there is None or (not one.shows_whole_pier and one.unseen is None):
            continue
        shown = hidden if one.unseen is None else hidden.difference(one.unseen)
        if _area_m2(shown) < _IGNORED_AREA_M2:
            continue
        here = float(_inside(there, shown).sum())
        number += here
        variance += (here / max(len(there), 1)) * _sd(one, z) ** 2
        age_d = max(age_d, _days(one, count))
        hidden = hidden.difference(shown)
    if hidden is None or _area_m2(hidden) >= _IGNORED_AREA_M2 or not recent:
        return None
    return number, sqrt(variance), age_d


def _change_variance(earlier: Sequence[PierCount], z: float) -> float:
    """Return the variance that a day adds to the number of containers of the whole pier."""
    whole = [one for one in earlier if one.containers.known and one.shows_whole_pier]
    last = (whole[-1].containers.value or 0.0) if whole else 0.0
    prior = (_PRIOR_CHANGE * last + _PRIOR_CHANGE_CONTAINERS) ** 2
    total, days = prior * _PRIOR_DAYS, _PRIOR_DAYS
    for one, other in pairwise(whole):
        change = (other.containers.value or 0.0) - (one.containers.value or 0.0)
        total += max(0.0, change**2 - _sd(one, z) ** 2 - _sd(other, z) ** 2)
        days += _days(one, other)
    return total / days


def _places(count: PierCount, places: ContainerPlaces) -> Float64Array | None:
    """Return the places (k, 2) of the containers of a count; None if they are not known."""
    if not count.containers.known:
        return None
    if count.containers.value == 0:
        return np.empty((0, 2))
    return places.get(count.scene)


def _inside(points: Float64Array, area: BaseGeometry | None) -> BoolArray:
    if area is None or area.is_empty or not len(points):
        return np.zeros(len(points), dtype=bool)
    return np.asarray(shapely.contains_xy(area, points[:, 0], points[:, 1]))


def _area_m2(area: BaseGeometry) -> float:
    """Return the area of a geometry in degrees, square metres."""
    if area.is_empty:
        return 0.0
    return float(area.area * METRES_PER_DEGREE**2 * cos(radians(area.centroid.y)))


def _days(one: PierCount, other: PierCount) -> float:
    if one.acquired is None or other.acquired is None:
        raise ValueError("a count of a series needs a time")
    return (other.acquired - one.acquired) / _DAY


def _high(count: PierCount) -> float:
    return np.inf if count.containers.high is None else count.containers.high


def _sd(count: PierCount, z: float) -> float:
    number = count.containers
    return ((number.high or 0.0) - (number.low or 0.0)) / 2 / z
