"""Where the containers of a pier stand, and which of them stand at the same place in two scenes.

Places are compared after the shift that most containers have in common, as scenes lie a few metres
off each other on the ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import cos, radians

import numpy as np

from cv.geometry.arrays import BoolArray, Float64Array

ContainerPlaces = Mapping[str, Float64Array]
"""The centres of the containers on a pier by the identifier of the scene: (k, 2) longitude and
latitude, degrees."""

METRES_PER_DEGREE = 111_320.0
"""Length of a degree of latitude."""
_MAX_SHIFT_M = 24.0
"""Largest shift between two scenes, metres."""
_SHIFT_STEP_M = 1.0
"""Step in which shifts are compared, metres."""
_MAX_DISTANCE_M = 1.2
"""Two centres nearer than this are one place: half the width of a container."""


def to_metres(lon_lat: Float64Array, origin: Float64Array) -> Float64Array:
    """Return points (k, 2) of longitude and latitude as metres east and north of `origin` (2,)."""
    scale = METRES_PER_DEGREE * np.array([cos(radians(float(origin[1]))), 1.0])
    return np.asarray((lon_lat - origin) * scale)


def center_of(places: Iterable[Float64Array]) -> tuple[float, float] | None:
    """Return the median longitude and latitude, degrees, of all `places` (k, 2); None of none."""
    known = [one for one in places if len(one)]
    if not known:
        return None
    lon, lat = np.median(np.concatenate(known), axis=0).tolist()
    return lon, lat


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance between two points of longitude and latitude, metres.

    On a plane: right within a few hundred kilometres.
    """
    return float(np.hypot(*to_metres(np.array(other), np.array(one))))


def containers_found_again(before: Float64Array, after: Float64Array) -> BoolArray:
    """Return (k,) which of the places `before` (k, 2) are among `after` (m, 2); degrees.

    Each place of `after` stands for at most one of `before`.
    """
    found = np.zeros(len(before), dtype=bool)
    if not len(before) or not len(after):
        return found
    origin = before.mean(axis=0)
    old, new = to_metres(before, origin), to_metres(after, origin)
    offsets = new[None, :, :] - old[:, None, :]
    offsets = offsets - _common_shift(offsets)
    distance = np.hypot(offsets[..., 0], offsets[..., 1])
    nearest = distance.argmin(axis=1)
    near = distance[np.arange(len(old)), nearest] <= _MAX_DISTANCE_M
    _, first = np.unique(np.where(near, nearest, -1 - np.arange(len(old))), return_index=True)
    found[first] = near[first]
    return found


def _common_shift(offsets: Float64Array) -> Float64Array:
    """Return the shift (2,) that most pairs have in common, of all `offsets` (k, m, 2), metres.

    No shift where it is as common as any other.
    """
    near = offsets[(np.abs(offsets) <= _MAX_SHIFT_M).all(axis=-1)]
    if not len(near):
        return np.zeros(2)
    half = round(_MAX_SHIFT_M / _SHIFT_STEP_M)
    edges = (np.arange(-half, half + 2) - 0.5) * _SHIFT_STEP_M
    votes, _, _ = np.histogram2d(near[:, 0], near[:, 1], bins=(edges, edges))
    padded = np.pad(votes, 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    votes = np.asarray(windows.sum(axis=(2, 3)))
    best = np.array(np.unravel_index(int(votes.argmax()), votes.shape))
    if votes[half, half] >= votes.max():
        best = np.array([half, half])
    center = (best - half) * _SHIFT_STEP_M
    around = near[(np.abs(near - center) <= 1.5 * _SHIFT_STEP_M).all(axis=1)]
    return np.asarray(np.median(around, axis=0))
