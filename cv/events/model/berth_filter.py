"""Forward filter and backward pass over the states of a berth, for several piers side by side.

To the states of the chain belongs a mark: whether a ship has been there since the last count. It
makes the change of the containers evidence on ships, also where observations without a count lie in
between. One step over many piers costs little more than one over a single pier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.events.model.berth_state_model import STATES, WITH_SHIP, WITHOUT_SHIP, PathProbabilities
from cv.geometry.arrays import BoolArray, Float64Array

_AWAY, _SHIP = len(WITHOUT_SHIP), len(WITH_SHIP)
JOINT = 2 * _AWAY + _SHIP
"""Number of joint states: without a ship and unmarked, the same marked, with a ship."""
_UNMARKED, _MARKED, _THERE = slice(0, _AWAY), slice(_AWAY, 2 * _AWAY), slice(2 * _AWAY, JOINT)
BERTH_STATE = np.array([*WITHOUT_SHIP, *WITHOUT_SHIP, *WITH_SHIP])
"""(joint,) state of the berth of each joint state."""
SHIP_THERE = np.isin(BERTH_STATE, WITH_SHIP)
"""(joint,) whether a ship is there."""
_HAS_BEEN = np.arange(JOINT) >= _AWAY
_RESET = np.eye(JOINT)
_RESET[_MARKED] = 0.0
_RESET[_MARKED, _UNMARKED] = np.eye(_AWAY)
"""(from, to) what a count does to the mark."""


@dataclass(frozen=True, eq=False)
class BerthEvidence:
    """What n observations say about ships."""

    hulls: Float64Array
    """(n,) likelihood of the hulls with a ship there over that without."""
    cargo: Float64Array
    """(n,) likelihood of the change since the last count with a ship in between over that without;
    1 for the first count, and where there is none."""
    counted: BoolArray
    """(n,) whether there is a count."""


@dataclass(frozen=True, eq=False)
class BerthPosterior:
    """Probabilities of the joint states; n observations, n - 1 gaps."""

    filtered: Float64Array
    """(n, joint) given the observations so far."""
    backward: Float64Array
    """(n, joint) likelihood of all later observations, scaled so that filtered * backward sums to
    one."""
    transitions: Float64Array
    """(n - 1, from, to) weights of all paths, the later observation's likelihood included: they
    lead from a row of `filtered` to the next."""
    no_ship: Float64Array
    """(n - 1, from, to) the part of them without a ship at any time."""
    no_arrival: Float64Array
    """(n - 1, from, to) the part of them without an arrival."""

    @property
    def smoothed(self) -> Float64Array:
        """(n, joint) given all observations."""
        return self.filtered * self.backward


def filter_berths(
    evidence: Sequence[BerthEvidence],
    paths: Sequence[PathProbabilities],
    starts: Sequence[Float64Array],
) -> list[BerthPosterior]:
    """Return the posterior of each berth, with at least one observation.

    The sequences run over the berths: `paths` are those over the gaps between its observations,
    `starts` (states,) the probabilities of its states before the first.
    """
    lengths = [len(one.hulls) for one in evidence]
    longest, count = max(lengths), len(lengths)
    weights = np.zeros((longest - 1, count, JOINT, JOINT))
    weights[:, :] = np.eye(JOINT)
    filtered = np.zeros((longest, count, JOINT))
    parts = []
    for i, (own, path, start) in enumerate(zip(evidence, paths, starts, strict=True)):
        likelihood = _likelihoods(own)
        reset = np.where(own.counted[:-1, None, None], _RESET, np.eye(JOINT))
        seen = likelihood[1:, None, :]
        every, no_ship, no_arrival = (reset @ one * seen for one in _joint_paths(path))
        weights[: lengths[i] - 1, i] = every
        parts.append((no_ship, no_arrival))
        begin = np.concatenate([start[list(WITHOUT_SHIP)], np.zeros(_AWAY), start[list(WITH_SHIP)]])
        begin = begin * likelihood[0]
        filtered[0, i] = begin / begin.sum()
    scales = np.ones((longest - 1, count))
    for t in range(longest - 1):
        step = (filtered[t][:, None, :] @ weights[t])[:, 0]
        scales[t] = step.sum(axis=1).clip(1e-300)
        filtered[t + 1] = step / scales[t][:, None]
    weights /= scales[:, :, None, None]
    backward = np.ones((longest, count, JOINT))
    for t in range(longest - 2, -1, -1):
        backward[t] = (weights[t] @ backward[t + 1][:, :, None])[:, :, 0]
    return [
        BerthPosterior(
            filtered[:n, i],
            backward[:n, i],
            weights[: n - 1, i],
            no_ship / scales[: n - 1, i, None, None],
            no_arrival / scales[: n - 1, i, None, None],
        )
        for i, (n, (no_ship, no_arrival)) in enumerate(zip(lengths, parts, strict=True))
    ]


def _likelihoods(evidence: BerthEvidence) -> Float64Array:
    """Return (n, joint) the likelihood ratio of each observation in each joint state.

    A ship that is still there may not have begun to load: that nothing has changed yet is half the
    evidence against it.
    """
    hulls = np.where(SHIP_THERE, evidence.hulls[:, None], 1.0)
    cargo = np.where(_HAS_BEEN, evidence.cargo[:, None], 1.0)
    begun = np.maximum(cargo, (1.0 + cargo) / 2)
    return np.asarray(hulls * np.where(SHIP_THERE, begun, cargo))


def _joint_paths(paths: PathProbabilities) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return (n, from, to) of joint states: all paths, those without a ship, without an arrival."""
    gaps = len(paths.any_path)
    away, there = list(WITHOUT_SHIP), list(WITH_SHIP)
    every, no_ship, no_arrival = (np.zeros((gaps, JOINT, JOINT)) for _ in range(3))
    for joint, own in ((every, paths.any_path), (no_arrival, paths.no_arrival)):
        left = own[:, away][:, :, away]
        joint[:, _UNMARKED, _UNMARKED] = paths.no_ship[:, away][:, :, away]
        joint[:, _UNMARKED, _MARKED] = (left - joint[:, _UNMARKED, _UNMARKED]).clip(0.0)
        joint[:, _MARKED, _MARKED] = left
        for mark in (_UNMARKED, _MARKED):
            joint[:, mark, _THERE] = own[:, away][:, :, there]
        joint[:, _THERE, _MARKED] = own[:, there][:, :, away]
        joint[:, _THERE, _THERE] = own[:, there][:, :, there]
    for mark in (_UNMARKED, _MARKED):
        no_ship[:, mark, mark] = paths.no_ship[:, away][:, :, away]
    return every, no_ship, no_arrival


assert STATES == _AWAY + _SHIP
