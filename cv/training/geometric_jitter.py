"""Geometric augmentation of a labelled chip: a random change of scale and a small rotation.

The batch augmentation only turns by quarters; here a chip is turned by any small angle and brought
to another ground sampling distance. Boxes move along as corner keypoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from cv.geometry.arrays import Float64Array, Indices
from cv.labels.outline_edits import visible_part
from cv.synthetic.chip_dataset import fit_to_image

Bytes = NDArray[np.uint8]

MIN_GSD_RATIO, MAX_GSD_RATIO = 0.85, 1.2
"""Sampling distance after over before the jitter, at strength 1."""
MAX_ROTATION_DEG = 12.0
"""Largest rotation at strength 1, degrees."""
SHARE = 0.5
"""Share of chips that are changed at all."""
_MIN_VISIBLE = 0.45
"""A box that the edge cuts keeps its label from this visible share on, as rendered roofs do."""
_MIN_LONG_PX = 80.0
"""A visible part at least this long keeps its label whatever its share: 20 m of hull at 0.25 m."""


@dataclass(frozen=True, eq=False)
class LabelledChip:
    """A chip with its boxes."""

    image: Bytes
    """(side, side, 3) RGB."""
    classes: Indices
    """(n,) index of each box's class."""
    corners: Float64Array
    """(n, 4, 2) corners of rectangles, x, y in pixels; (0, 0) is the outer corner of the image."""


def jitter_chip(chip: LabelledChip, strength: float, key: tuple[int, ...]) -> LabelledChip:
    """Return `chip` at another scale and angle, or unchanged; equal keys give equal results.

    `key` is the seed, the epoch and the number of the chip. Strength 0 changes nothing, 1 is the
    default. What enters the chip from outside is black, as beyond the edge of a swath.
    """
    rng = np.random.default_rng(key)
    picked, coarser, turn = rng.random() < SHARE, rng.random(), rng.uniform(-1.0, 1.0)
    if not strength or not picked:
        return chip
    ratio = (MIN_GSD_RATIO * (MAX_GSD_RATIO / MIN_GSD_RATIO) ** coarser) ** strength
    return transform_chip(chip, 1.0 / ratio, MAX_ROTATION_DEG * strength * turn)


def transform_chip(chip: LabelledChip, scale: float, degrees: float) -> LabelledChip:
    """Scale and rotate `chip` about its middle; boxes that end up mostly outside are dropped."""
    import albumentations  # takes seconds

    affine = albumentations.Affine(
        scale=(scale, scale), rotate=(degrees, degrees), interpolation=cv2.INTER_CUBIC, p=1.0
    )
    keypoints = albumentations.KeypointParams(format="xy", remove_invisible=False)
    # albumentations has (0, 0) in the middle of the first pixel
    points = chip.corners.reshape(-1, 2) - 0.5
    done = albumentations.Compose([affine], keypoint_params=keypoints)(
        image=chip.image, keypoints=points
    )
    corners = np.asarray(done["keypoints"], dtype=np.float64).reshape(-1, 4, 2) + 0.5
    size = chip.image.shape[1], chip.image.shape[0]
    cut = {
        row: part for row, box in enumerate(corners) if (part := crop_box(box, size)) is not None
    }
    boxes = np.array(list(cut.values())).reshape(-1, 4, 2)
    return LabelledChip(done["image"], chip.classes[list(cut)], boxes)


def crop_box(corners: Float64Array, size: tuple[int, int]) -> Float64Array | None:
    """Crop the rectangle `corners` (4, 2) to an image of `size` (width, height).

    Returns None where so little of it is visible that it is not to be labelled. The rules are
    those of the rendered chips.
    """
    if (corners >= 0).all() and (corners <= size).all():
        return corners
    part = visible_part(corners, size)
    if part is None:
        return None
    outline = shapely.Polygon(corners)
    visible = outline.intersection(shapely.box(0, 0, *size)).area / outline.area
    if visible < _MIN_VISIBLE and np.hypot(*np.diff(part[:3], axis=0).T).max() < _MIN_LONG_PX:
        return None
    return fit_to_image(part, size)
