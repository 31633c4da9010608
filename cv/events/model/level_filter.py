"""The number of containers at each observation, from its count and those before it.

A local level model (Kalman filter). Where containers probably stayed as they were, the counts of a
stack are averaged; where they probably changed, the level starts anew.
"""

from __future__ import annotations

import numpy as np

from cv.events.model.cargo_changes import CargoChanges
from cv.events.model.observations import PierObservations
from cv.geometry.arrays import Float64Array

_CHANGED_SD = 3.0
"""Standard deviation that a change adds, in changes: it forgets what was before."""


def filtered_level(
    observations: PierObservations, changes: CargoChanges, unchanged: Float64Array
) -> Float64Array:
    """Return (n, 2): mean and standard deviation of the number at each observation.

    `unchanged` (m,) is the probability that the containers stayed as they were from one count to
    the next. Between counts the number is that of the last one, before the first that of the first.
    """
    level = np.zeros((len(observations), 2))
    known = np.flatnonzero(np.isfinite(observations.containers))
    if not len(known):
        return level
    variances = (observations.containers_sd[known] ** 2).mean(axis=1)
    counts = observations.containers[known]
    errors = np.maximum(changes.sd**2 - variances[1:] - variances[:-1], 0.0)
    steps = errors + (1.0 - unchanged) * (_CHANGED_SD * np.abs(changes.change)) ** 2
    mean, variance = float(counts[0]), float(variances[0])
    rows = [(mean, variance)]
    for count, error, step in zip(
        counts[1:].tolist(), variances[1:].tolist(), steps.tolist(), strict=True
    ):
        variance += step
        gain = variance / (variance + error)
        mean += gain * (count - mean)
        variance *= 1.0 - gain
        rows.append((mean, variance))
    position = (np.searchsorted(known, np.arange(len(observations)), "right") - 1).clip(0)
    values = np.array(rows)[position]
    return np.stack([values[:, 0], np.sqrt(values[:, 1])], axis=1)
