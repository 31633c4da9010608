"""Recall as a function of what was done to an image: kind of degradation and severity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from cv.geometry.arrays import Float64Array
from cv.image_fitness_training.fitness_samples import FitnessSample

_BINS = 12
_FEWEST = 40
"""Trials of a kind that give it a curve of its own."""


@dataclass(frozen=True, eq=False)
class RecallCurve:
    """Recall that falls with severity."""

    severity: Float64Array
    """(n,) ascending."""
    recall: Float64Array
    """(n,) 0..1, falling."""

    @classmethod
    def fitted(
        cls, severity: Float64Array, recall: Float64Array, weight: Float64Array | None = None
    ) -> RecallCurve:
        """Fit the means of equal shares of the trials, made monotone by pooling neighbours.

        Args:
            severity: (n,) of the trials.
            recall: (n,) of the trials, 0..1.
            weight: (n,) objects of each trial, by default one.
        """
        weights = np.ones(len(severity)) if weight is None else weight
        order = np.argsort(severity, kind="stable")
        parts = np.array_split(order, min(_BINS, max(1, len(order) // 8)))
        x = [float(np.average(severity[part], weights=weights[part])) for part in parts]
        y = [float(np.average(recall[part], weights=weights[part])) for part in parts]
        totals = [weights[part].sum() for part in parts]
        return cls(np.array(x), isotonic_regression(y, weights=totals, increasing=False).x)

    def at(self, severity: Float64Array) -> Float64Array:
        """Return the recall at each severity."""
        return np.interp(severity, self.severity, self.recall)


def recall_curve_for(
    curves: Mapping[str, RecallCurve], kinds: str, reason: int
) -> RecallCurve | None:
    """Return the curve of `kinds`; else that of a reason (index in REASONS), if any."""
    return curves.get(kinds) or curves.get(f"reason {reason}")


def container_curves(samples: Iterable[FitnessSample]) -> dict[str, RecallCurve]:
    """Return the curves of containers by "kinds" and, for those with few trials, by "reason N"."""
    groups: dict[str, list[tuple[float, float, float]]] = {}
    for sample in samples:
        if sample.kinds.startswith(("no scene", "coarse")):
            continue
        severity = sample.severity
        for y, x in np.argwhere(sample.used & (sample.expected > 0)).tolist():
            expected = float(sample.expected[y, x])
            trial = (float(severity[y, x]), float(sample.found[y, x]) / expected, expected)
            for key in (sample.kinds, f"reason {sample.reason[y, x]}"):
                groups.setdefault(key, []).append(trial)
    curves = {}
    for key, trials in groups.items():
        if len(trials) >= _FEWEST:
            severities, recalls, weights = np.array(trials).T
            curves[key] = RecallCurve.fitted(severities, recalls, weights)
    return curves
