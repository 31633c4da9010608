"""What may become of the number of containers from one look to the next: eight explanations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.events.model.cargo_flow import CargoChange
from cv.events.model.parameters import PierParameters

Floats = NDArray[np.float64]

STEADY, GROWING, SHIP_HANDLING = slice(0, 2), slice(2, 4), slice(4, 8)
"""Of the explanations: the number stays, or shrinks by land; some cargo gathers, or much; a ship
does the usual, the other, nothing, or what has all left by land again when the next look comes."""
N_COMPONENTS = 8
_DRIFT, _DRIFT_BOXES = 0.02, 0.3
"""Spread of a number that stays, in a day: a share of it, and containers."""
_MUCH = 0.4
"""Share of the growths that come near a whole load."""
_LOTS = 3
"""In so many lots what a ship put ashore leaves by land."""
_NOTHING_DONE, _IDLE_CALLS = CargoChange(1.0, 0.0, 0.02, 0.0), 0.2
"""What a ship does that comes for other things, and the share of calls that are such."""


@dataclass(frozen=True, eq=False)
class Transitions:
    """Every explanation as a linear Gaussian change; each array (gaps, explanations).

    mean -> kept * mean + added, variance -> squared * variance + (loose * mean + spread)^2.
    """

    mean_factor: Floats
    mean_offset: Floats
    variance_factor: Floats
    noise_factor: Floats
    noise_offset: Floats
    weight: Floats
    """How usual each is among its kind, as the slices above have them; sums to one there."""

    @classmethod
    def over(cls, gaps_d: Floats, habits: PierParameters) -> Transitions:
        """Those over gaps (n,) of days."""
        load, flow = habits.load, habits.flow
        one, none = np.ones(len(gaps_d)), np.zeros(len(gaps_d))
        root = np.sqrt(gaps_d)
        cleared = 1.0 - np.exp(-gaps_d / flow.land_clearance_d)
        lump = load * (0.1 + 0.4 * np.minimum(1.0, gaps_d / habits.gathering_d))
        by_land = [
            (one, none, one, _DRIFT * root, _DRIFT_BOXES * root, 1.0 - cleared),
            (1.0 - cleared, none, one, 0.4 * cleared, one, cleared),
            (one, lump, one, none, lump, (1.0 - _MUCH) * one),
            (one, 0.9 * load * one, one, none, 0.6 * load * one, _MUCH * one),
        ]
        works = 1.0 - _IDLE_CALLS
        gone = _all_gone(gaps_d / flow.land_clearance_d, cleared)
        by_ship = [
            tuple(value * one for value in (*change.linear(load), share))
            for change, share in (
                (flow.usual_change, 0.5 * works * (1.0 - gone)),
                (flow.other_change, 0.5 * works * (1.0 - gone)),
                (_NOTHING_DONE, _IDLE_CALLS),
            )
        ]
        by_ship.append((1.0 - cleared, none, one, 0.4 * cleared, one, works * gone))
        return cls(*(np.stack(column, axis=1) for column in zip(*by_land, *by_ship, strict=True)))

    @property
    def linear(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """What is done to mean and variance, in the order above."""
        return self.mean_factor, self.mean_offset, self.variance_factor, self.noise_factor, self.noise_offset


def _all_gone(gaps: Floats, cleared: Floats) -> Floats:
    """(n,) probability that all that a ship put ashore has left by land at the end of a gap.

    The ship may have left at any time of it; `gaps` are in units of a container's mean time, and a
    share `cleared` of containers leaves in one. What is put ashore goes in `_LOTS`, each like one
    container: the mean of (1 - exp(-t))^lots over the gap.
    """
    lots = sum(cleared**lot / lot for lot in range(1, _LOTS + 1))
    return np.asarray(((gaps - lots) / np.maximum(gaps, 1e-9)).clip(0.0, 1.0))
