"""Figure of a scene with piers, detections and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.scene_counts import SceneCounts
from cv.geometry.arrays import Float64Array
from cv.geometry.image_patch import Patch
from cv.geometry.oriented_boxes import map_points, transform_geometry
from cv.report.antimeridian import polygon_parts
from cv.report.colours import ABOARD, BACKGROUND, BERTH, CONTAINER, HULL, NO_PIER, PIER
from cv.report.figures import DPI, POINT, pixel_axes, with_fonts
from cv.report.label_placement import LabelPlacement
from cv.report.scene_caption import MIN_WIDTH_PX, caption_height, draw_caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TARGET_PX, _MAX_ZOOM = 1600, 6
"""Scenes with a shorter long side are magnified by a whole number, up to the maximum."""
_LEGEND = (
    ("container", CONTAINER, "-"),
    ("container aboard", ABOARD, "-"),
    ("on no pier", NO_PIER, "-"),
    ("hull", HULL, "-"),
    ("pier", PIER, "-"),
    ("berth", BERTH, "--"),
)
_STRIPES = np.array([[96, 96, 100], [128, 128, 132]], dtype=np.uint8)
"""Colours of the stripes over invalid pixels."""


class DrawnZone(NamedTuple):
    """An outline to draw."""

    name: str
    """Label of a pier."""
    shape: BaseGeometry
    """Polygons in pixels (x, y) of the scene."""
    kind: str
    """ "pier" or "berth"."""


@with_fonts
def annotated_figure(
    patch: Patch, to_pixel: Affine, counts: SceneCounts, outlines: Sequence[DrawnZone]
) -> Figure:
    """Return a figure of `patch` with outlines, detections, and the counts below it.

    Small patches are magnified by a whole number, without blur; invalid pixels are striped.

    Args:
        patch: Pixels of the scene.
        to_pixel: Maps pixels (x, y) of `patch` to those of the scene.
        counts: Counts of the scene.
        outlines: Piers and berths.
    """
    from matplotlib.figure import Figure

    rows, columns = patch.valid_mask.shape
    zoom = min(_MAX_ZOOM, math.ceil(_TARGET_PX / max(rows, columns)))
    width = max(columns * zoom, MIN_WIDTH_PX)
    scale = max(1.0, width / _TARGET_PX)
    height = rows * zoom + math.ceil(caption_height(counts) * scale)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=BACKGROUND)
    left = (width - columns * zoom) // 2
    figure.figimage(_pixels(patch, zoom), left, height - rows * zoom, origin="upper", zorder=-1)
    axes = pixel_axes(figure, (left, 0, columns * zoom, rows * zoom), (columns, rows))
    to_patch: Affine = ~to_pixel
    labels = LabelPlacement(columns, rows, 6 / zoom)
    _draw_outlines(axes, outlines, to_patch, zoom, labels)
    _draw_detections(axes, counts.detections, to_patch, zoom, labels)
    if len(counts):
        gsd_x, gsd_y = counts[0].gsd_m
        _draw_scale(axes, math.hypot(to_pixel.a * gsd_x, to_pixel.d * gsd_y), zoom, labels)
    below = (0, rows * zoom, width, height - rows * zoom)
    caption = pixel_axes(figure, below, (width / scale, (height - rows * zoom) / scale))
    draw_caption(caption, counts, _LEGEND, scale)
    return figure


def _pixels(patch: Patch, zoom: int) -> NDArray[np.uint8]:
    """Return the magnified patch with stripes over invalid pixels."""
    rgb = patch.rgb.repeat(zoom, axis=0).repeat(zoom, axis=1)
    valid = patch.valid_mask.repeat(zoom, axis=0).repeat(zoom, axis=1)
    y, x = (np.arange(size, dtype=np.uint16) for size in valid.shape)
    stripes = _STRIPES[(y[:, None] + x) // 8 % 2]
    pixels: NDArray[np.uint8] = np.where(valid[..., None], rgb, stripes)
    return pixels


def _draw_outlines(
    axes: Axes,
    outlines: Sequence[DrawnZone],
    to_patch: Affine,
    zoom: int,
    labels: LabelPlacement,
) -> None:
    """Draw berths and piers, and the name of each pier at its topmost visible corner."""
    columns, rows = axes.get_xlim()[1], axes.get_ylim()[0]
    styles = {"berth": ("--", BERTH, 1.6), "pier": ("-", PIER, 2.0)}
    for outline in sorted(outlines, key=lambda one: one.kind):
        shape = transform_geometry(outline.shape, to_patch)
        style, colour, width = styles[outline.kind]
        for part in polygon_parts(shape):
            for ring in (part.exterior, *part.interiors):
                x, y = shapely.get_coordinates(ring).T
                axes.plot(x, y, style, color=colour, linewidth=width * POINT)
        corners = shapely.get_coordinates(shape.intersection(shapely.box(0, 0, columns, rows)))
        if outline.kind == "pier" and len(corners):
            topmost = corners[np.lexsort((corners[:, 0], corners[:, 1]))[0]]
            _label(axes, topmost, outline.name, PIER, zoom, labels)


def _draw_detections(
    axes: Axes,
    detections: Sequence[GeoreferencedDetection],
    to_patch: Affine,
    zoom: int,
    labels: LabelPlacement,
) -> None:
    """Draw thin boxes around containers, thicker ones with their length around hulls."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patheffects import withStroke

    thin = min(1.6, 0.8 + 0.2 * zoom)
    styles = {
        "on no pier": (NO_PIER, 1.0, "-"),
        "container": (CONTAINER, thin, "-"),
        "aboard": (ABOARD, thin, "-"),
        "hull on no pier": (HULL, 2.2, ":"),
        "hull": (HULL, 2.6, "-"),
    }
    for name, (colour, width, style) in styles.items():
        corners = [_corners(d, to_patch) for d in detections if _style_name(d) == name]
        shadow = [withStroke(linewidth=2.4 * POINT, foreground="black")]
        axes.add_collection(
            PolyCollection(
                corners, closed=True, facecolors="none", edgecolors=colour,
                linewidths=width * POINT, linestyles=style,
                path_effects=shadow if colour == NO_PIER else None,
            ),
            autolim=False,
        )  # fmt: skip
    for hull in (d for d in detections if d.kind == "hull"):
        ring = _corners(hull, to_patch)
        _label(axes, ring[ring[:, 1].argmin()], f"{hull.length_m:.0f} m", HULL, zoom, labels)


def _style_name(detection: GeoreferencedDetection) -> str:
    if detection.kind == "hull":
        return "hull on no pier" if detection.pier is None else "hull"
    if detection.pier is None:
        return "on no pier"
    return "aboard" if detection.aboard else "container"


def _corners(detection: GeoreferencedDetection, to_patch: Affine) -> Float64Array:
    return map_points(to_patch, np.array(detection.corners))


def _label(
    axes: Axes, at: Float64Array, text: str, colour: str, zoom: int, labels: LabelPlacement
) -> None:
    """Write `text` above `at`, moved so that all of it is visible and no other label is covered."""
    from matplotlib.patheffects import withStroke

    columns, rows = axes.get_xlim()[1], axes.get_ylim()[0]
    scale = max(1.0, columns * zoom / _TARGET_PX)
    width, height = 9.0 * len(text) * scale / zoom, 18.0 * scale / zoom
    if not (-width <= at[0] <= columns + width and -height <= at[1] <= rows + height):
        return
    x, y = labels.place(at[0], at[1] - 5 / zoom, width, height)
    axes.text(
        x, y, text, color=colour, fontsize=10 * scale, fontweight="bold", parse_math=False,
        path_effects=[withStroke(linewidth=2.5, foreground="black")],
    )  # fmt: skip


def _draw_scale(axes: Axes, metres_per_pixel: float, zoom: int, labels: LabelPlacement) -> None:
    """Draw a scale bar of a round length, at most a sixth of the width, at the lower left."""
    columns, rows = axes.get_xlim()[1], axes.get_ylim()[0]
    max_metres = metres_per_pixel * columns / 6
    if not (math.isfinite(max_metres) and max_metres > 0):
        return
    power = 10.0 ** math.floor(math.log10(max_metres))
    metres = next(step * power for step in (5, 2, 1) if step * power <= max_metres)
    left, bottom, length = 14 / zoom, rows - 14 / zoom, metres / metres_per_pixel
    for colour, width in (("black", 6.0), ("white", 3.0)):
        axes.plot(
            [left, left + length], [bottom, bottom], color=colour, linewidth=width * POINT,
            solid_capstyle="butt" if colour == "white" else "projecting",
        )  # fmt: skip
    _label(axes, np.array([left, bottom - 2 / zoom]), f"{metres:g} m", "white", zoom, labels)
