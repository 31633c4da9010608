"""From look to look: what is known of a pier's state and of its number of containers.

A switching state-space model. Between two looks the number of containers stays (idle), grows (cargo
gathers) or becomes another (a ship was there); for each state its mean and variance are kept, and
mixed again after every look (the second-order generalized pseudo-Bayesian filter with one Gaussian
a state: Murphy 1998, "Switching Kalman Filters"). Plain floats: six states are too few for arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from cv.events.flow import Change
from cv.events.habits import Habits
from cv.events.rhythm import GATHERING, IN_PORT, STATES, Paths, settled
from cv.events.sight import likelihoods
from cv.events.watch import Watch

Floats = NDArray[np.float64]
Noise = tuple[float, float]
"""Variance of the error of a count where the truth is below it, and where it is above."""
Told = tuple[float, float, float]
"""After a count: mean and variance of the number, and how likely that count was."""

_STRAY = 0.02
"""Share of counts that say nothing of the number."""
_NEVER = 1e-5
"""States less probable than this are not followed."""
_NOTHING_DONE, _IDLE_CALLS = Change(1.0, 0.0, 0.02, 0.0), 0.2
"""What a ship does that comes for other things, and the share of calls that are such."""
_TURN = 6.283185307179586


@dataclass(frozen=True, eq=False)
class Filtered:
    """What was known as of each look; n looks, states as in rhythm.py."""

    states: Floats
    """(n, states) probabilities."""
    level: Floats
    """(n, 2) number of containers, mean and standard deviation."""
    bare: Floats
    """(n - 1, from, to) weights of the ways from look to look without a ship."""
    visits: Floats
    """(n - 1, from, to) those with one; scaled so that states @ (bare + visits) are the next."""


def follow(watch: Watch, habits: Habits, paths: Paths) -> Filtered:
    """`watch` filtered; `paths` are those over its gaps. Needs one look at least."""
    count = len(watch)
    seen = likelihoods(watch).tolist()
    bare_paths, all_paths = paths.bare.tolist(), paths.all.tolist()
    numbers, noises = watch.boxes.tolist(), [tuple(pair) for pair in (watch.boxes_sd**2).tolist()]
    gaps = np.diff(watch.days).tolist()
    states, level = np.zeros((count, STATES)), np.zeros((count, 2))
    bare, visits = np.zeros((count - 1, STATES, STATES)), np.zeros((count - 1, STATES, STATES))
    begin = _told(0.5 * habits.load, habits.load**2, numbers[0], noises[0], habits.load)
    moments = [begin[:2]] * STATES
    start = settled(habits)
    start[list(IN_PORT)] *= seen[0][1] / seen[0][0]
    state = (start / start.sum()).tolist()
    states[0], level[0] = state, _overall(state, moments)
    for step, gap in enumerate(gaps):
        number, noise = numbers[step + 1], noises[step + 1]
        told = _all_ways(state, moments, gap, number, noise, habits)
        sum_up = _Sum(seen[step + 1])
        quiet, other = sum_up.over(state, told, bare_paths[step], all_paths[step])
        scale = sum(sum_up.total)
        if scale <= 0.0:  # nothing explains this look: it says nothing
            told = _all_ways(state, moments, gap, float("nan"), (0.0, 0.0), habits)
            sum_up = _Sum([1.0, 1.0])
            quiet, other = sum_up.over(state, told, bare_paths[step], all_paths[step])
            scale = sum(sum_up.total)
        bare[step], visits[step] = quiet, other
        moments = sum_up.moments(moments)
        state = [total / scale for total in sum_up.total]
        bare[step] /= scale
        visits[step] /= scale
        states[step + 1], level[step + 1] = state, _overall(state, moments)
    return Filtered(states, level, bare, visits)


Ways = tuple[Told | None, Told | None, Told]


def _all_ways(
    state: list[float],
    moments: list[tuple[float, float]],
    gap: float,
    number: float,
    noise: Noise,
    habits: Habits,
) -> list[Ways | None]:
    """Those from every state; None for one that is as good as excluded."""
    return [
        _ways(s, moments[s], gap, number, noise, habits) if share > _NEVER else None
        for s, share in enumerate(state)
    ]


def _ways(
    source: int,
    before: tuple[float, float],
    gap: float,
    number: float,
    noise: Noise,
    habits: Habits,
) -> tuple[Told | None, Told | None, Told]:
    """What the count says if the number stayed, if it grew (both only ashore), became another."""
    mean, variance = before
    load, flow = habits.load, habits.flow
    usual = _told(*flow.usual.after(mean, variance, load), number, noise, load)
    other = _told(*flow.other.after(mean, variance, load), number, noise, load)
    none = _told(*_NOTHING_DONE.after(mean, variance, load), number, noise, load)
    changed = _blend(_blend(usual, other, 0.5), none, 1 - _IDLE_CALLS)
    if source in IN_PORT:
        return None, None, changed
    drift = 0.02 * mean + 0.3
    stayed = _told(mean, variance + drift * drift * gap, number, noise, load)
    cleared = 1.0 - exp(-gap / flow.cleared_d)
    spread = 0.4 * cleared * mean + 1.0
    shrunk = _told((1 - cleared) * mean, variance + spread * spread, number, noise, load)
    lump = load * (0.1 + 0.4 * min(1.0, gap / habits.gather_d))
    some = _told(mean + lump, variance + lump * lump, number, noise, load)
    much = _told(mean + 0.9 * load, variance + 0.36 * load * load, number, noise, load)
    return _blend(stayed, shrunk, 1.0 - cleared), _blend(some, much, 0.6), changed


def _told(mean: float, variance: float, number: float, noise: Noise, load: float) -> Told:
    """After a count of `number` with the variances `noise` below and above; nan: no count."""
    if number != number:
        return mean, variance, 1.0
    off = number - mean
    both = variance + (noise[0] if off > 0 else noise[1])  # the truth is below the count, or above
    near = (1 - _STRAY) * exp(-0.5 * off * off / both) / sqrt(_TURN * both)
    stray = _STRAY / (1.5 * load + number)
    trust, gain = near / (near + stray), variance / both
    moved = gain * off
    after = max(0.0, mean + trust * moved)
    rest = variance * (1 - trust * gain) + trust * (1 - trust) * moved * moved
    return after, rest, near + stray


def _blend(one: Told, other: Told, share: float) -> Told:
    """Two explanations as one; the first was believed with `share` before the count."""
    (m, v, a), (n, w, b) = one, other
    a, b = share * a, (1.0 - share) * b
    p = a / (a + b)
    mean = p * m + (1.0 - p) * n
    return mean, p * (v + m * m) + (1.0 - p) * (w + n * n) - mean * mean, a + b


class _Sum:
    """Adds up all ways from the states at one look to those at the next."""

    def __init__(self, seen: list[float]) -> None:
        self._sight = [seen[1] if s in IN_PORT else seen[0] for s in range(STATES)]
        self.total = [0.0] * STATES
        self._mean = [0.0] * STATES
        self._square = [0.0] * STATES

    def over(
        self,
        state: list[float],
        told: list[Ways | None],
        bare: list[list[float]],
        every: list[list[float]],
    ) -> tuple[list[list[float]], list[list[float]]]:
        """Weights (from, to) of ways without and with a ship, the looks' likelihood included."""
        quiet = [[0.0] * STATES for _ in range(STATES)]
        other = [[0.0] * STATES for _ in range(STATES)]
        for s, ways in enumerate(told):
            if ways is None:
                continue
            stayed, grew, changed = ways
            for to in range(STATES):
                alone, sight = bare[s][to], self._sight[to]
                way = grew if GATHERING in (s, to) else stayed
                if alone > 0.0 and way is not None:
                    quiet[s][to] = weight = alone * way[2] * sight
                    self._add(to, state[s] * weight, way)
                if every[s][to] > alone:
                    other[s][to] = weight = (every[s][to] - alone) * changed[2] * sight
                    self._add(to, state[s] * weight, changed)
        return quiet, other

    def _add(self, to: int, weight: float, told: Told) -> None:
        mean, variance, _ = told
        self.total[to] += weight
        self._mean[to] += weight * mean
        self._square[to] += weight * (variance + mean * mean)

    def moments(self, before: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Mean and variance of each state; as before where no way leads to it."""
        found = []
        for to, total in enumerate(self.total):
            if total <= 0.0:
                found.append(before[to])
                continue
            mean = self._mean[to] / total
            found.append((mean, max(1e-6, self._square[to] / total - mean * mean)))
        return found


def _overall(state: list[float], moments: list[tuple[float, float]]) -> tuple[float, float]:
    """Mean and standard deviation over all states."""
    mean = square = 0.0
    for share, (m, v) in zip(state, moments, strict=True):
        mean += share * m
        square += share * (v + m * m)
    return mean, sqrt(max(0.0, square - mean * mean))
