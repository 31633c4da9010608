"""The loss: cover per cell, TEU of blocks of several sizes with their variance, hulls."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from cv.coarse_training.coarse_network import CoarseOutputs
from cv.coarse_training.coarse_samples import ENLARGEMENT

BLOCKS = ((2, 1.0), (4, 0.7), (8, 0.4), (16, 0.2), (48, 0.06))
"""Sides of the blocks whose TEU are compared, pixels, and the weight of each size."""
_LEAST_TEU = 0.02
"""Added to the TEU of a block, against logarithms of 0."""
_LEAST_VARIANCE = 0.01
"""Of a block, TEU squared."""
_ERROR_WEIGHT, _TEU_WEIGHT, _HULL_WEIGHT = 0.1, 0.3, 0.5


@dataclass(frozen=True, eq=False)
class TargetBatch:
    """Targets of a batch; pairs are ashore, aboard: (n, 2, rows, columns) of cells."""

    cover: torch.Tensor
    """Shares of cells that show container roofs."""
    teu: torch.Tensor
    """TEU."""
    weights: torch.Tensor
    """(n, 2) of the containers of each image."""
    hulls: torch.Tensor
    """(n, 2, rows, columns) shares of hull and core."""
    direction: torch.Tensor
    """(n, 2, rows, columns) cosine and sine of twice the direction, times the share of hull."""


def coarse_loss(out: CoarseOutputs, want: TargetBatch) -> torch.Tensor:
    """Return the loss of a batch."""
    entropy = functional.binary_cross_entropy_with_logits
    weights = want.weights[:, :, None, None]
    cover = entropy(out.cover_logits, want.cover, reduction="none")
    hulls = entropy(out.hull_logits, want.hulls, reduction="none")
    shown = want.hulls[:, :1]
    turn = (out.direction * shown - want.direction) ** 2
    afloat = weights[:, 1:]
    hull_loss = (hulls * afloat).mean() + 0.2 * (turn * afloat).sum() / (
        (shown * afloat).sum() + 50.0
    )
    return (
        3.0 * (cover * weights).mean()
        + _TEU_WEIGHT * teu_loss(out.teu, want.teu, want.weights)
        + _ERROR_WEIGHT * error_loss(out, want)
        + _HULL_WEIGHT * hull_loss
    )


def teu_loss(teu: torch.Tensor, want: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the Poisson deviance of the TEU of blocks, (n, 2, rows, columns) of cells each.

    It is least where the expected TEU are right in the mean, whatever the distribution: sums over
    regions stay unbiased.
    """
    total = teu.new_zeros(())
    for side, share in BLOCKS:
        mean = block_sums(teu, side) + _LEAST_TEU
        truth = block_sums(want, side) + _LEAST_TEU
        deviance = 2 * (mean - truth + truth * torch.log(truth / mean))
        total = total + share * _mean(deviance, weights) / side
    return total


def error_loss(out: CoarseOutputs, want: TargetBatch) -> torch.Tensor:
    """Return the negative log-likelihood of the errors of blocks, for the errors' outputs alone.

    The variance of a block is the sum of those of its cells, and the square of the sum of the
    errors that its cells share.
    """
    teu = out.teu.detach()
    total = teu.new_zeros(())
    for side, share in BLOCKS:
        off = block_sums(teu, side) - block_sums(want.teu, side)
        own = block_sums(out.variance, side)
        shared = block_sums(out.relative_error * teu, side)
        variance = own + shared**2 + _LEAST_VARIANCE
        likelihood = 0.5 * (torch.log(variance) + off**2 / variance)
        total = total + share * _mean(likelihood, want.weights)
    return total


def block_sums(cells: torch.Tensor, side: int) -> torch.Tensor:
    """Return the sums of blocks of `side` pixels; an image smaller than that is one block."""
    most = min(cells.shape[2:]) // ENLARGEMENT
    window = min(side, most) * ENLARGEMENT
    return functional.avg_pool2d(cells, window) * window**2


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (values * weights[:, :, None, None]).mean()
