"""The story that all looks at a pier tell together: who was there when, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np
from numpy.typing import NDArray

from cv.events.event import Size
from cv.events.follow import Filtered, follow
from cv.events.habits import Habits
from cv.events.rhythm import ASHORE, IN_PORT, STATES, Paths, Tie, arrival_chances
from cv.events.watch import Watch

Floats = NDArray[np.float64]

AHEAD_D = (1.0, 3.0, 7.0)
"""For so many days ahead an arrival is forecast."""
_ASHORE = np.isin(np.arange(STATES), ASHORE).astype(float)
_TOGETHER = 16
"""So many piers are followed side by side: more need much memory and save little time."""


@dataclass(frozen=True, eq=False)
class Story:
    """What probably happened; n looks, n - 1 gaps between them, states as in rhythm.py."""

    watch: Watch
    habits: Habits
    then: Floats
    """(n, states): what was known of the state as of each look."""
    now: Floats
    """(n, states): what all looks together say of it."""
    visited: Floats
    """(n - 1,): probability that a ship was there at some time from one look to the next."""
    arrived: Floats
    """(n - 1,): probability that a ship arrived in the gap."""
    level: Floats
    """(n, 2): number of containers as of each look, mean and standard deviation."""
    forecast: Floats
    """(n, 3): probability, as of each look, that a ship arrives within 1, 3, 7 days."""
    bare: Floats
    """(n - 1, from, to): weights of the ways without a ship."""
    later: Floats
    """(n, states): likelihood of all later looks given the state; then * later sums to one."""

    @classmethod
    def of(cls, watch: Watch, habits: Habits | None = None, tie: Tie | None = None) -> Story:
        """The story that the looks of `watch` tell, one at least; other piers speak by a `tie`."""
        return told([Teller(watch, habits or Habits.of(watch), tie)])[0]

    @cached_property
    def in_port(self) -> Floats:
        """(n,) probability that a ship is there at each look."""
        return np.asarray(self.now[:, IN_PORT].sum(axis=1))

    @property
    def left(self) -> Floats:
        """(n - 1,) number of ships that left in each gap, on average."""
        return np.asarray((self.in_port[:-1] + self.arrived - self.in_port[1:]).clip(0.0))

    def change(self, before: int, after: int) -> Size:
        """By how much the number of containers changed from one look to another."""
        (m, s), (n, t) = self.level[before].tolist(), self.level[after].tolist()
        return Size.about(n - m, hypot(s, t), "containers")

    def quiet(self, first: int, last: int) -> float:
        """Probability that no ship came from look `first` to look `last`, given none at `first`."""
        every = float(self.now[first, ASHORE].sum())
        return min(1.0, self.absent(first, last) / every) if every > 0 else 0.0

    def absent(self, first: int, last: int) -> float:
        """Probability that no ship was there at any time from look `first` to look `last`."""
        reached = self.then[first] * _ASHORE
        for gap in range(first, last):
            reached = reached @ self.bare[gap]
        return min(1.0, float(reached @ self.later[last]))

    def absences(self, reach: int) -> Floats:
        """(n - reach,) that probability from every look to the one `reach` looks later."""
        many = len(self.watch) - reach
        reached = self.then[:many, None, :] * _ASHORE
        for gap in range(reach):
            reached = reached @ self.bare[gap : gap + many]
        return np.asarray((reached[:, 0] * self.later[reach:]).sum(axis=1).clip(0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Teller:
    """What a story is told from."""

    watch: Watch
    """The looks, one at least."""
    habits: Habits
    tie: Tie | None = None
    """What other piers say."""


def told(tellers: Sequence[Teller]) -> list[Story]:
    """The story of each."""
    found: list[Story] = []
    for first in range(0, len(tellers), _TOGETHER):
        some = tellers[first : first + _TOGETHER]
        paths = [Paths.over(np.diff(one.watch.days), one.habits, one.tie) for one in some]
        known = follow([one.watch for one in some], [one.habits for one in some], paths)
        found += [_story(*one) for one in zip(some, paths, known, strict=True)]
    return found


def _story(teller: Teller, paths: Paths, known: Filtered) -> Story:
    later = _later(known.bare + known.visits)
    visited, arrived = _gaps(known.states, later, known.visits, paths)
    chances = arrival_chances(teller.habits, AHEAD_D)
    return Story(
        teller.watch,
        teller.habits,
        known.states,
        known.states * later,
        visited,
        arrived,
        known.level,
        known.states @ chances,
        known.bare,
        later,
    )


def _later(ways: Floats) -> Floats:
    """(n, states): likelihood of all later looks given the state."""
    later = np.ones((len(ways) + 1, STATES))
    for look in range(len(ways) - 1, -1, -1):
        later[look] = ways[look] @ later[look + 1]
    return later


def _gaps(then: Floats, later: Floats, visits: Floats, paths: Paths) -> tuple[Floats, Floats]:
    """(n - 1,) each: probability of a ship's presence, and of an arrival, in every gap."""
    there = then[:-1, :, None] * visits * later[1:, None, :]
    fresh = (paths.all - paths.same) / (paths.all - paths.bare).clip(1e-300)
    arrived = (there * fresh.clip(0.0, 1.0)).sum(axis=(1, 2))
    return there.sum(axis=(1, 2)).clip(0.0, 1.0), arrived.clip(0.0, 1.0)
