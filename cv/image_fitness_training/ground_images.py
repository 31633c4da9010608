"""Clear grounds for degradations: scenes, land use, and plain surfaces of any colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from tqdm import tqdm

from cv.image_fitness_training import scene_pairs
from cv.image_fitness_training.fitness_samples import FitnessSample
from cv.image_fitness_training.image_sources import ImageSources
from cv.rendering.materials import Rng
from cv.rendering.noise import noise_field
from cv.rendering.renderer import Bytes
from cv.synthetic.chip_renderer import FINE_GSD

_CUTS = 160
"""Cuts that are taken from the large images of each kind."""
_MAX_FILL = 0.01
"""Greatest share of black fill in a ground."""
_DARKEST = 12.0
"""Least mean level of a clear product."""
_FINEST_LAND_USE = scene_pairs.NEGATIVE_GSD * 1.15
_SURFACES = (
    ((0.03, 0.055, 0.045), (0.20, 0.34, 0.26), 5),  # dark to green water
    ((0.03, 0.05, 0.06), (0.22, 0.36, 0.45), 4),  # dark to blue water
    ((0.20, 0.20, 0.14), (0.50, 0.44, 0.33), 2),  # muddy water, soil
    ((0.12, 0.12, 0.12), (0.42, 0.42, 0.43), 3),  # asphalt, dark roofs
    ((0.40, 0.38, 0.35), (0.74, 0.72, 0.68), 3),  # concrete, gravel, roofs
    ((0.52, 0.44, 0.32), (0.86, 0.78, 0.62), 2),  # sand
    ((0.14, 0.18, 0.07), (0.42, 0.46, 0.26), 2),  # grass and crops
    ((0.30, 0.12, 0.10), (0.62, 0.34, 0.26), 1),  # tiles, tennis courts
)
"""Darkest and brightest colour (RGB, 0..1) of plain surfaces, and how frequent they are."""


@dataclass(frozen=True, eq=False)
class Ground:
    """A clear image of ground, with or without containers."""

    image: Bytes
    """(rows, columns, 3) RGB."""
    detail_m: float
    """Effective GSD, metres."""


@dataclass(frozen=True, eq=False)
class GroundPool:
    """Clear grounds by kind; those of one kind are equally likely."""

    scenes: tuple[Ground, ...]
    """Clear samples."""
    land_use: tuple[Ground, ...] = ()
    """Land use without containers."""
    photos: tuple[Ground, ...] = ()
    """Orthophotos."""
    miniatures: tuple[Ground, ...] = ()
    """Coarse images as if they were fine ones."""
    coarse: tuple[Ground, ...] = ()
    """Coarse images on a fine grid."""

    @classmethod
    def collect(cls, samples: Iterable[FitnessSample], sources: ImageSources) -> GroundPool:
        """Take the clear ones of `samples` and all grounds of `sources` that may be learned."""
        rng = np.random.default_rng(2)
        clear = [
            Ground(sample.image, sample.detail_m)
            for sample in samples
            if sample.kinds == "clear" and sample.used.all() and not _has_fill(sample.image)
        ]
        land = [
            Ground(scene_pairs.mirrored_chip(file), _FINEST_LAND_USE)
            for file in tqdm(sources.negatives, desc="land use", disable=None, leave=False)
        ]
        photos, miniatures, coarse = [], [], []
        if sources.orthophotos:
            for number in range(_CUTS):
                file = sources.orthophotos[number % len(sources.orthophotos)]
                cut = scene_pairs.photographed_ground(file, rng)
                if not _has_fill(cut):
                    photos.append(Ground(cut, FINE_GSD))
        if sources.coarse:
            for number in range(_CUTS):
                file, true_gsd = sources.coarse[number % len(sources.coarse)]
                gsd = float(rng.uniform(0.35, 0.95))
                miniatures.append(Ground(scene_pairs.coarse_image(file, gsd, rng), gsd))
                coarse.append(Ground(scene_pairs.coarse_image(file, true_gsd, rng), true_gsd))
        groups = (tuple(group) for group in (clear, land, photos, miniatures, coarse))
        return cls(*groups)

    def draw(self, side: int, rng: Rng) -> Ground:
        """Return a ground (side, side, 3) as some product shows it."""
        pick = rng.random()
        for group, upto, products in (
            (self.land_use, 0.30, 0.6),
            (self.photos, 0.37, 0.6),
            (self.miniatures, 0.46, 0.6),
            (self.scenes, 0.76, 0.25),
        ):
            if group and pick < upto:
                return _as_product(_cut(_one_of(group, rng), side, rng), products, rng)
        return plain_ground(side, rng)

    def coarse_cut(self, side: int, rng: Rng) -> Ground:
        """Return a coarse image (side, side, 3) on the fine grid."""
        return _cut(_one_of(self.coarse, rng), side, rng)


def plain_ground(side: int, rng: Rng) -> Ground:
    """Return one surface, or two with a border: water with waves and glint, pavement, soil, roofs.

    It may be as even as compressed images of calm water.
    """
    image = _surface(side, rng)
    if rng.random() < 0.35:
        turn = rng.uniform(0, 2 * np.pi)
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) - side / 2
        across = x * np.cos(turn) + y * np.sin(turn) - rng.uniform(-0.4, 0.4) * side
        share = np.clip(across / rng.uniform(1, 20) + 0.5, 0, 1)[..., None]
        image = image * (1 - share) + _surface(side, rng) * share
    levels = np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
    return _as_product(Ground(levels, FINE_GSD), 0.75, rng)


def _surface(side: int, rng: Rng) -> np.ndarray:
    """Draw a surface (side, side, 3), 0..1."""
    shares = np.array([share for _, _, share in _SURFACES], float)
    dark, bright, _ = _SURFACES[int(rng.choice(len(_SURFACES), p=shares / shares.sum()))]
    way = float(rng.random())
    colour = np.array(dark) * (1 - way) + np.array(bright) * way
    colour = np.clip(colour * rng.normal(1, 0.08, 3), 0.03, 0.95)
    shape = (side, side)
    texture = np.zeros(shape, np.float32)
    if rng.random() < 0.85:  # fine: waves, grain of a surface
        for _ in range(int(rng.integers(1, 3))):
            along, across = np.exp(rng.uniform(np.log(0.5), np.log(6), 2))
            layer = rng.standard_normal(shape, dtype=np.float32)
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), along, sigmaY=across), np.float32)
            texture += layer * (rng.uniform(0.2, 1) / max(float(layer.std()), 1e-6))
        texture *= np.exp(rng.uniform(np.log(0.002), np.log(0.12))) / float(texture.std())
    if rng.random() < 0.7:  # coarse: currents, patches
        coarse = noise_field(rng, (side // 4, side // 4), int(rng.integers(4, side // 4)), 3)
        wide = cv2.resize(coarse, shape, interpolation=cv2.INTER_LINEAR)
        texture += np.float32(np.exp(rng.uniform(np.log(0.003), np.log(0.08)))) * wide
    if rng.random() < 0.25:  # glint
        texture += np.maximum(texture - texture.std(), 0) * np.float32(rng.uniform(0, 6))
    relative = rng.random() < 0.5
    scale = colour / colour.mean() if relative else np.ones(3)
    surface = colour + texture[..., None] * scale * (0.3 + colour.mean())
    sensor = float(np.exp(rng.uniform(np.log(0.0005), np.log(0.015))))
    surface += sensor * rng.standard_normal((*shape, 1 if rng.random() < 0.5 else 3))
    return np.asarray(surface, np.float32)


def _one_of(group: tuple[Ground, ...], rng: Rng) -> Ground:
    return group[int(rng.integers(len(group)))]


def _cut(ground: Ground, side: int, rng: Rng) -> Ground:
    top, left = (int(rng.integers(size - side + 1)) for size in ground.image.shape[:2])
    return Ground(ground.image[top : top + side, left : left + side], ground.detail_m)


def _as_product(ground: Ground, share: float, rng: Rng) -> Ground:
    """Return a `share` of the grounds sampled, exposed and compressed as products are."""
    image = np.ascontiguousarray(ground.image)
    if rng.random() >= share:
        return Ground(image, ground.detail_m)
    gsd = float(rng.uniform(FINE_GSD, 0.95))
    shown = scene_pairs.as_product(image, gsd, rng)
    if shown.mean() < _DARKEST:
        return Ground(image, ground.detail_m)
    return Ground(shown, max(gsd, ground.detail_m))


def _has_fill(image: Bytes) -> bool:
    return float((image.max(2) == 0).mean()) > _MAX_FILL
