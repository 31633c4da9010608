"""Labelled pixels, and their free augmentation: a little coarser or finer, a little turned.

The batch augmentation turns by quarters only; here a chip is turned by any small angle and taken to
another ground sampling distance, its boxes with it as corner keypoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from cv.geometry.oriented_boxes import Floats, Indices
from cv.labels.outline_edits import visible_part
from cv.synthetic.chip_dataset import fit_to_image

Bytes = NDArray[np.uint8]

FINEST, COARSEST = 0.85, 1.2
"""The sampling distance afterwards as a part of that before, at full strength."""
TURN = 12.0
"""Largest angle at full strength, degrees."""
SHARE = 0.5
"""Chips that are changed at all."""
_SEEN = 0.45  # share of a box from which on it counts, as for rendered roofs
_LONG = 80.0  # pixels: of a hull so much tells, even where most of it is outside (20 m at 0.25 m)


@dataclass(frozen=True, eq=False)
class JitteredChip:
    """A chip with its boxes."""

    image: Bytes
    # (side, side, 3) RGB
    classes: Indices
    # (n,) index of each box's class
    corners: Floats
    # (n, 4, 2) corners of rectangles, x, y in pixels, (0, 0) at the outer corner of the image


def jitter_chip(sample: JitteredChip, strength: float, key: tuple[int, ...]) -> JitteredChip:
    """`sample` at another scale and angle, or as it is; the same for the same `key`.

    `key` is the seed, the epoch and the number of the chip; 0 is no strength, 1 the usual one. What
    comes into view from outside of the chip is black, as where a swath ends.
    """
    rng = np.random.default_rng(key)
    picked, coarser, turn = rng.random() < SHARE, rng.random(), rng.uniform(-1.0, 1.0)
    if not strength or not picked:
        return sample
    gsd = (FINEST * (COARSEST / FINEST) ** coarser) ** strength
    return transform_chip(sample, 1.0 / gsd, TURN * strength * turn)


def transform_chip(sample: JitteredChip, scale: float, degrees: float) -> JitteredChip:
    """`sample` scaled and turned about its middle; boxes that are mostly outside then are dropped.

    What is left of a box that the edge cuts is labelled as the renderer labels it.
    """
    import albumentations  # takes seconds

    transform = albumentations.Compose(
        [
            albumentations.Affine(
                scale=(scale, scale),
                rotate=(degrees, degrees),
                interpolation=cv2.INTER_CUBIC,
                border_mode=cv2.BORDER_CONSTANT,
                fill=0,
                p=1.0,
            )
        ],
        keypoint_params=albumentations.KeypointParams(format="xy", remove_invisible=False),
    )
    # albumentations has (0, 0) in the middle of the first pixel
    points = sample.corners.reshape(-1, 2) - 0.5
    done = transform(image=sample.image, keypoints=points)
    corners = np.asarray(done["keypoints"], dtype=np.float64).reshape(-1, 4, 2) + 0.5
    size = sample.image.shape[1], sample.image.shape[0]
    kept = [_cut(box, size) for box in corners]
    rows = [index for index, box in enumerate(kept) if box is not None]
    boxes = np.array([kept[index] for index in rows]).reshape(-1, 4, 2)
    return JitteredChip(done["image"], sample.classes[rows], boxes)


def _cut(corners: Floats, size: tuple[int, int]) -> Floats | None:
    """`corners` (4, 2) as far as an image of `size` shows them, None where that is too little."""
    if (corners >= 0).all() and (corners <= size).all():
        return corners
    part = visible_part(corners, size)
    if part is None:
        return None
    outline = shapely.Polygon(corners)
    seen = outline.intersection(shapely.box(0, 0, *size)).area / outline.area
    if seen < _SEEN and np.hypot(*np.diff(part[:3], axis=0).T).max() < _LONG:
        return None
    return fit_to_image(part, size)
