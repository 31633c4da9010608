"""Contact sheet: a sample of the images of a dataset with their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cv.labels.image_files import read_size, read_window
from cv.labels.labelled_image import LabelledDataset, LabelledImage
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
    columns = min(_COLUMNS, max(len(chosen), 2))
    rows = -(-len(chosen) // columns)
    width = columns * (_TILE_PX + _GAP_PX) + _GAP_PX
    height = _HEAD_PX + rows * (_TILE_PX + _CAPTION_PX + _GAP_PX)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=BACKGROUND)
    colours = class_colours(dataset.classes)
    _draw_header(pixel_axes(figure, (0, 0, width, _HEAD_PX)), dataset, colours, len(chosen))
    for number, i in enumerate(chosen):
        row, column = divmod(number, columns)
        left = _GAP_PX + column * (_TILE_PX + _GAP_PX)
        top = _HEAD_PX + row * (_TILE_PX + _CAPTION_PX + _GAP_PX)
        image, file = pictures[i]
        axes = pixel_axes(figure, (left, top, _TILE_PX, _TILE_PX))
        box = _shown_part(image, read_size(file), rng)
        _draw_tile(axes, image, file, box, colours)
        _write_caption(axes, image, box)
    save_png(figure, path)


def _shown_part(
    image: LabelledImage, size: tuple[int, int], rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the image, or of a crop around one of its objects."""
    center = np.array(size) / 2
    if image.shapes and max(size) > _WINDOW_PX:
        center = image.shapes[rng.integers(len(image.shapes))].outline.mean(axis=0)
    side = np.minimum(size, _WINDOW_PX)
    corner = np.clip(center - side / 2, 0, size - side).astype(int)
    (left, top), (right, bottom) = corner.tolist(), (corner + side).tolist()
    return left, top, right, bottom


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


def _draw_tile(
    axes: Axes,
    image: LabelledImage,
    file: Path,
    box: tuple[int, int, int, int],
    colours: Mapping[str, str],
) -> None:
    """Draw the part `box` of an image in the middle of `axes`, with the outlines on it."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Rectangle

    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    drawn = [max(1, round(length * _TILE_PX / side)) for length in (right - left, bottom - top)]
    pixels = read_window(file, box, (drawn[0], drawn[1]))
    axes.imshow(pixels, extent=(left, right, bottom, top), interpolation="nearest", aspect="auto")
    axes.set_xlim((left + right - side) / 2, (left + right + side) / 2)
    axes.set_ylim((top + bottom + side) / 2, (top + bottom - side) / 2)
    frame = Rectangle((0, 0), 1, 1, fill=False, edgecolor=LIGHT_RULE, transform=axes.transAxes)
    axes.add_patch(frame)
    for kind, colour in colours.items():
        for ignored, style in ((False, "-"), (True, ":")):
            shapes = [s for s in image.shapes if s.kind == kind and s.ignore is ignored]
            outlines = PolyCollection(
                [shape.outline for shape in shapes], closed=True, facecolors="none",
                edgecolors=colour, linewidths=0.9, linestyles=style,
            )  # fmt: skip
            axes.add_collection(outlines, autolim=False)


def _write_caption(axes: Axes, image: LabelledImage, box: tuple[int, int, int, int]) -> None:
    """Write the name of the image, and the numbers of objects with a visible centre."""
    name = image.name if len(image.name) <= _NAME_CHARS else f"…{image.name[1 - _NAME_CHARS :]}"
    centers = [(shape.kind, shape.outline.mean(axis=0)) for shape in image.shapes]
    visible = (k for k, at in centers if (at >= box[:2]).all() and (at <= box[2:]).all())
    words = [f"{count} {kind}" for kind, count in sorted(Counter(visible).items())]
    words = words or ["no objects"]
    if image.split:
        words.append(image.split)
    if image.size is not None and box[2:] != image.size:
        words.append(f"at {box[0]}, {box[1]} of {image.size[0]} x {image.size[1]}")
    lines = (14, name, LIGHT_INK, 9.5), (33, "  ·  ".join(words), LIGHT_FAINT, 9)
    for y, text, colour, size in lines:
        axes.text(
            0, -y / _TILE_PX, text, color=colour, fontsize=size, va="center", parse_math=False,
            transform=axes.transAxes,
        )  # fmt: skip
