"""The fitness of ground: what a scene can show of it, patch by patch, in ground metres."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from cv.detector.detector import tile_to_metres
from cv.geometry.arrays import BoolArray, Float64Array
from cv.geometry.image_patch import Patch, PatchSource
from cv.geometry.oriented_boxes import transform_geometry
from cv.image_fitness.fitness_map import FitnessMap
from cv.image_fitness.fitness_model import FitnessModel
from cv.image_fitness.structure import MIN_STRUCTURE, structure
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.scene.nodata_collar import collar_mask

_BLOCK = 12
"""Side of the blocks that are read at once, patches."""
_CONTEXT = 2
"""Patches around a block that its fitness depends on."""
_MASK_PX = 8
"""Pixels of the working GSD, along a side, for which the mask is read at once."""
_RIM_PX = 6
"""Pixels of the image along its edges that are not judged: to resample them takes long."""
_BLENDED_PX = 2
"""Pixels of the working GSD beside unmeasured ones that resampling has blended with them."""
_MIRRORINGS = 4
"""So often a place that is mirrored to an unmeasured one is mirrored again."""
_FINEST = 25.0
"""Percentile of the effective GSD of the ground that stands for the image: where it is even, an
image shows no detail however sharp it is."""
_SHOWN_SHARE = 0.5
"""Measured share of the pixels, for which the mask is read at once, that counts as shown."""
_WHOLE = 0.99
"""Visible share of a patch that counts as wholly visible."""
_MAX_GSD = 10.0
"""Coarser detail is not told apart, metres."""
_MIN_VISIBLE_SHARE = 0.02
"""A patch of which less is visible is not judged: it takes part in nothing."""


@dataclass(frozen=True, eq=False)
class GroundFitness:
    """The fitness of square patches of ground that cover a region."""

    patches: NDArray[np.object_]
    """(n,) squares, ground metres."""
    visible_share: Float64Array
    """(n,) share of each patch that is not masked, 0 to 1."""
    container_recall: Float64Array
    """(n,) share of the containers in its visible part that would be found, see FitnessMap."""
    hull_recall: Float64Array
    """(n,) the same for hulls."""
    effective_gsd_m: Float64Array
    """(n,) GSD of a sharp image with the detail that is there, metres."""
    reason_probability: Float64Array
    """(n, reasons) probability of each of REASONS."""
    min_recall: float
    """Recall below which a patch is unfit."""

    @classmethod
    def joined(cls, parts: Sequence[GroundFitness], min_recall: float) -> GroundFitness:
        """Return that of several parts of the ground, in order."""
        return cls(
            patches=np.concatenate([np.zeros(0, object), *(part.patches for part in parts)]),
            visible_share=_joined([part.visible_share for part in parts]),
            container_recall=_joined([part.container_recall for part in parts]),
            hull_recall=_joined([part.hull_recall for part in parts]),
            effective_gsd_m=_joined([part.effective_gsd_m for part in parts]),
            reason_probability=np.concatenate(
                [np.zeros((0, len(REASONS))), *(part.reason_probability for part in parts)]
            ),
            min_recall=min_recall,
        )

    @property
    def mean_recall(self) -> float:
        """Mean recall of containers in all that is visible, 0 to 1; 1 if nothing is."""
        total = self.visible_share.sum()
        return float(self.container_recall @ self.visible_share / total) if total > 0 else 1.0

    def within(self, part: BaseGeometry, recall: Float64Array) -> PartFitness:
        """Return the fitness of a `part` of the region (ground metres).

        `recall` (n,) is that of the class that matters there.
        """
        weights = shapely.area(shapely.intersection(self.patches, part)) * self.visible_share
        return PartFitness(self, weights, recall)


@dataclass(frozen=True, eq=False)
class PartFitness:
    """The fitness of a part of the ground, for one class of objects."""

    ground: GroundFitness
    weights: Float64Array
    """(patches,) visible area of each patch in the part, square metres."""
    recalls: Float64Array
    """(patches,) recall of the class."""

    @property
    def recall(self) -> float:
        """Mean recall of the fit visible area, 0 to 1; 1 if there is none."""
        weights = self.weights * ~self._unfit
        return float(self.recalls @ weights / weights.sum()) if weights.sum() > 0 else 1.0

    @property
    def unfit_share(self) -> float:
        """Unfit share of the visible area, 0 to 1; 0 if nothing is visible."""
        total = self.weights.sum()
        return float(self.weights[self._unfit].sum() / total) if total > 0 else 0.0

    @property
    def unfit(self) -> BaseGeometry:
        """The unfit patches, ground metres."""
        return shapely.union_all(self.ground.patches[self._unfit & (self.weights > 0)])

    @property
    def cause(self) -> str:
        """What most of the unfit area suffers from, in plain words; empty if there is none."""
        areas = self.weights * self._unfit
        if not areas.any():
            return ""
        probability = self.ground.reason_probability.copy()
        probability[:, REASONS.index(FitnessReason.CLEAR)] = -1
        worst = probability.argmax(axis=1)
        main = int(np.bincount(worst, areas, len(REASONS)).argmax())
        text = REASONS[main].description
        if REASONS[main] is FitnessReason.BLURRED:
            whole = self.ground.visible_share >= _WHOLE  # an edge of the image is sharp
            chosen = self.ground.effective_gsd_m[whole if whole.any() else areas > 0]
            finest = float(np.percentile(chosen, _FINEST))
            if finest <= _MAX_GSD:
                text += f", its finest detail is that of about {finest:.2g} m a pixel"
        return text

    @property
    def _unfit(self) -> BoolArray:
        return np.asarray(self.recalls < self.ground.min_recall)


def judge_ground(
    model: FitnessModel,
    image: PatchSource,
    mask: PatchSource,
    to_pixel: Affine,
    region: BaseGeometry,
    footprint: BaseGeometry,
) -> GroundFitness:
    """Judge the ground of `region` in an image; where nothing stands out of the noise, none is fit.

    Args:
        model: The judge.
        image: The image, without its cloud mask: to resample that would take most of the time.
        mask: The same image with its cloud mask.
        to_pixel: Maps ground metres (x, y) to pixels of the image, without mirroring.
        region: What to judge, ground metres.
        footprint: Outline of the image, ground metres; it holds the region.

    Raises SceneError and InferenceError.
    """
    parts, structures = [], []
    for block, to_metres in judged_blocks(model, image, to_pixel, region, footprint):
        parts.append(_ground_of_block(model, block, to_metres, region, mask, to_pixel))
        structures.append(structure(block.rgb, block.valid_mask))
    ground = GroundFitness.joined(parts, model.card.min_recall)
    measured = [value for value in structures if not math.isnan(value)]
    if not measured or max(measured) >= MIN_STRUCTURE:
        return ground
    nothing = np.zeros(len(ground.patches))
    return replace(ground, container_recall=nothing, hull_recall=nothing)


def judged_blocks(
    model: FitnessModel,
    image: PatchSource,
    to_pixel: Affine,
    region: BaseGeometry,
    footprint: BaseGeometry,
) -> Iterator[tuple[Patch, Affine]]:
    """Yield the blocks that cover `region`, with the context that a judgement needs.

    Each is an image of the working GSD of whole patches, and its pixels (x, y) in ground metres.
    """
    to_metres = tile_to_metres(model.card.gsd_m, to_pixel) @ Affine.scale(model.card.patch_px)
    covered = transform_geometry(region, ~to_metres)
    rim = _RIM_PX / math.sqrt(abs(float(to_pixel.determinant)))  # metres
    shown = transform_geometry(footprint.buffer(-rim, join_style="mitre"), ~to_metres).bounds
    if covered.is_empty:
        return
    bounds = np.reshape(covered.bounds, (2, 2))
    first, last = np.floor(bounds[0] / _BLOCK), np.ceil(bounds[1] / _BLOCK)
    rows, columns = (range(int(first[axis]), int(last[axis])) for axis in (1, 0))
    for row, column in product(rows, columns):
        square = shapely.box(column, row, column + 1, row + 1)
        here = shapely.intersection(covered, transform_geometry(square, Affine.scale(_BLOCK)))
        if here.area <= 0:
            continue
        left, top, right, bottom = here.bounds
        x, y = int(np.floor(left)) - _CONTEXT, int(np.floor(top)) - _CONTEXT
        width, height = int(np.ceil(right)) + _CONTEXT - x, int(np.ceil(bottom)) + _CONTEXT - y
        place = to_metres @ Affine.translation(x, y) @ Affine.scale(1 / model.card.patch_px)
        size = (height * model.card.patch_px, width * model.card.patch_px)
        limits = [limit * model.card.patch_px for limit in shown]
        corner = (x * model.card.patch_px, y * model.card.patch_px)
        yield _read_within(image, to_pixel @ place, size, corner, limits, model.card.gsd_m), place


def _read_within(
    image: PatchSource,
    to_pixel: Affine,
    shape: tuple[int, int],
    corner: tuple[int, int],
    limits: Sequence[float],
    gsd_m: float,
) -> Patch:
    """Return the patch of `shape` at `corner` (x, y), read only within `limits` of the image.

    Beyond them, and where nothing was measured, it is mirrored, and not valid. `limits` are left,
    top, right, bottom.
    """
    left, top = (max(0, math.ceil(limits[axis]) - corner[axis]) for axis in (0, 1))
    right = min(shape[1], math.floor(limits[2]) - corner[0])
    bottom = min(shape[0], math.floor(limits[3]) - corner[1])
    if left >= right or top >= bottom:
        return Patch(np.zeros((*shape, 3), np.uint8), np.zeros(shape, bool))
    part = image.read(to_pixel @ Affine.translation(left, top), (bottom - top, right - left))
    dark = ~part.rgb.any(axis=2)  # a white area may be cloud or over-exposed, which is judged
    measured = part.valid_mask & ~(dark & collar_mask(np.moveaxis(part.rgb, 2, 0), gsd_m**2))
    beyond = (top, shape[0] - bottom), (left, shape[1] - right)
    return Patch(
        np.pad(_mirrored(part.rgb, measured), (*beyond, (0, 0)), mode="symmetric"),
        np.pad(measured, beyond),
    )


def _mirrored(rgb: NDArray[np.uint8], measured: BoolArray) -> NDArray[np.uint8]:
    """Return an image (rows, columns, 3) with what it shows mirrored into the rest.

    A pixel that was not `measured` (rows, columns) gets the colour of the place that mirrors it in
    the nearest one that was.
    """
    sure = ndimage.binary_erosion(measured, iterations=_BLENDED_PX, border_value=1)
    if sure.all() or not sure.any():
        return rgb
    nearest = ndimage.distance_transform_edt(~sure, return_distances=False, return_indices=True)
    last = np.reshape(sure.shape, (2, 1)) - 1
    target = np.stack(np.nonzero(~sure))
    source = target
    for _ in range(_MIRRORINGS):
        source = np.clip(2 * nearest[:, *source] - source, 0, last)
    source = np.where(sure[*source], source, nearest[:, *target])
    filled = rgb.copy()
    filled[*target] = rgb[*source]
    return filled


def _ground_of_block(
    model: FitnessModel,
    block: Patch,
    to_metres: Affine,
    region: BaseGeometry,
    mask: PatchSource,
    to_pixel: Affine,
) -> GroundFitness:
    """Return the fitness of the patches of a block, without its context, that meet `region`."""
    inner = np.s_[_CONTEXT:-_CONTEXT, _CONTEXT:-_CONTEXT]
    judged, side = model.judge(block.rgb), model.card.patch_px
    size = (block.valid_mask.shape[0] // _MASK_PX, block.valid_mask.shape[1] // _MASK_PX)
    clear = mask.read(to_pixel @ to_metres @ Affine.scale(_MASK_PX), size).valid_mask
    shown = _patch_shares(block.valid_mask, _MASK_PX) >= _SHOWN_SHARE
    share = _patch_shares(clear & shown, side // _MASK_PX)[inner].ravel()
    unmasked = 1 - _patch_shares(shown & ~clear, side // _MASK_PX)[inner].ravel()
    height, width = judged.container_recall.shape
    lattice = np.meshgrid(np.arange(width), np.arange(height))
    columns, rows = (axis[inner].ravel() for axis in lattice)
    squares = shapely.box(columns * side, rows * side, (columns + 1) * side, (rows + 1) * side)
    patches = shapely.transform(squares, lambda p: np.stack(to_metres @ (p[:, 0], p[:, 1]), 1))
    kept = (share >= _MIN_VISIBLE_SHARE) & shapely.intersects(patches, region)
    return GroundFitness(
        patches=patches[kept],
        visible_share=share[kept],
        container_recall=_of_visible(judged.container_recall[inner].ravel()[kept], unmasked[kept]),
        hull_recall=_of_visible(judged.hull_recall[inner].ravel()[kept], unmasked[kept]),
        effective_gsd_m=judged.effective_gsd_m[inner].ravel()[kept].astype(np.float64),
        reason_probability=_probabilities(judged)[inner].reshape(-1, len(REASONS))[kept],
        min_recall=model.card.min_recall,
    )


def _of_visible(recall: NDArray[np.float32], unmasked: Float64Array) -> Float64Array:
    """Return the recall of the visible part: the network takes what clouds hide for missed."""
    return np.minimum(recall.astype(np.float64) / unmasked, 1.0)


def _probabilities(judged: FitnessMap) -> Float64Array:
    return np.moveaxis(judged.reason_probability, 0, 2).astype(np.float64)


def _patch_shares(valid: BoolArray, side: int) -> Float64Array:
    """Return the valid share (rows, columns) of square patches of `side` pixels."""
    rows, columns = valid.shape[0] // side, valid.shape[1] // side
    shares: Float64Array = valid.reshape(rows, side, columns, side).mean(axis=(1, 3))
    return shares


def _joined(parts: list[Float64Array]) -> Float64Array:
    return np.concatenate([np.zeros(0), *parts])


NOT_JUDGED = GroundFitness.joined((), 0.0)
"""The fitness of ground that was not judged."""
