"""A map of an image's fitness, patch by patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.geometry.arrays import BoolArray, Float32Array, Indices
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason

_FINEST_SHARE = 50.0
"""Percentile of the fit patches that stands for an image."""


@dataclass(frozen=True, eq=False)
class FitnessMap:
    """What would be found in each square patch of an image if it stood there.

    Patch (row, column) covers the pixels from `row * patch_px` and `column * patch_px` on; the last
    ones reach beyond the image where its sides are no multiples of `patch_px`.
    """

    container_recall: Float32Array
    """(rows, columns) share of the containers that the detector would find, of those that it finds
    in a sharp image in clear air; 0..1."""
    hull_recall: Float32Array
    """(rows, columns) the same for hulls."""
    effective_gsd_m: Float32Array
    """(rows, columns) GSD of a sharp image with the detail that is there, metres; of no meaning
    where nothing can be seen."""
    reason_probability: Float32Array
    """(reasons, rows, columns) probability of each of REASONS."""
    patch_px: int
    """Side of a patch, pixels of the working GSD."""
    min_recall: float
    """Recall below which a patch is unfit."""

    @property
    def containers_fit(self) -> BoolArray:
        """Where (rows, columns) containers would be seen."""
        return np.asarray(self.container_recall >= self.min_recall)

    @property
    def hulls_fit(self) -> BoolArray:
        """Where (rows, columns) hulls would be seen."""
        return np.asarray(self.hull_recall >= self.min_recall)

    @property
    def reason(self) -> Indices:
        """Index (rows, columns) in REASONS: what ails each patch where containers are not seen.

        It is that of CLEAR where they are.
        """
        clear = REASONS.index(FitnessReason.CLEAR)
        ailments = self.reason_probability.copy()
        ailments[clear] = -1
        worst = ailments.argmax(axis=0)
        return np.where(self.containers_fit, clear, worst).astype(np.int64)

    def main_reason(self, where: BoolArray | None = None) -> FitnessReason:
        """Return the most frequent reason of the unfit patches `where` (rows, columns; or all).

        CLEAR if all of them are fit.
        """
        clear = REASONS.index(FitnessReason.CLEAR)
        chosen = self.reason if where is None else self.reason[where]
        counts = np.bincount(chosen.ravel(), minlength=len(REASONS))
        counts[clear] = 0
        return REASONS[int(counts.argmax())] if counts.any() else FitnessReason.CLEAR

    @property
    def image_gsd_m(self) -> float:
        """Effective GSD of the image as a whole, the median of its fit patches, metres.

        NaN if no patch is fit.
        """
        fit = self.effective_gsd_m[self.containers_fit]
        return float(np.percentile(fit, _FINEST_SHARE)) if fit.size else float("nan")
