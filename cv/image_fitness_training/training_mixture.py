"""The mixture that a fit sees: samples with a detector's truth, curves' targets, and no scenes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from cv.image_fitness_training.curve_targets import (
    TrainingImage,
    coarse_ground,
    degraded_ground,
    non_scene,
)
from cv.image_fitness_training.fitness_samples import FitnessSample
from cv.image_fitness_training.ground_images import GroundPool
from cv.image_fitness_training.image_sources import ImageSources
from cv.image_fitness_training.recall_curves import RecallCurve, container_curves
from cv.image_fitness_training.scene_pairs import CELLS
from cv.image_fitness_training.training_targets import patch_targets
from cv.rendering.materials import Rng

_NO_SCENES, _COARSE, _DETECTED = 0.18, 0.04, 0.33
"""Shares of pictures that are no scenes, of coarse images, of samples with a detector's truth."""


@dataclass(frozen=True, eq=False)
class TrainingMixture:
    """Where images and their targets are drawn from."""

    samples: tuple[Path, ...]
    """Files of samples with a detector's truth."""
    pool: GroundPool
    containers: Mapping[str, RecallCurve]
    """Recall of containers, by kind of degradation."""
    hulls: Mapping[str, RecallCurve]
    """Recall of hulls, by kind of degradation."""

    @classmethod
    def collect(
        cls, samples: Sequence[Path], sources: ImageSources, hulls: Mapping[str, RecallCurve]
    ) -> TrainingMixture:
        """Fit the curves of containers to the samples and collect the grounds."""
        overhead: list[Path] = []
        clear: list[FitnessSample] = []

        def read() -> Iterator[FitnessSample]:
            for path in tqdm(samples, desc="samples", disable=None, leave=False):
                sample = FitnessSample.load(path)
                if sample.kinds == "clear":
                    clear.append(sample)
                if not sample.kinds.startswith("no scene"):
                    overhead.append(path)
                yield sample

        curves = container_curves(read())
        pool = GroundPool.collect(clear, sources)
        return cls(tuple(overhead), pool, curves, hulls)

    def draw(self, cells: int, rng: Rng) -> TrainingImage:
        """Return an image of `cells` x `cells` patches with its targets."""
        pick = rng.random()
        if pick < _NO_SCENES:
            return non_scene(cells, rng)
        if pick < _NO_SCENES + _COARSE and self.pool.coarse:
            return coarse_ground(self.pool, cells, rng)
        if self.samples and pick < _NO_SCENES + _COARSE + _DETECTED:
            return self._detected(cells, rng)
        return degraded_ground(self.pool, self.containers, self.hulls, cells, rng)

    def _detected(self, cells: int, rng: Rng) -> TrainingImage:
        path = self.samples[int(rng.integers(len(self.samples)))]
        top, left = (int(start) for start in rng.integers(CELLS - cells + 1, size=2))
        sample = FitnessSample.load(path).cropped(top, left, cells)
        targets = patch_targets(sample, self.hulls)
        return TrainingImage(sample.image, targets, sample.kinds == "clear")
