"""Labelled samples: degraded images, and the share of containers found in each patch."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from cv.detector.model_zoo import released_model
from cv.detector.onnx_model import OnnxModel
from cv.geometry.arrays import BoolArray, Float32Array, Float64Array
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.image_fitness_training import scene_pairs
from cv.image_fitness_training.degradation_kinds import DegradedImage, Effects
from cv.image_fitness_training.detector_recall import found_objects
from cv.image_fitness_training.image_sources import ImageSources
from cv.image_fitness_training.random_degradations import degrade_image, draw_degradation_kinds
from cv.image_fitness_training.scene_pairs import CELL, CELLS, ScenePair, Sprite
from cv.io.atomic_files import write_atomically
from cv.rendering.canvas import Points
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.synthetic.chip_renderer import CHIP, FINE_GSD
from cv.synthetic.degradations import compress, effective_gsd, gaussian_blur
from cv.synthetic.non_scenes import NON_SCENES

DRAWS = 4
"""Degradations of each place."""
REACH_PX = 6.0
"""Greatest distance of a detection from a container's centre, pixels of 0.25 m."""
_MAX_NODATA = 0.2
"""Patches with a larger share of nodata are not learned from."""
_SPRITE_SEEDS = range(77_000_000, 77_000_024)


@dataclass(frozen=True, eq=False)
class FitnessSample:
    """A degraded image and what is known of its patches."""

    image: Bytes
    """(640, 640, 3) RGB."""
    kinds: str
    """Kinds of degradation, joined by "+"; "no scene: NAME" or "coarse: GSD" for others."""
    expected: NDArray[np.int16]
    """(8, 8) containers that a sharp, clear image shows."""
    found: NDArray[np.int16]
    """(8, 8) those of them that are found in the degraded image."""
    reason: NDArray[np.int8]
    """(8, 8) index of the strongest effect in REASONS."""
    strength: Float32Array
    """(8, 8) mean strength of that effect."""
    detail_m: float
    """Effective GSD, metres; NaN if unknown."""
    used: BoolArray
    """(8, 8) whether the patch is learned from."""

    @property
    def severity(self) -> Float64Array:
        """(8, 8) the strength of the effect; the effective GSD (metres) where it is BLURRED."""
        blurred = self.reason == REASONS.index(FitnessReason.BLURRED)
        return np.where(blurred, self.detail_m, self.strength).astype(np.float64)

    def cropped(self, top: int, left: int, side: int) -> FitnessSample:
        """Return the `side` x `side` patches from row `top` and column `left` on."""
        window = slice(top, top + side), slice(left, left + side)
        pixels = tuple(slice(part.start * CELL, part.stop * CELL) for part in window)
        return replace(
            self,
            image=self.image[pixels],
            expected=self.expected[window],
            found=self.found[window],
            reason=self.reason[window],
            strength=self.strength[window],
            used=self.used[window],
        )

    def save(self, path: Path) -> None:
        """Write the sample as an .npz file."""
        buffer = io.BytesIO()
        np.savez(buffer, **vars(self))
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> FitnessSample:
        """Read a sample that `save` wrote."""
        with np.load(path) as record:
            values = {name: record[name] for name in cls.__annotations__}
        return cls(
            **{**values, "kinds": str(values["kinds"]), "detail_m": float(values["detail_m"])}
        )


def write_samples(
    folder: Path, sources: ImageSources, first: int, last: int, held_back: bool = False
) -> None:
    """Write the samples of the places `first` to `last` - 1 into `folder`; existing ones are kept.

    `held_back` takes the images of land use that are kept for judging.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = {
        number: [folder / f"{number:06d}_{draw}.npz" for draw in range(DRAWS)]
        for number in range(first, last)
    }
    missing = [n for n, paths in places.items() if not all(path.exists() for path in paths)]
    if not missing:
        return
    cv2.setNumThreads(1)
    model = OnnxModel.load(released_model("pierwatch-n"))
    sprites = [sprite for seed in _SPRITE_SEEDS for sprite in scene_pairs.cut_sprites(seed)]
    for number in tqdm(missing, desc="places", disable=None, leave=False):
        rng = np.random.default_rng([number, int(held_back)])
        samples = _samples(number, rng, sources, model, sprites, held_back)
        for path, sample in zip(places[number], samples, strict=True):
            sample.save(path)


def _samples(
    number: int,
    rng: Rng,
    sources: ImageSources,
    model: OnnxModel,
    sprites: list[Sprite],
    held_back: bool,
) -> list[FitnessSample]:
    """Return the samples of one place."""
    pick = rng.random()
    if pick < 0.15:
        return [_no_scene(rng) for _ in range(DRAWS)]
    if pick < 0.18 and sources.coarse:
        return [_coarse(rng, sources) for _ in range(DRAWS)]
    if pick < 0.32 and sources.coarse:
        gsd = float(rng.uniform(0.35, 0.95))
        file, _ = sources.coarse[int(rng.integers(len(sources.coarse)))]
        ground = scene_pairs.coarse_image(file, gsd, rng)
        pair = scene_pairs.pasted_pair(ground, sprites, rng, gsd)
        pair = scene_pairs.as_delivered(pair, gsd, rng)
    elif pick < 0.50 and sources.negatives:
        files = sources.held_back if held_back else sources.negatives
        kinds = sorted({file.parent for file in files})
        chosen = kinds[int(rng.integers(len(kinds)))]
        ground = scene_pairs.negative_ground([file for file in files if file.parent == chosen], rng)
        pair = scene_pairs.pasted_pair(ground, sprites, rng, scene_pairs.NEGATIVE_GSD * 1.15)
        if rng.random() < 0.65:
            pair = scene_pairs.as_delivered(pair, float(rng.uniform(0.25, 0.95)), rng)
    elif pick < 0.55 and sources.orthophotos:
        file = sources.orthophotos[int(rng.integers(len(sources.orthophotos)))]
        pair = scene_pairs.pasted_pair(
            scene_pairs.photographed_ground(file, rng), sprites, rng, FINE_GSD
        )
        if rng.random() < 0.65:
            pair = scene_pairs.as_delivered(pair, float(rng.uniform(0.25, 0.95)), rng)
    elif pick < 0.60:
        gsd = float(rng.uniform(0.25, 0.95))
        pair = scene_pairs.pasted_pair(scene_pairs.rough_water_ground(rng), sprites, rng, gsd)
        pair = scene_pairs.as_delivered(pair, gsd, rng)
    else:
        pair = scene_pairs.rendered_pair(88_000_000 + number + 5_000_000 * int(held_back))
        if rng.random() < 0.1:
            pair = scene_pairs.as_drone_image(pair, rng)
    hit = found_objects(model, pair.reference, pair.corners, "container", REACH_PX)
    corners = pair.corners[hit]
    return [_degraded(pair, corners, rng, model) for _ in range(DRAWS)]


def _degraded(pair: ScenePair, corners: Points, rng: Rng, model: OnnxModel) -> FitnessSample:
    """Return one degradation of a place, with or without its containers."""
    kinds, seed = draw_degradation_kinds(rng), int(rng.integers(2**31))
    occupied = degrade_image(pair.occupied, kinds, seed, FINE_GSD)
    found = found_objects(model, occupied.image, corners, "container", REACH_PX)
    shown = occupied
    if rng.random() < 0.62:
        shown = degrade_image(pair.bare, kinds, seed, FINE_GSD, occupied.limits)
    reason, strength = _by_patch(occupied.effects)
    image, used = _with_nodata(shown, rng)
    return FitnessSample(
        image=image,
        kinds="+".join(kinds),
        expected=_counts(corners),
        found=_counts(corners[found]),
        reason=reason,
        strength=strength,
        detail_m=effective_gsd(pair.detail_m, shown.blur_sigma_m),
        used=used,
    )


def _no_scene(rng: Rng) -> FitnessSample:
    """Return a picture that is no scene, often blurred or compressed."""
    names = list(NON_SCENES)
    name = names[int(rng.integers(len(names)))]
    scale = float(rng.choice([1.0, 1.0, 0.5, 2.0]))
    image = NON_SCENES[name](rng, round(CHIP * scale))
    image = np.asarray(cv2.resize(image, (CHIP, CHIP), interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.3:
        image = gaussian_blur(image, float(rng.uniform(0.1, 0.8)), FINE_GSD)
    if rng.random() < 0.4:
        image = compress(image, int(rng.integers(30, 95)))
    return _unfit(image, f"no scene: {name}", FitnessReason.NOT_OVERHEAD, np.nan)


def _coarse(rng: Rng, sources: ImageSources) -> FitnessSample:
    """Return a true coarse image that was delivered on a fine grid."""
    file, gsd = sources.coarse[int(rng.integers(len(sources.coarse)))]
    image = scene_pairs.coarse_image(file, gsd, rng)
    return _unfit(image, f"coarse: {gsd:g}", FitnessReason.BLURRED, gsd)


def _unfit(image: Bytes, kinds: str, reason: FitnessReason, detail_m: float) -> FitnessSample:
    grid = (CELLS, CELLS)
    return FitnessSample(
        image=np.ascontiguousarray(image),
        kinds=kinds,
        expected=np.ones(grid, np.int16),
        found=np.zeros(grid, np.int16),
        reason=np.full(grid, REASONS.index(reason), np.int8),
        strength=np.ones(grid, np.float32),
        detail_m=detail_m,
        used=np.ones(grid, bool),
    )


def _by_patch(effects: Effects) -> tuple[NDArray[np.int8], Float32Array]:
    """Return index and mean strength (8, 8) of the strongest effect in each patch."""
    reason = np.zeros((CELLS, CELLS), np.int8)
    strength = np.zeros((CELLS, CELLS), np.float32)
    for name, value in effects.items():
        whole = np.broadcast_to(np.asarray(value, np.float32), (CHIP, CHIP))
        mean = whole.reshape(CELLS, CELL, CELLS, CELL).mean((1, 3))
        stronger = mean > strength
        reason[stronger] = REASONS.index(name)
        strength[stronger] = mean[stronger]
    return reason, strength


def _with_nodata(shown: DegradedImage, rng: Rng) -> tuple[Bytes, BoolArray]:
    """Blacken one side of some images; return the image and which patches are still seen."""
    image = shown.image
    if rng.random() >= 0.08:
        return image, np.ones((CELLS, CELLS), bool)
    turn = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:CHIP, 0:CHIP] - CHIP / 2
    beyond = x * np.cos(turn) + y * np.sin(turn) > rng.uniform(-0.2, 0.4) * CHIP
    image = image.copy()
    image[beyond] = 0
    share = beyond.reshape(CELLS, CELL, CELLS, CELL).mean((1, 3))
    return image, share <= _MAX_NODATA


def _counts(corners: Points) -> NDArray[np.int16]:
    """Return the number (8, 8) of boxes whose centre lies in each patch."""
    counts = np.zeros((CELLS, CELLS), np.int16)
    if len(corners):
        x, y = np.clip(corners.mean(1) // CELL, 0, CELLS - 1).astype(int).T
        np.add.at(counts, (y, x), 1)
    return counts
