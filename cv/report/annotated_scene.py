"""An annotated scene: what was seen where, and what was counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from cv.counting.counts import SceneCounts
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.geometry.oriented_boxes import Floats, map_points
from cv.geometry.patch import Patch
from cv.report.antimeridian import polygon_parts
from cv.report.caption import BACKGROUND, MIN_WIDTH_PX, caption_height, draw_caption
from cv.report.fonts import fonts_for_any_script
from cv.report.output_file import report_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 100
_POINT = 72 / _DPI
"""A pixel in points, the unit of line widths."""
_WANTED_PX, _LARGEST_ZOOM = 1600, 6
"""A scene whose longer side has fewer pixels is magnified, each pixel at most so often."""
_BOX, _ABOARD, _LOOSE, _HULL = "#ffe600", "#ff1fc7", "#ffffff", "#00e5ff"
_PIER, _BERTH = "#ff7a1a", "#7fb2ff"
_KEY = (
    ("container", _BOX, "-"),
    ("container aboard", _ABOARD, "-"),
    ("on no pier", _LOOSE, "-"),
    ("hull", _HULL, "-"),
    ("pier", _PIER, "-"),
    ("berth", _BERTH, "--"),
)
_STRIPES = np.array([[96, 96, 100], [128, 128, 132]], dtype=np.uint8)
"""Colours of what was not seen."""


class DrawnZone(NamedTuple):
    """A place to draw."""

    name: str
    """Written beside a pier."""
    shape: BaseGeometry
    """Polygons in pixels (x, y) of the scene as delivered."""
    kind: str
    """ "pier" or "berth"."""


@fonts_for_any_script
def draw_scene(
    patch: Patch,
    to_pixel: Affine,
    counts: SceneCounts,
    outlines: Sequence[DrawnZone],
    path: str | Path,
) -> None:
    """`patch` as a PNG with outlines, sightings and a caption that tells the count of each pier.

    `to_pixel` maps pixels (x, y) of `patch` to those of the scene. Small patches are magnified by a
    whole number, without blur; what was not seen is striped. Raises InputError where `path` cannot
    be written.
    """
    from matplotlib.figure import Figure

    rows, columns = patch.valid_mask.shape
    zoom = min(_LARGEST_ZOOM, math.ceil(_WANTED_PX / max(rows, columns)))
    width = max(columns * zoom, MIN_WIDTH_PX)
    scale = max(1.0, width / _WANTED_PX)
    height = rows * zoom + math.ceil(caption_height(counts) * scale)
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=BACKGROUND)
    left = (width - columns * zoom) // 2
    figure.figimage(_pixels(patch, zoom), left, height - rows * zoom, origin="upper", zorder=-1)
    axes = _axes(figure, (left, 0, columns * zoom, rows * zoom), (columns, rows))
    to_patch: Affine = ~to_pixel
    _draw_outlines(axes, outlines, to_patch, zoom)
    _draw_sightings(axes, counts.detections, to_patch, zoom)
    if len(counts):
        gsd_x, gsd_y = counts[0].gsd_m
        _draw_scale(axes, math.hypot(to_pixel.a * gsd_x, to_pixel.d * gsd_y), zoom)
    below = (0, rows * zoom, width, height - rows * zoom)
    caption = _axes(figure, below, (width / scale, (height - rows * zoom) / scale))
    draw_caption(caption, counts, _KEY, scale)
    with report_path(path) as draft:
        figure.savefig(draft, format="png", dpi=_DPI, metadata={"Software": None})


def _axes(
    figure: Figure, place: tuple[float, float, float, float], size: tuple[float, float]
) -> Axes:
    """Axes at `place` (left, top, width, height in pixels), `size` units wide and high, y down."""
    width, height = figure.get_size_inches() * _DPI
    x, y, w, h = place
    axes = figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))
    axes.set_axis_off()
    axes.set_xlim(0, size[0])
    axes.set_ylim(size[1], 0)
    axes.set_autoscale_on(False)
    return axes


def _pixels(patch: Patch, zoom: int) -> NDArray[np.uint8]:
    """The magnified patch; stripes where it was not seen."""
    rgb = patch.rgb.repeat(zoom, axis=0).repeat(zoom, axis=1)
    seen = patch.valid_mask.repeat(zoom, axis=0).repeat(zoom, axis=1)
    y, x = (np.arange(size, dtype=np.uint16) for size in seen.shape)
    stripes = _STRIPES[(y[:, None] + x) // 8 % 2]
    pixels: NDArray[np.uint8] = np.where(seen[..., None], rgb, stripes)
    return pixels


def _draw_outlines(axes: Axes, outlines: Sequence[DrawnZone], to_patch: Affine, zoom: int) -> None:
    """Piers and berths; a pier's name stands at its topmost visible corner."""
    a = to_patch
    columns, rows = axes.get_xlim()[1], axes.get_ylim()[0]
    for outline in sorted(outlines, key=lambda one: one.kind):
        shape = affinity.affine_transform(outline.shape, [a.a, a.b, a.d, a.e, a.c, a.f])
        pier = outline.kind == "pier"
        for part in polygon_parts(shape):
            for ring in (part.exterior, *part.interiors):
                x, y = shapely.get_coordinates(ring).T
                axes.plot(
                    x, y, "-" if pier else "--", color=_PIER if pier else _BERTH,
                    linewidth=(2.0 if pier else 1.6) * _POINT,
                )  # fmt: skip
        inside = shape.intersection(shapely.box(0, 0, columns, rows))
        if pier and not inside.is_empty:
            corners = shapely.get_coordinates(inside)
            at = corners[np.lexsort((corners[:, 0], corners[:, 1]))[0]]
            _label(axes, at, outline.name, _PIER, zoom)


def _draw_sightings(
    axes: Axes, sightings: Sequence[GeoreferencedDetection], to_patch: Affine, zoom: int
) -> None:
    """Thin boxes around containers, thicker ones with their length around hulls."""
    thin = min(1.6, 0.8 + 0.2 * zoom)
    kinds: tuple[tuple[Callable[[GeoreferencedDetection], bool], str, float, str], ...] = (
        (lambda s: s.kind != "hull" and s.pier is None, _LOOSE, 1.0, "-"),
        (lambda s: s.kind != "hull" and s.pier is not None and not s.aboard, _BOX, thin, "-"),
        (lambda s: s.kind != "hull" and s.pier is not None and s.aboard, _ABOARD, thin, "-"),
        (lambda s: s.kind == "hull" and s.pier is None, _HULL, 2.2, ":"),
        (lambda s: s.kind == "hull" and s.pier is not None, _HULL, 2.6, "-"),
    )
    from matplotlib.collections import PolyCollection
    from matplotlib.patheffects import withStroke

    for chosen, colour, width, style in kinds:
        corners = [_corners(s, to_patch) for s in sightings if chosen(s)]
        shadow = [withStroke(linewidth=2.4 * _POINT, foreground="black")]
        axes.add_collection(
            PolyCollection(
                corners, closed=True, facecolors="none", edgecolors=colour,
                linewidths=width * _POINT, linestyles=style,
                path_effects=shadow if colour == _LOOSE else None,
            ),
            autolim=False,
        )  # fmt: skip
    for sighting in sightings:
        if sighting.kind == "hull":
            corners_of = _corners(sighting, to_patch)
            top = corners_of[corners_of[:, 1].argmin()]
            _label(axes, top, f"{sighting.length_m:.0f} m", _HULL, zoom)


def _corners(sighting: GeoreferencedDetection, to_patch: Affine) -> Floats:
    return map_points(to_patch, np.array(sighting.corners))


def _label(axes: Axes, at: Floats, text: str, colour: str, zoom: int) -> None:
    """`text` above `at`, moved into the picture where it would leave it."""
    from matplotlib.patheffects import withStroke

    columns, rows = axes.get_xlim()[1], axes.get_ylim()[0]
    scale = max(1.0, columns * zoom / _WANTED_PX)
    wide, high = 9.0 * len(text) * scale / zoom, 18.0 * scale / zoom
    if not (-wide <= at[0] <= columns + wide and -high <= at[1] <= rows + high):
        return
    x = min(max(at[0], 6 / zoom), max(columns - wide, 6 / zoom))
    y = min(max(at[1] - 5 / zoom, high), rows - 6 / zoom)
    axes.text(
        x, y, text, color=colour, fontsize=10 * scale, fontweight="bold", parse_math=False,
        path_effects=[withStroke(linewidth=2.5, foreground="black")],
    )  # fmt: skip


def _draw_scale(axes: Axes, metres_a_pixel: float, zoom: int) -> None:
    """A bar of a round length, a sixth of the picture or less, at the lower left."""
    columns, rows = axes.get_xlim()[1], axes.get_ylim()[0]
    room = metres_a_pixel * columns / 6
    if not (math.isfinite(room) and room > 0):
        return
    power = 10.0 ** math.floor(math.log10(room))
    metres = next(step * power for step in (5, 2, 1) if step * power <= room)
    left, bottom, length = 14 / zoom, rows - 14 / zoom, metres / metres_a_pixel
    for colour, width in (("black", 6.0), ("white", 3.0)):
        axes.plot(
            [left, left + length], [bottom, bottom], color=colour, linewidth=width * _POINT,
            solid_capstyle="butt" if colour == "white" else "projecting",
        )  # fmt: skip
    _label(axes, np.array([left, bottom - 2 / zoom]), f"{metres:g} m", "white", zoom)
