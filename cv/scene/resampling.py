"""Resampling by affine maps: no CRS, no I/O, and the same result whatever the window."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.crs import CRS
from rasterio.warp import Resampling, reproject

from cv.geometry.image_patch import Patch
from cv.geometry.oriented_boxes import map_points

_PLANE = CRS.from_epsg(3857)
"""Any CRS, the same on both sides, so that only the affine map counts."""
_OFFSET = Affine.translation(1.0, 1.0)
"""Any place but the origin: GDAL takes an identity transform for a missing one."""
_REACH = 4
"""Samples that a cubic kernel and its filled rim need beyond a window."""
MIN_VALID_SHARE = 0.5 - 1e-4
"""Valid share from which a pixel is valid: half, less rounding."""
_SCALE_TOLERANCE = 1e-9
_POSITION_TOLERANCE = 0.02
"""Pixels: maps of pixels are made of geodesics, which are not more exact."""
_CUBIC = Image.Resampling.BICUBIC


@dataclass(frozen=True)
class SourceWindow:
    """A window on a raster, read in blocks that become one sample each."""

    x: int
    """Left edge, pixels; a multiple of the block's width, negative outside the raster."""
    y: int
    """Upper edge, pixels; a multiple of the block's height."""
    columns: int
    """Samples in a row."""
    rows: int
    """Samples in a column."""
    block: tuple[int, int]
    """Pixels (x, y) that are averaged to one sample."""

    @property
    def to_pixel(self) -> Affine:
        """Samples (x, y) to pixels (x, y)."""
        return Affine(self.block[0], 0.0, self.x, 0.0, self.block[1], self.y)


@dataclass(frozen=True)
class BlockAverages:
    """The samples of a window."""

    values: NDArray[np.float32]
    """(channels, rows, columns) 8-bit values, means of the valid pixels of each block."""
    share: NDArray[np.float32]
    """(rows, columns) valid share of each block; pixels outside the raster are not valid."""


def source_window(
    to_pixel: Affine, shape: tuple[int, int], raster: tuple[int, int]
) -> SourceWindow | None:
    """Return the window on a raster of shape `raster` that a patch needs; None if they do not meet.

    `to_pixel` maps pixels (x, y) of the patch of `shape` to the raster. The window reaches a few
    samples beyond patch and raster. Its blocks are as large as they can be without being larger
    than a pixel of the patch.
    """
    corners = [(x, y) for x in (0, shape[1]) for y in (0, shape[0])]
    mapped = map_points(to_pixel, np.array(corners, np.float64))
    scale = _pixels_per_target(to_pixel)
    block = (max(1, math.floor(scale[0] + 1e-6)), max(1, math.floor(scale[1] + 1e-6)))
    spans = []
    for axis, length in ((0, raster[1]), (1, raster[0])):
        margin = _REACH * block[axis] * max(1, math.ceil(scale[axis] / block[axis]))
        low = max(float(mapped[:, axis].min()), 0.0) - margin
        high = min(float(mapped[:, axis].max()), float(length)) + margin
        if high - low <= 2 * margin:
            return None
        first = math.floor(low / block[axis])
        spans.append((first * block[axis], math.ceil(high / block[axis]) - first))
    (x, columns), (y, rows) = spans
    return SourceWindow(x, y, columns, rows, block)


def resample_patch(samples: BlockAverages, step: Affine, clear: NDArray[np.float32]) -> Patch:
    """Return the patch whose pixels (x, y) `step` maps to samples.

    `clear` (rows, columns) is the share of each pixel that no cloud hides. Cubic convolution,
    widened where samples are finer than the patch; invalid samples take no part and become 0;
    hidden ones keep their colours. A pixel is valid when at least half of it is, and is clear.
    """
    shape = (clear.shape[0], clear.shape[1])
    valid = valid_share(samples.share, step, shape) >= MIN_VALID_SHARE
    pixels = _interpolated(_filled(samples.values, samples.share), step, shape)
    pixels += 0.5
    np.clip(pixels, 0, 255, out=pixels)
    rgb = np.moveaxis(pixels, 0, 2).astype(np.uint8, order="C")
    rgb *= valid[..., None]
    return Patch(rgb, valid & (clear >= MIN_VALID_SHARE))


def is_pixel_aligned(to_pixel: Affine) -> bool:
    """Return whether the pixels of a patch are pixels of the raster."""
    deviation = np.subtract(to_pixel[:6], (1, 0, round(to_pixel.c), 0, 1, round(to_pixel.f)))
    tolerance = (_SCALE_TOLERANCE, _SCALE_TOLERANCE, _POSITION_TOLERANCE) * 2
    return bool((np.abs(deviation) < tolerance).all())


def valid_share(
    share: NDArray[np.float32], step: Affine, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Return (rows, columns) the valid share of each pixel of a patch, by area.

    `share` is that of samples (rows, columns), among them the invalid ones outside the raster.
    """
    if share.min() == 1.0:
        return np.ones(shape, np.float32)
    result: NDArray[np.float32] = _warp(share[None], step, shape, Resampling.average)[0]
    return result


def empty_patch(shape: tuple[int, int]) -> Patch:
    """Return a patch of `shape` without valid pixels."""
    return Patch(np.zeros((*shape, 3), np.uint8), np.zeros(shape, bool))


def _pixels_per_target(to_pixel: Affine) -> tuple[float, float]:
    """Return the pixels along x and y that one pixel of the patch covers."""
    back = ~to_pixel
    return 1 / math.hypot(back.a, back.d), 1 / math.hypot(back.b, back.e)


def _interpolated(
    values: NDArray[np.float32], step: Affine, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Return (3, *shape) by cubic convolution (Keys 1981, a = -0.5), widened for finer samples.

    Pillow computes the same as GDAL, only faster, but cannot rotate.
    """
    rows, columns = shape
    box = (*(step @ (0, 0)), *(step @ (columns, rows)))
    left, top, right, bottom = box
    shear = max(abs(step.b) * rows, abs(step.d) * columns)
    inside = 0 <= left < right <= values.shape[2] and 0 <= top < bottom <= values.shape[1]
    if shear > _POSITION_TOLERANCE or not inside:
        return _warp(values, step, shape, Resampling.cubic)
    bands = [Image.fromarray(band).resize((columns, rows), _CUBIC, box) for band in values]
    return np.stack([np.asarray(band) for band in bands])


def _warp(
    samples: NDArray[np.float32], step: Affine, shape: tuple[int, int], kernel: Resampling
) -> NDArray[np.float32]:
    """Return (bands, *shape) by GDAL; `step` maps their pixels to `samples`."""
    target = np.zeros((len(samples), *shape), np.float32)
    scale = _pixels_per_target(step)
    reproject(
        np.ascontiguousarray(samples),
        target,
        src_transform=_OFFSET,
        dst_transform=_OFFSET @ step,
        src_crs=_PLANE,
        dst_crs=_PLANE,
        resampling=kernel,
        num_threads=1,
        XSCALE=1 / scale[0],
        YSCALE=1 / scale[1],
    )
    return target


def _filled(rgb: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `rgb` with invalid samples around valid ones replaced by the mean of their neighbours.

    An interpolation near an edge then never mixes in a value that was not measured.
    """
    known = np.pad(share > 0, 1)
    if known[1:-1, 1:-1].all():
        return rgb
    values = np.pad(rgb, ((0, 0), (1, 1), (1, 1))) * known
    flat, flat_known = values.reshape(3, -1), known.ravel()
    across = known.shape[1]
    neighbours = np.array(
        [-across - 1, -across, -across + 1, -1, 1, across - 1, across, across + 1]
    )
    for _ in range(_REACH):
        rim = np.flatnonzero(_dilated(known) & ~known)
        around = rim[:, None] + neighbours
        counts = flat_known[around]
        flat[:, rim] = (flat[:, around] * counts).sum(axis=2) / counts.sum(axis=1)
        flat_known[rim] = True
    return values[:, 1:-1, 1:-1]


def _dilated(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `known` grown by one sample, except onto the border of the array."""
    grown = np.zeros_like(known)
    rows = known[:-2] | known[1:-1] | known[2:]
    grown[1:-1, 1:-1] = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return grown
