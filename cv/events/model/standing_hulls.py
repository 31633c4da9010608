"""Standing hulls: a barge, a jetty or a wreck that is there in most images for weeks.

A standing hull is a part of its berth. Ships are the hulls beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.geometry.arrays import Float64Array

MIN_STANDING_D = 21.0
"""A hull that lies for less is a ship on a call, days..."""
_MIN_WHOLE_RECORD_D, _MIN_IMAGES = 7.0, 5
"""... unless it is there through the whole record, of so many days and images at least."""
_MIN_SHARE = 0.6
"""Share of the images that must show it: the detector misses some."""
MAX_MISSES = 4
"""It has left when more images than these in a row do not show it."""
_MAX_GAP_D = 10.0
"""Nor is anything known of it over longer times without an image, days."""
_SAME_LENGTH = 0.18
"""Two hulls are taken for one up to this relative difference of their measured lengths: three
standard deviations."""


@dataclass(frozen=True)
class StandingHull:
    """A hull that stays, from the first to the last image that shows it."""

    first: int
    """Index of the first observation that shows it."""
    last: int
    """Index of the last one."""
    length_m: float
    """Median of its measured lengths, metres."""

    def shown_by(self, lengths: Sequence[float]) -> int | None:
        """Return the index of its own among the `lengths` (metres) of an observation's hulls."""
        errors = [abs(one / self.length_m - 1.0) for one in lengths]
        nearest = min(range(len(errors)), key=errors.__getitem__, default=None)
        return None if nearest is None or errors[nearest] > _SAME_LENGTH else nearest


def find_standing_hulls(
    lengths: Sequence[Sequence[float] | None], days: Float64Array
) -> tuple[StandingHull, ...]:
    """Return the hulls that stay, by time; no two of them at one time.

    Args:
        lengths: Lengths of the hulls of each observation, metres; None where the berth was not
            seen well enough to miss one.
        days: (n,) days of the observations, ascending.
    """
    images = [i for i, own in enumerate(lengths) if own is not None]
    found: list[StandingHull] = []
    remaining = {i: list(lengths[i] or ()) for i in images}
    every = np.sort([one for own in remaining.values() for one in own])
    while len(every) >= _MIN_IMAGES:
        near = (np.abs(every[:, None] / every - 1.0) <= _SAME_LENGTH).sum(axis=0)
        length = float(every[int(near.argmax())])
        hull = _longest_run(length, images, remaining, days)
        if hull is not None and not any(
            one.first <= hull.last and hull.first <= one.last for one in found
        ):
            found.append(hull)
        every = every[np.abs(every / length - 1.0) > _SAME_LENGTH]
    return tuple(sorted(found, key=lambda one: one.first))


def _longest_run(
    length_m: float, images: Sequence[int], lengths: dict[int, list[float]], days: Float64Array
) -> StandingHull | None:
    """Return the longest run of `images` that show a hull of `length_m`; None if it is short."""
    wanted = StandingHull(0, 0, length_m)
    best: tuple[float, int, int] | None = None
    shown: list[int] = []
    start, misses = 0, 0
    for position, image in enumerate([*images, -1]):
        end = image < 0 or (bool(shown) and days[image] - days[shown[-1]] > _MAX_GAP_D)
        if not end and wanted.shown_by(lengths[image]) is not None:
            start, misses = (start if shown else position), 0
            shown.append(image)
            continue
        misses += 1
        if not shown or (misses <= MAX_MISSES and not end):
            continue
        first, last = shown[0], shown[-1]
        total = images.index(last) - start + 1
        span_d = float(days[last] - days[first])
        whole = (first, last) == (images[0], images[-1]) and len(images) >= _MIN_IMAGES
        long = span_d >= (_MIN_WHOLE_RECORD_D if whole else MIN_STANDING_D)
        if long and len(shown) >= max(_MIN_IMAGES, _MIN_SHARE * total):
            best = max(best or (0.0, 0, 0), (span_d, first, last))
        here = image >= 0 and wanted.shown_by(lengths[image]) is not None
        shown, start, misses = ([image] if here else []), position, 0
    if best is None:
        return None
    _, first, last = best
    measured = [
        lengths[i][own]
        for i in images
        if first <= i <= last and (own := wanted.shown_by(lengths[i])) is not None
    ]
    return StandingHull(first, last, float(np.median(measured)))
