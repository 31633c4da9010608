"""Contact sheet: a sample of the images of a dataset with their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cv.labels.image_files import Bytes, read_size, read_window
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape
from cv.report.colours import BACKGROUND, LIGHT_FAINT, LIGHT_INK, LIGHT_RULE, class_colours
from cv.report.figures import DPI, pixel_axes, save_png, with_fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TILE_PX, _GAP_PX, _CAPTION_PX, _HEAD_PX = 400, 20, 50, 84
"""Side of a tile, space around it, height of its caption and of the header, pixels."""
_COLUMNS = 4
_WINDOW_PX = 800
"""Larger images are cropped to a square of this side around one of their objects."""
_NAME_CHARS = 42


@dataclass(frozen=True, eq=False)
class SheetTile:
    """One image of the sheet, or a crop of it."""

    image: LabelledImage
    """The image with all of its shapes."""
    box: tuple[int, int, int, int]
    """The shown part: left, top, right, bottom; pixels of the image."""
    pixels: Bytes
    """(height, width, 3) RGB as drawn."""

    @property
    def scale(self) -> float:
        """Drawn pixels per pixel of the image."""
        return float(self.pixels.shape[1] / (self.box[2] - self.box[0]))

    @property
    def shapes(self) -> list[LabelledShape]:
        """The shapes with a visible centre."""
        low, high = np.array(self.box[:2]), np.array(self.box[2:])
        return [
            shape
            for shape in self.image.shapes
            if np.all((low <= shape.outline.mean(axis=0)) & (shape.outline.mean(axis=0) <= high))
        ]


@with_fonts
def draw_contact_sheet(
    dataset: LabelledDataset,
    pictures: Sequence[tuple[LabelledImage, Path]],
    path: str | Path,
    chips: int = 12,
    seed: int = 0,
) -> None:
    """Write a random sample of labelled images as the PNG file `path`.

    Images larger than 800 px are cropped around a random object.

    Args:
        dataset: The dataset.
        pictures: Its images and their files.
        path: The PNG file.
        chips: Number of images.
        seed: Seed of the random choices.

    Raises:
        DatasetError: An image cannot be read.
        InputError: `path` cannot be written.
    """
    from matplotlib.figure import Figure

    rng = np.random.default_rng(seed)
    chosen = sorted(rng.permutation(len(pictures))[:chips])
    tiles = [_tile(pictures[i][0], pictures[i][1], rng) for i in chosen]
    columns = min(_COLUMNS, max(len(tiles), 2))
    rows = -(-len(tiles) // columns)
    width = columns * (_TILE_PX + _GAP_PX) + _GAP_PX
    height = _HEAD_PX + rows * (_TILE_PX + _CAPTION_PX + _GAP_PX)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=BACKGROUND)
    colours = class_colours(dataset.classes)
    _draw_header(pixel_axes(figure, (0, 0, width, _HEAD_PX)), dataset, colours, len(tiles))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        left = _GAP_PX + column * (_TILE_PX + _GAP_PX)
        top = _HEAD_PX + row * (_TILE_PX + _CAPTION_PX + _GAP_PX)
        axes = pixel_axes(figure, (left, top, _TILE_PX, _TILE_PX + _CAPTION_PX))
        _draw_tile(axes, tile, colours)
    save_png(figure, path)


def _tile(image: LabelledImage, path: Path, rng: np.random.Generator) -> SheetTile:
    width, height = read_size(path)
    side = (min(width, _WINDOW_PX), min(height, _WINDOW_PX))
    center = np.array([width, height]) / 2
    if image.shapes and max(width, height) > _WINDOW_PX:
        center = image.shapes[rng.integers(len(image.shapes))].outline.mean(axis=0)
    corner = np.clip(center - np.array(side) / 2, 0, np.array([width, height]) - side)
    left, top = corner.astype(int).tolist()
    box = (left, top, left + side[0], top + side[1])
    scale = _TILE_PX / max(side)
    size = max(1, round(side[0] * scale)), max(1, round(side[1] * scale))
    return SheetTile(image, box, read_window(path, box, size))


def _draw_header(
    axes: Axes, dataset: LabelledDataset, colours: Mapping[str, str], shown: int
) -> None:
    """Write the number of images, and number and colour of each class."""
    counts = Counter(shape.kind for image in dataset.images for shape in image.shapes)
    text = f"{shown} of {len(dataset.images):,} images".replace(",", " ")
    x = float(_GAP_PX)
    axes.text(x, 30, text, color=LIGHT_INK, fontsize=14, fontweight="bold", va="center")
    for kind, colour in colours.items():
        axes.plot([x + 1, x + 19], [60, 60], color=colour, linewidth=5, solid_capstyle="butt")
        words = f"{kind}  {counts[kind]:,}".replace(",", " ")
        axes.text(x + 28, 60, words, color=LIGHT_INK, fontsize=10.5, va="center", parse_math=False)
        x += 64 + 8.2 * len(words)
    note = "counts below a tile are those of the shown part; dotted: ignored"
    right = axes.get_xlim()[1] - _GAP_PX
    axes.text(right, 30, note, color=LIGHT_FAINT, fontsize=9.5, va="center", ha="right")


def _draw_tile(axes: Axes, tile: SheetTile, colours: Mapping[str, str]) -> None:
    """Draw the pixels, the outlines on them, and the caption."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import Bbox, TransformedBbox

    height, width = tile.pixels.shape[:2]
    left, top = (_TILE_PX - width) / 2, (_TILE_PX - height) / 2
    axes.imshow(
        tile.pixels, extent=(left, left + width, top + height, top), interpolation="nearest",
        aspect="auto",
    )  # fmt: skip
    axes.set_xlim(0, _TILE_PX)
    axes.set_ylim(_TILE_PX + _CAPTION_PX, 0)
    axes.add_patch(Rectangle((0, 0), _TILE_PX, _TILE_PX, fill=False, edgecolor=LIGHT_RULE))
    visible = Bbox.from_extents(left, top, left + width, top + height)
    for kind, colour in colours.items():
        for ignored, style in ((False, "-"), (True, ":")):
            rings = [
                (shape.outline - np.array(tile.box[:2])) * tile.scale + np.array([left, top])
                for shape in tile.image.shapes
                if shape.kind == kind and shape.ignore is ignored
            ]
            outlines = PolyCollection(
                rings, closed=True, facecolors="none", edgecolors=colour, linewidths=0.9,
                linestyles=style,
            )  # fmt: skip
            outlines.set_clip_box(TransformedBbox(visible, axes.transData))
            axes.add_collection(outlines, autolim=False)
    _caption(axes, tile)


def _caption(axes: Axes, tile: SheetTile) -> None:
    name = tile.image.name
    name = name if len(name) <= _NAME_CHARS else f"…{name[1 - _NAME_CHARS :]}"
    counts = Counter(shape.kind for shape in tile.shapes)
    words = [f"{count} {kind}" for kind, count in sorted(counts.items())] or ["no objects"]
    if tile.image.split:
        words.append(tile.image.split)
    if tile.image.size is not None and tile.box[2:] != tile.image.size:
        left, top, *_ = tile.box
        words.append(f"at {left}, {top} of {tile.image.size[0]} x {tile.image.size[1]}")
    lines = (14, name, LIGHT_INK, 9.5), (33, "  ·  ".join(words), LIGHT_FAINT, 9)
    for y, text, colour, size in lines:
        axes.text(0, _TILE_PX + y, text, color=colour, fontsize=size, va="center", parse_math=False)
