"""The observations of one pier as arrays: counts with their errors, ordered by time.

The number of containers is that of the whole pier (`Series.whole`): what a cloud covers is what it
was when it was last seen, or unknown, and never gone. Containers that stood at the same places
before and after a count were there (`Series.standing`): it is raised to their number. Where it is
of far fewer, the image is bad: the count has no number, and does not show that no ship was there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import nan

import numpy as np

from cv.counting.pier_count import BerthedHull, Estimate, PierCount
from cv.counting.uncertainty import normal_quantile
from cv.events.event import CensoredTime
from cv.events.model.standing_hulls import StandingHull, find_standing_hulls
from cv.geometry.arrays import BoolArray, Float64Array
from cv.site import PierRole
from cv.timeseries.series import Series
from cv.timeseries.whole_pier import share_found_again

MIN_VISIBLE = 0.5
"""Visible share of a berth below which a missing ship is no information."""
MIN_SHIP_LENGTH_M = 60.0
"""Shorter hulls are boats and barges and make no call, metres."""
ONE_MOMENT_D = 1 / 24
"""Observations less than this apart share one cause of error, and weigh as one, days."""
_MIN_SD = 0.5
"""Smallest standard deviation of a number of containers."""
_DIP_D, _DIP_SHARE, _SAME = 4.0, 0.75, 1.5
"""A count below this share of both its neighbours, which are at most so many days apart and differ
by less than so many standard deviations, is of a bad image."""
_UNKNOWN = (nan, nan, nan)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class PierObservations:
    """The n observations of a pier with any information, by time."""

    pier: str
    """Name of the pier."""
    role: PierRole
    has_berth: bool
    """Whether any count knows of a berth; without one, no ship can be seen."""
    scenes: tuple[str, ...]
    """(n,) identifiers of the scenes."""
    times: tuple[datetime, ...]
    """(n,) acquisition times, UTC."""
    days: Float64Array
    """(n,) days since the first observation."""
    containers: Float64Array
    """(n,) containers on the whole pier; nan where unknown."""
    containers_sd: Float64Array
    """(n, 2) standard deviations of their error: towards fewer, towards more containers."""
    hulls: Float64Array
    """(n,) ships at the berth, nan where unknown."""
    min_hulls: Float64Array
    """(n,) lower end of their interval."""
    max_hulls: Float64Array
    """(n,) upper end of their interval."""
    berth_visible: Float64Array
    """(n,) visible share of the berth, 0 to 1."""
    ships: tuple[tuple[BerthedHull, ...], ...]
    """(n,) hulls of ships at the berth."""
    standing: tuple[StandingHull, ...]
    """Hulls that are part of the berth: no ships, and not among `hulls`."""
    weight: Float64Array
    """(n,) weight of an observation as evidence: less than 1 where others follow within
    `ONE_MOMENT_D`."""
    found_again: Float64Array
    """(n - 1,) share of the containers that stand at the same places before and after each gap; nan
    where unknown."""

    @classmethod
    def of(cls, counts: Sequence[PierCount]) -> PierObservations:
        """Return the usable observations among `counts` of one pier, which are ordered by time.

        `counts` is its `Series`, or the counts alone, from which places are not known. A count
        without information is left out, so that its gap joins those beside it. Raises ValueError
        without counts or for a count without a time.
        """
        if not counts:
            raise ValueError("observations need the counts of a pier")
        if any(count.acquired is None for count in counts):
            raise ValueError("an observation needs a time")
        series = counts if isinstance(counts, Series) else Series(counts[0].pier, tuple(counts))
        held = series.standing
        z = normal_quantile(counts[0].interval_level)
        rows = [
            (count, *_known(count, whole, bad, least, z))
            for count, whole, bad, least in zip(
                series, series.whole, held.contradicted, held.number, strict=True
            )
        ]
        usable = [row for row in rows if row[1] is not _UNKNOWN or row[2] is not _UNKNOWN]
        used = [count for count, _, _ in usable]
        containers, hulls = (
            np.array([row[i] for row in usable], dtype=np.float64).reshape(-1, 3) for i in (1, 2)
        )
        times = tuple(count.acquired for count in used if count.acquired is not None)
        shares = (count.berth_visible_fraction for count in used)
        visible = [1.0 if share is None else share for share in shares]  # no number without a ship
        days = np.array([(time - times[0]) / _DAY for time in times])
        ships = _ships_of(used)
        standing = _standing_hulls(ships, np.isfinite(hulls[:, 0]), days)
        hulls, ships = _beside(hulls, ships, standing)
        weight = 1.0 / (np.abs(days[:, None] - days) < ONE_MOMENT_D).sum(axis=1)
        dips = _dips(containers, hulls[:, 0], days)
        containers[dips] = nan
        containers[_repeated(containers, days)] = nan
        hulls[dips & (hulls[:, 0] < 1)] = nan
        return cls(
            pier=series.pier,
            role=counts[0].role,
            has_berth=any(c.berth_visible_fraction is not None or c.hulls.known for c in counts),
            scenes=tuple(count.scene for count in used),
            times=times,
            days=days,
            containers=containers[:, 0],
            containers_sd=containers[:, 1:],
            hulls=hulls[:, 0],
            min_hulls=hulls[:, 1],
            max_hulls=hulls[:, 2],
            berth_visible=np.array(visible, dtype=np.float64),
            ships=tuple(ships),
            standing=standing,
            weight=weight,
            found_again=_found_again(series, used, np.isfinite(containers[:, 0])),
        )

    def __len__(self) -> int:
        return len(self.scenes)

    def first_at_or_after(self, time: datetime) -> int:
        """Return the index of the first observation at or after `time`; n without one."""
        return bisect_left(self.times, time)

    def time_between(self, before: int, after: int) -> CensoredTime:
        """Return the time after observation `before` and by `after`; None beyond both ends."""
        return CensoredTime(
            self.times[before] if before >= 0 else None,
            self.times[after] if after < len(self) else None,
        )


def _ships_of(counts: Sequence[PierCount]) -> list[tuple[BerthedHull, ...]]:
    return [tuple(h for h in one.berthed if h.length_m >= MIN_SHIP_LENGTH_M) for one in counts]


def _standing_hulls(
    ships: Sequence[tuple[BerthedHull, ...]], known: BoolArray, days: Float64Array
) -> tuple[StandingHull, ...]:
    """Return the hulls that stay; `known` (n,) is whether the number of hulls is."""
    lengths = [
        [hull.length_m for hull in own] if seen else None
        for own, seen in zip(ships, known.tolist(), strict=True)
    ]
    return find_standing_hulls(lengths, days)


def _beside(
    hulls: Float64Array,
    ships: Sequence[tuple[BerthedHull, ...]],
    standing: Sequence[StandingHull],
) -> tuple[Float64Array, list[tuple[BerthedHull, ...]]]:
    """Return numbers of hulls (n, 3), and hulls, without those that are `standing`."""
    hulls, others = hulls.copy(), list(ships)
    for one in standing:
        for i in range(one.first, one.last + 1):
            own = one.shown_by([hull.length_m for hull in others[i]])
            if own is not None:
                hulls[i] = (hulls[i] - 1.0).clip(0.0)
                others[i] = others[i][:own] + others[i][own + 1 :]
    return hulls, others


def _repeated(containers: Float64Array, days: Float64Array) -> BoolArray:
    """Return (n,) which counts are of a moment that another one shows more exactly."""
    repeated = np.zeros(len(days), dtype=bool)
    moment = np.cumsum(np.diff(days, prepend=-np.inf) >= ONE_MOMENT_D)
    for one in np.flatnonzero(np.bincount(moment) > 1).tolist():
        same = np.flatnonzero((moment == one) & np.isfinite(containers[:, 0]))
        if len(same) > 1:
            best = same[int(containers[same, 1:].sum(axis=1).argmin())]
            repeated[same[same != best]] = True
    return repeated


def _dips(containers: Float64Array, hulls: Float64Array, days: Float64Array) -> BoolArray:
    """Return (n,) which counts are far below both their neighbours, which agree with each other.

    Not where one of the `hulls` (n,) that were seen explains the change.

    `containers` (n, 3) are numbers and their standard deviations downwards and upwards.
    """
    dips = np.zeros(len(days), dtype=bool)
    known = np.flatnonzero(np.isfinite(containers[:, 0]))
    for before, now, after in zip(known, known[1:], known[2:], strict=False):
        (old, old_sd, _), (low, _, low_sd), (new, new_sd, _) = containers[[before, now, after]]
        if days[after] - days[before] > _DIP_D or low >= _DIP_SHARE * min(old, new):
            continue
        if (hulls[before : after + 1] >= 1).any():
            continue
        agree = abs(old - new) <= _SAME * float(np.hypot(old_sd, new_sd))
        dips[now] = agree and min(old, new) - low > 2 * float(np.hypot(old_sd, low_sd))
    return dips


def _known(
    count: PierCount, whole: Estimate, bad: bool, least: float, z: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return `_containers` and `_ships` of a count; of a `bad` image, only ships that it shows."""
    if bad:
        return _UNKNOWN, _found_ships(count)
    return _containers(count, whole, least, z), _ships(count)


def _containers(
    count: PierCount, whole: Estimate, least: float, z: float
) -> tuple[float, float, float]:
    """Return containers on the whole pier, and their sd downwards and upwards; nan if unknown.

    `least` is the number that certainly stood in the visible part, nan if unknown.
    """
    if whole.value is None or whole.low is None or whole.high is None:
        return _UNKNOWN
    below, above = (whole.value - whole.low) / z, (whole.high - whole.value) / z
    missed = least - (count.containers.value or 0.0)
    number = whole.value + (missed if missed > 0 else 0.0)
    return number, max(_MIN_SD, below), max(_MIN_SD, above)


def _found_again(series: Series, used: Sequence[PierCount], known: BoolArray) -> Float64Array:
    """Return (n - 1,) the share of containers found again over each gap between `used` counts.

    `known` (n,) is which of them have a number of containers: the same share is that of all gaps
    from one of these to the next.
    """
    shares = np.full(max(0, len(used) - 1), nan)
    if series.places:
        index = np.flatnonzero(known).tolist()
        for before, after in pairwise(index):
            share = share_found_again(used[before], used[after], series.places)
            shares[before:after] = share
    return shares


def _found_ships(count: PierCount) -> tuple[float, float, float]:
    """Return `_ships` of a bad image: unknown where none was found."""
    ships = _ships(count)
    return ships if ships[0] >= 1 else _UNKNOWN


def _ships(count: PierCount) -> tuple[float, float, float]:
    """Return ships and the ends of their interval; nan where the berth was not visible enough."""
    number = count.hulls
    if number.value is None or number.low is None or number.high is None:
        return _UNKNOWN
    boats = sum(1 for hull in count.berthed if hull.length_m < MIN_SHIP_LENGTH_M)
    ships = max(0.0, number.value - boats)
    if not ships and (count.berth_visible_fraction or 0.0) < MIN_VISIBLE:
        return _UNKNOWN
    return ships, min(number.low, ships), number.high
