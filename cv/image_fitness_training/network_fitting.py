"""Fit the fitness network to a mixture of images; a run can be stopped and resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from cv.image_fitness_training.curve_targets import TrainingImage
from cv.image_fitness_training.fitness_network import (
    FitnessNetwork,
    normalise_pixels,
    split_outputs,
)
from cv.image_fitness_training.training_mixture import TrainingMixture
from cv.image_fitness_training.training_targets import PatchTargets
from cv.training.resumable_fit import FittingSettings as FittingSettings
from cv.training.resumable_fit import ResumableFit

_FRESH, _RECENT = 5, 400
"""New images of a step, and how many drawn ones the others are taken from, turned anew: an image
costs more to draw than to learn from."""
_CELLS = 5
"""Side of the images that a step sees, patches."""
_CLEAR_WEIGHT = np.float32(2.5)
"""Clear images weigh more, since most images are clear: where nothing shows whether an image is
degraded, as on plain water, it is taken for clear."""


def fit_network(
    mixture: TrainingMixture, settings: FittingSettings, state_path: Path
) -> FitnessNetwork:
    """Return the moving average of the weights after the last epoch.

    The state is written to `state_path` after each epoch; where it exists, the fit goes on from it
    and ends with the same weights.
    """
    torch.manual_seed(settings.seed)
    fit = ResumableFit(FitnessNetwork(), settings)
    for epoch in range(fit.restore(state_path), settings.epochs):
        rng = np.random.default_rng([settings.seed, epoch])
        losses: list[float] = []
        recent: list[TrainingImage] = []
        fit.network.train()
        for step in range(settings.steps):
            loss = _loss(fit.network, _batch(mixture, recent, settings.batch, rng), rng)
            fit.step(loss, (epoch + step / settings.steps) / settings.epochs)
            losses.append(loss.item())
        fit.store(state_path, epoch + 1)
        print(f"epoch {epoch + 1} of {settings.epochs}: loss {np.mean(losses):.4f}", flush=True)
    return fit.averaged


def _batch(
    mixture: TrainingMixture, recent: list[TrainingImage], size: int, rng: np.random.Generator
) -> list[TrainingImage]:
    """Draw a batch, in part from `recent`, which keeps what is new."""
    fresh = size if len(recent) < _RECENT else min(size, _FRESH)
    again = [recent[int(rng.integers(len(recent)))] for _ in range(size - fresh)]
    drawn = [mixture.draw(_CELLS, rng) for _ in range(fresh)]
    for taught in drawn:
        if len(recent) < _RECENT:
            recent.append(taught)
        else:
            recent[int(rng.integers(_RECENT))] = taught
    return drawn + again


def _loss(
    network: FitnessNetwork, drawn: Sequence[TrainingImage], rng: np.random.Generator
) -> torch.Tensor:
    images, targets = [], []
    for taught in drawn:
        quarters, mirror = int(rng.integers(4)), bool(rng.integers(2))
        images.append(_turned(np.moveaxis(taught.image, 2, 0), quarters, mirror).transpose(1, 2, 0))
        weight = _CLEAR_WEIGHT if taught.clear else np.float32(1)
        answer = replace(
            taught.targets,
            containers_weight=taught.targets.containers_weight * weight,
            hulls_weight=taught.targets.hulls_weight * weight,
        )
        targets.append({k: _turned(v, quarters, mirror) for k, v in vars(answer).items()})
    batch = {name: torch.from_numpy(np.stack([t[name] for t in targets])) for name in targets[0]}
    answer = PatchTargets(**{name: value.numpy() for name, value in batch.items()})
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)  # channels last in memory
    # in full precision: contrast can be a level or two
    first = network.stem(normalise_pixels(pixels))
    with torch.autocast("cpu", torch.bfloat16):
        raw = network.answer(first)
    return fitness_loss(raw.float(), answer)


def fitness_loss(raw: torch.Tensor, targets: PatchTargets) -> torch.Tensor:
    """Return the loss of raw outputs (n, OUTPUTS, rows, columns) for batched targets."""
    out = split_outputs(raw)
    want = {name: torch.from_numpy(value) for name, value in vars(targets).items()}
    entropy = functional.binary_cross_entropy_with_logits
    containers = entropy(out.containers, want["containers"], reduction="none")
    hulls = entropy(out.hulls, want["hulls"], reduction="none")
    gsd = functional.smooth_l1_loss(out.log2_gsd, want["log2_gsd"], reduction="none", beta=0.3)
    reasons = -(want["reasons"] * torch.log_softmax(out.reasons, 1)).sum(1)
    return (
        _mean(containers, want["containers_weight"])
        + 0.3 * _mean(hulls, want["hulls_weight"])
        + 0.3 * _mean(gsd, want["gsd_weight"])
        + 0.3 * _mean(reasons, want["reasons_weight"])
    )


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1.0)


def _turned(array: np.ndarray, quarters: int, mirror: bool) -> np.ndarray:
    """Turn the last two axes by quarters, mirrored or not."""
    turned = np.rot90(array, quarters, (-2, -1))
    return turned[..., ::-1] if mirror else turned
