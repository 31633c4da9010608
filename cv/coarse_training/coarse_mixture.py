"""What a fit sees: coarse images of rendered grounds, and true coarse images without containers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cv.coarse_training.coarse_cameras import random_camera
from cv.coarse_training.coarse_samples import CoarseSample, coarse_sample, empty_targets
from cv.coarse_training.rendered_grounds import RenderedGround
from cv.errors import InputError
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.synthetic.degradations import change_exposure

_BARE_FILES = {"coarse/ps3m_shipsnet_scene_4.jpg": 3.0, "coarse/rapideye_5m_*.tif": 5.0}
"""GSD (metres) of true images in which no containers are seen on land."""
BARE_CREDITS = "PlanetScope and RapidEye images of San Francisco Bay (Planet Labs, CC BY-SA 4.0)"
_BARE_SHARE = 0.10
_SAMPLES_OF_A_GROUND = 2


@dataclass(frozen=True, eq=False)
class BareImage:
    """A true coarse image without containers on land; its ships are not labelled."""

    pixels: Bytes
    """(rows, columns, RGB)."""
    gsd_m: float
    """Metres a pixel."""


@dataclass(frozen=True, eq=False)
class CoarseMixture:
    """Where samples are drawn from."""

    grounds: tuple[Path, ...]
    """Files of rendered grounds."""
    bare: tuple[BareImage, ...] = ()

    def draw(
        self, size: int, gsd_m: tuple[float, float], number: int, rng: Rng
    ) -> list[CoarseSample]:
        """Return `number` samples of `size` x `size` pixels with GSDs between two limits.

        Two samples are of one ground, since reading one takes as long as taking its image.
        """
        fitting = [image for image in self.bare if image.gsd_m <= gsd_m[1]]
        drawn: list[CoarseSample] = []
        while len(drawn) < number:
            if fitting and rng.random() < _BARE_SHARE:
                drawn.append(_bare_sample(fitting[int(rng.integers(len(fitting)))], size, rng))
                continue
            ground = RenderedGround.load(self.grounds[int(rng.integers(len(self.grounds)))])
            for _ in range(min(_SAMPLES_OF_A_GROUND, number - len(drawn))):
                drawn.append(coarse_sample(ground, random_camera(rng, *gsd_m), size, rng))
        return drawn


def bare_images(folder: Path | None) -> tuple[BareImage, ...]:
    """Read the true coarse images in the subfolders of `folder`; raises InputError."""
    found: list[BareImage] = []
    if folder is None:
        return ()
    for pattern, gsd_m in _BARE_FILES.items():
        for path in sorted(folder.glob(pattern)):
            picture = cv2.imread(str(path))
            if picture is None:
                raise InputError(path, "it is no image", "JPEG or TIFF is needed", "Leave it out.")
            found.append(BareImage(np.ascontiguousarray(picture[..., ::-1]), gsd_m))
    return tuple(found)


def collect_mixture(grounds: Sequence[Path], sources: Path | None) -> CoarseMixture:
    """Return the mixture of grounds and the true images of a folder."""
    return CoarseMixture(tuple(grounds), bare_images(sources))


def _bare_sample(bare: BareImage, size: int, rng: Rng) -> CoarseSample:
    rows, columns = bare.pixels.shape[:2]
    while True:
        top, left = int(rng.integers(rows - size)), int(rng.integers(columns - size))
        part = bare.pixels[top : top + size, left : left + size]
        if (part.max(2) > 0).mean() > 0.99:  # not beyond the edge of the swath
            break
    gain, gamma = float(rng.uniform(0.6, 1.3)), float(rng.uniform(0.75, 1.3))
    image = change_exposure(np.ascontiguousarray(part), gain, gamma)
    return CoarseSample(image, bare.gsd_m, empty_targets((size, size)), 1.0, 0.0)
