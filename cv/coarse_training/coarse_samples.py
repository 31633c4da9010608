"""Training samples: coarse images of rendered ground, and what each third of a pixel holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cv.coarse_training.coarse_cameras import CoarseCamera, taken_image
from cv.coarse_training.rendered_grounds import GROUND_GSD, RenderedGround
from cv.geometry.arrays import Float32Array, Float64Array
from cv.rendering.canvas import Points
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.rendering.sensor_sampling import PixelAxis, PixelSampler

ENLARGEMENT = 3
"""Cells of the targets along a side of a pixel."""
CORE = (0.85, 0.45)
"""Shares of a hull's length and beam that its core has: cores of hulls side by side are apart."""
_SHIFT = 4
_PLACES = 2


@dataclass(frozen=True, eq=False)
class CoarseTargets:
    """What the cells (rows, columns) of an image hold; three along each side of a pixel."""

    cover_ashore: Float32Array
    """Share of the cell that shows roofs of containers on land, 0..1."""
    cover_aboard: Float32Array
    """The same of containers on ships."""
    teu_ashore: Float32Array
    """TEU of containers on land; a container's TEU are spread over what shows of its roof."""
    teu_aboard: Float32Array
    """The same of containers on ships."""
    hull: Float32Array
    """Share of the cell in the rectangle round a hull, 0..1."""
    core: Float32Array
    """Share of the cell in the core of such a rectangle."""
    cos: Float32Array
    """Cosine of twice the direction of the hull, times `hull`."""
    sin: Float32Array
    """Sine of twice the direction of the hull (from +x towards +y), times `hull`."""


@dataclass(frozen=True, eq=False)
class CoarseSample:
    """A coarse image and its targets."""

    image: Bytes
    """(rows, columns, RGB)."""
    gsd_m: float
    """Metres a pixel."""
    targets: CoarseTargets
    ashore_weight: float = 1.0
    """0 where containers on land are not known."""
    afloat_weight: float = 1.0
    """0 where hulls and containers on them are not known."""

    def turned(self, quarters: int, mirror: bool) -> CoarseSample:
        """Return the sample turned by quarters counter-clockwise, then mirrored left to right."""

        def moved(array: NDArray[np.generic]) -> NDArray[np.generic]:
            result = np.rot90(array, quarters)
            return np.ascontiguousarray(result[:, ::-1] if mirror else result)

        parts = {name: moved(value) for name, value in vars(self.targets).items()}
        odd = np.float32(-1 if quarters % 2 else 1)
        parts["cos"] = parts["cos"] * odd  # type: ignore[operator]
        parts["sin"] = parts["sin"] * odd * np.float32(-1 if mirror else 1)  # type: ignore[operator]
        targets = CoarseTargets(**parts)  # type: ignore[arg-type]
        image = np.asarray(moved(self.image), np.uint8)
        return replace(self, image=image, targets=targets)


def coarse_sample(
    ground: RenderedGround, camera: CoarseCamera, size: int, rng: Rng
) -> CoarseSample:
    """Return a random part of `size` x `size` pixels of a ground as a camera takes it.

    The part lies at a random fraction of a pixel; it must fit into the ground. It is that of
    _PLACES random ones which shows most containers: yards are a small part of a port.
    """
    step = camera.gsd_m / GROUND_GSD
    free = np.array(ground.pixels.shape[:2]) - size * step
    places = rng.uniform(0, free, (_PLACES, 2))
    top, left = max(places.tolist(), key=lambda place: _shown(ground, place, size * step))
    rows, columns = PixelAxis(size, step, top), PixelAxis(size, step, left)
    return taken_sample(ground, camera, rows, columns, rng)


def taken_sample(
    ground: RenderedGround, camera: CoarseCamera, rows: PixelAxis, columns: PixelAxis, rng: Rng
) -> CoarseSample:
    """Return the sample of the pixels at `rows` and `columns` of a ground."""
    reach = 4 * camera.psf * rows.step + 2 * rows.step
    window, rows, columns = _window(ground, rows, columns, reach)
    part = replace(
        ground,
        pixels=ground.pixels[window],
        hulls=ground.hulls - [window[1].start, window[0].start],
    )
    image = taken_image(part.light, camera, rows, columns, rng)
    targets = ground_targets(ground, window, part.hulls, _cells(rows), _cells(columns))
    return CoarseSample(image, camera.gsd_m, targets)


def ground_targets(
    ground: RenderedGround,
    window: tuple[slice, slice],
    hulls: Points,
    rows: PixelAxis,
    columns: PixelAxis,
) -> CoarseTargets:
    """Return the targets of cells in a window of a ground; `hulls` are relative to the window."""
    shown = ground.idents[window]
    amounts = np.bincount(ground.idents.ravel(), minlength=len(ground.teu) + 1)
    density = _with_none(ground.teu / np.maximum(amounts[1:], 1))
    aboard, ashore = _with_none(ground.aboard), _with_none(~ground.aboard)
    shape = (shown.shape[0], shown.shape[1])
    hull = _painted(hulls, shape, np.ones(len(hulls)))
    core = _painted(_resized(hulls, CORE), shape, np.ones(len(hulls)))
    edge = hulls[:, 1] - hulls[:, 0] if len(hulls) else np.zeros((0, 2))
    twice = 2 * np.arctan2(edge[:, 1], edge[:, 0])
    cells = PixelSampler(rows, columns, shape)
    return CoarseTargets(
        cover_ashore=cells.means(ashore[shown]),
        cover_aboard=cells.means(aboard[shown]),
        teu_ashore=cells.sums((density * ashore)[shown]),
        teu_aboard=cells.sums((density * aboard)[shown]),
        hull=cells.means(hull),
        core=cells.means(core),
        cos=cells.means(_painted(hulls, shape, np.cos(twice))),
        sin=cells.means(_painted(hulls, shape, np.sin(twice))),
    )


def _shown(ground: RenderedGround, place: Sequence[float], side: float) -> int:
    """Return about how many pixels of containers a square from `place` (row, column) has."""
    rows, columns = (slice(int(start), int(start + side), 8) for start in place)
    return int(np.count_nonzero(ground.idents[rows, columns]))


def empty_targets(size: tuple[int, int]) -> CoarseTargets:
    """Return the targets of an image of `size` (rows, columns) without any object."""
    none = np.zeros((size[0] * ENLARGEMENT, size[1] * ENLARGEMENT), np.float32)
    return CoarseTargets(*([none] * 8))


def _window(
    ground: RenderedGround, rows: PixelAxis, columns: PixelAxis, reach: float
) -> tuple[tuple[slice, slice], PixelAxis, PixelAxis]:
    """Return the fine pixels that the coarse ones see, and the axes relative to them."""
    slices, axes = [], []
    for axis, size in zip((rows, columns), ground.pixels.shape, strict=False):
        first = max(0, int(axis.start - reach))
        last = min(size, int(np.ceil(axis.start + axis.number * axis.step + reach)))
        slices.append(slice(first, last))
        axes.append(replace(axis, start=axis.start - first))
    return (slices[0], slices[1]), axes[0], axes[1]


def _with_none(values: NDArray[np.generic]) -> Float32Array:
    """Return the value of each ident: 0 for none, then `values`."""
    return np.concatenate([[0.0], values]).astype(np.float32)


def _cells(axis: PixelAxis) -> PixelAxis:
    return PixelAxis(axis.number * ENLARGEMENT, axis.step / ENLARGEMENT, axis.start)


def _resized(hulls: Points, shares: tuple[float, float], less: float = 0.0) -> Points:
    """Return rectangles (k, 4, 2) about the same middles, first edge along the length.

    Length and beam are multiplied by `shares`, and each is shortened by `less`.
    """
    if not len(hulls):
        return hulls
    middle = hulls.mean(1, keepdims=True)
    sides = np.stack([hulls[:, 1] - hulls[:, 0], hulls[:, 3] - hulls[:, 0]], 1)
    long = np.maximum(np.hypot(sides[..., :1], sides[..., 1:]), 1e-9)
    sides = sides * np.maximum(np.array(shares)[:, None] - less / long, 0) / 2
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])[None]
    return np.asarray(
        middle + signs[..., :1] * sides[:, None, 0] + signs[..., 1:] * sides[:, None, 1]
    )


def _painted(hulls: Points, shape: tuple[int, int], values: Float64Array) -> Float32Array:
    """Return a raster with the value of each rectangle inside it, 0 elsewhere."""
    out = np.zeros(shape, np.float32)
    inset = _resized(hulls, (1.0, 1.0), 1.0)  # OpenCV paints the outline too
    for corners, value in zip(inset, values, strict=True):
        points = np.rint((corners - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(out, points, float(value), cv2.LINE_8, _SHIFT)
    return out
