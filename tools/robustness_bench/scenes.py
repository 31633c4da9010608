"""The scenes of the bench: labelled real windows, rendered chips, and whole images."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import shapely
from affine import Affine
from labelled_scenes import CONTAINER, HULL, labelled_samples
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from cv import Scene
from cv.evaluation.image_evaluation import EvaluationSample
from cv.geometry.oriented_boxes import map_points
from cv.synthetic.chip_renderer import CHIP, FINE_GSD, RenderedChip, render_chip
from cv.synthetic.render_config import DEFAULT
from robustness_bench.pier_view import PierView, number_inside

T = TypeVar("T")

FIRST_VIEW, FIRST_GOOD = 9_850_000, 9_870_000
"""First seeds of the rendered views and of the good rendered chips; nothing else uses them."""
WINDOW_M, CONTEXT_M = 100.0, 35.0
"""Largest side of a pier cut from a real region, and the image around it, metres."""
WINDOWS_PER_IMAGE = 2
MIN_CONTAINERS = 8
"""A rendered chip, and a window of a region with containers, has at least so many."""
_BARE_M = 28.0
"""Margin of a rendered chip outside of its pier, metres."""
_ROOF_VISIBLE = 0.45
"""A rendered container counts from this visible share of its roof on."""
_MAX_BLACK = 0.002
"""Rendered chips with more black pixels have an end of swath."""
_DECKS = ("pexels-tomfisk-3057963",)
"""Labelled images whose containers stand on the deck of a ship, and on no pier."""


@dataclass(frozen=True)
class WholeImage:
    """An image that is counted whole, as it is."""

    group: str
    """"good real", "good rendered", "negative", or the kind of a picture."""
    name: str
    path: Path
    gsd_m: tuple[float, float] | None
    """None for a georeferenced image."""
    empty: bool
    """Whether it certainly shows no container."""


def real_views(root: Path) -> Iterator[PierView]:
    """Yield up to WINDOWS_PER_IMAGE windows of each region whose containers are labelled.

    Of the cells of a grid over a region those with most containers are taken.
    """
    for sample in labelled_samples(root):
        if sample.kind == CONTAINER and sample.name not in _DECKS:
            yield from _windows(sample)


def _windows(sample: EvaluationSample) -> Iterator[PierView]:
    with Scene.open(sample.path, sample.gsd_m) as scene:
        gsd = scene.grid.local_plane().gsd_m
        rows, columns = scene.grid.shape
        image = scene.read(Affine.identity(), (rows, columns)).rgb
    to_ground = Affine.scale(*gsd)
    whole = shapely.box(0, 0, columns, rows)
    region = whole if sample.region is None else sample.region.intersection(whole)
    region = affine_transform(region, (gsd[0], 0, 0, gsd[1], 0, 0))
    corners = map_points(to_ground, sample.truth.corners())
    cells = [cell for cell in _cells(region) if not cell.is_empty]
    ranked = sorted(cells, key=lambda cell: -number_inside(cell, corners))
    wanted = MIN_CONTAINERS if len(corners) else 0
    kept = [cell for cell in ranked if number_inside(cell, corners) >= wanted]
    for number, outline in enumerate(kept[: WINDOWS_PER_IMAGE if wanted else 1]):
        yield PierView(
            name=f"{sample.name}/{number}",
            source="real",
            image=image,
            to_ground=to_ground,
            outline=outline,
            containers=corners,
            truth=number_inside(outline, corners),
        ).cropped(CONTEXT_M)


def _cells(region: BaseGeometry) -> Iterator[BaseGeometry]:
    """Yield the parts of `region` in the cells of a grid of at most WINDOW_M."""
    left, top, right, bottom = region.bounds
    across = max(1, int(np.ceil((right - left) / WINDOW_M)))
    down = max(1, int(np.ceil((bottom - top) / WINDOW_M)))
    x, y = np.linspace(left, right, across + 1), np.linspace(top, bottom, down + 1)
    for i, j in itertools.product(range(across), range(down)):
        yield region.intersection(shapely.box(x[i], y[j], x[i + 1], y[j + 1]))


def rendered_views(number: int) -> Iterator[PierView]:
    """Yield `number` clear rendered chips with containers, and no ship, on their pier.

    Where a ship lies on an outline, the outline is wrong; its deck cargo is not the pier's.
    """
    found = 0
    for chip in clear_chips(FIRST_VIEW):
        if found == number:
            return
        view = _view_of(chip)
        if view.truth >= MIN_CONTAINERS and not _ships_on_pier(chip, view):
            found += 1
            yield view


def clear_chips(first: int) -> Iterator[RenderedChip]:
    """Yield fine chips from seed `first` on without weather and end of swath."""
    for seed in itertools.count(first):
        chip = render_chip(seed, coarse=False, config=replace(DEFAULT, weather=0.0))
        if float((chip.image == 0).all(axis=2).mean()) <= _MAX_BLACK:
            yield chip


def _ships_on_pier(chip: RenderedChip, view: PierView) -> bool:
    ships = [label.corners for label in chip.labels if label.class_name == HULL]
    return any(shapely.Polygon(corners).intersects(view.outline_px) for corners in ships)


def _view_of(chip: RenderedChip) -> PierView:
    side = CHIP * FINE_GSD
    outline = shapely.box(_BARE_M, _BARE_M, side - _BARE_M, side - _BARE_M)
    roofs = [
        label.corners * FINE_GSD
        for label in chip.labels
        if label.class_name == CONTAINER and label.visible >= _ROOF_VISIBLE
    ]
    corners = np.array(roofs, np.float64).reshape(-1, 4, 2)
    return PierView(
        name=f"rendered {chip.seed}",
        source="rendered",
        image=chip.image,
        to_ground=Affine.scale(FINE_GSD),
        outline=outline,
        containers=corners,
        truth=number_inside(outline, corners),
    )


def good_real_images(root: Path) -> list[WholeImage]:
    """Return every real image with labels of containers or hulls, once."""
    images = {
        sample.path: WholeImage("good real", sample.name, sample.path, sample.gsd_m, empty=False)
        for sample in labelled_samples(root)
    }
    return list(images.values())


def good_rendered_images(folder: Path, number: int) -> Iterator[WholeImage]:
    """Yield `number` clear rendered chips, written to `folder`."""
    for chip in itertools.islice(clear_chips(FIRST_GOOD), number):
        path = folder / f"good_{chip.seed}.png"
        cv2.imwrite(str(path), chip.image[..., ::-1])
        yield WholeImage("good rendered", path.stem, path, (FINE_GSD, FINE_GSD), empty=False)


def negative_images(root: Path) -> list[WholeImage]:
    """Return the chips of land use without containers."""
    gsd = (0.3048, 0.3048)
    paths = sorted((root / "negatives").glob("*/*.jpg"))
    return [WholeImage("negative", path.stem, path, gsd, empty=True) for path in paths]


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """Return at most `limit` of `items`, evenly spread."""
    if limit is None or len(items) <= limit:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, limit).round().astype(int)]
