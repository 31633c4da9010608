"""Fit the coarse network to a mixture of samples; a run can be stopped and resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from cv.coarse_training.coarse_loss import TargetBatch, coarse_loss
from cv.coarse_training.coarse_mixture import CoarseMixture
from cv.coarse_training.coarse_network import CoarseNetwork
from cv.coarse_training.coarse_samples import CoarseSample
from cv.rendering.materials import Rng
from cv.training.resumable_fit import FittingSettings, ResumableFit

_FRESH_SHARE, _RECENT = 0.5, 200
"""New samples of a step, and how many drawn ones the others are taken from, turned anew: a sample
costs more to draw than to learn from."""


@dataclass
class _Band:
    """Samples of one size and a range of GSDs; a batch is of one band."""

    share: float
    gsd_m: tuple[float, float]
    size: int
    """Pixels."""
    batch: float
    """Samples of a batch, in units of the setting."""
    recent: list[CoarseSample] = field(default_factory=list)


def _bands() -> list[_Band]:
    return [_Band(0.75, (2.7, 5.8), 96, 1.0), _Band(0.25, (5.0, 10.0), 56, 2.0)]


def fit_coarse_network(
    mixture: CoarseMixture, settings: FittingSettings, state_path: Path
) -> CoarseNetwork:
    """Return the moving average of the weights after the last epoch.

    The state is written to `state_path` after each epoch; where it exists, the fit goes on from it
    and ends with the same weights.
    """
    torch.manual_seed(settings.seed)
    network = CoarseNetwork().to(memory_format=torch.channels_last)
    fit = ResumableFit(network, settings)
    for epoch in range(fit.restore(state_path), settings.epochs):
        rng = np.random.default_rng([settings.seed, epoch])
        losses: list[float] = []
        bands = _bands()
        fit.network.train()
        for step in range(settings.steps):
            band = bands[int(rng.choice(len(bands), p=[band.share for band in bands]))]
            drawn = _batch(mixture, band, round(settings.batch * band.batch), rng)
            loss = batch_loss(fit.network, drawn)
            fit.step(loss, (epoch + step / settings.steps) / settings.epochs)
            losses.append(loss.item())
        fit.store(state_path, epoch + 1)
        print(f"epoch {epoch + 1} of {settings.epochs}: loss {np.mean(losses):.4f}", flush=True)
    return fit.averaged


def batch_loss(network: CoarseNetwork, drawn: Sequence[CoarseSample]) -> torch.Tensor:
    """Return the loss of samples of one size."""
    pixels = torch.from_numpy(np.stack([one.image for one in drawn])).permute(0, 3, 1, 2)
    gsd_m = torch.tensor([one.gsd_m for one in drawn], dtype=torch.float32)
    return coarse_loss(network(pixels, gsd_m), target_batch(drawn))


def target_batch(drawn: Sequence[CoarseSample]) -> TargetBatch:
    """Return the targets of samples of one size."""

    def pair(first: str, second: str) -> torch.Tensor:
        parts = [
            np.stack([getattr(one.targets, first), getattr(one.targets, second)]) for one in drawn
        ]
        return torch.from_numpy(np.stack(parts))

    weights = [(one.ashore_weight, one.afloat_weight) for one in drawn]
    return TargetBatch(
        cover=pair("cover_ashore", "cover_aboard").clamp(0, 1),
        teu=pair("teu_ashore", "teu_aboard"),
        weights=torch.tensor(weights, dtype=torch.float32),
        hulls=pair("hull", "core").clamp(0, 1),
        direction=pair("cos", "sin"),
    )


def _batch(mixture: CoarseMixture, band: _Band, size: int, rng: Rng) -> list[CoarseSample]:
    """Draw a batch, in part from the recent samples, which keep what is new; each turned anew."""
    fresh = round(size * _FRESH_SHARE) if len(band.recent) >= 2 * size else size
    drawn = mixture.draw(band.size, band.gsd_m, fresh, rng)
    again = [band.recent[int(rng.integers(len(band.recent)))] for _ in range(size - fresh)]
    for sample in drawn:
        if len(band.recent) < _RECENT:
            band.recent.append(sample)
        else:
            band.recent[int(rng.integers(_RECENT))] = sample
    return [one.turned(int(rng.integers(4)), bool(rng.integers(2))) for one in drawn + again]
