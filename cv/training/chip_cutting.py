"""Cut labelled large images into training chips of one ground sampling distance."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.errors import DatasetError
from cv.geometry.oriented_boxes import map_points
from cv.geometry.tiling import Tiling
from cv.io.terminal_text import quantity
from cv.labels import yolo_obb
from cv.labels.block_labels import PartialLabels
from cv.labels.label_formats import ImagePaths, describe_missing, find_image
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape
from cv.labels.outline_edits import with_split
from cv.scene.raster_header import read_header
from cv.scene.scene import Scene
from cv.training.geometric_jitter import Bytes, crop_box

MIN_LABELLED = 0.5
"""Smallest share of a chip that must be labelled image; chips with less are not written."""


@dataclass(frozen=True, kw_only=True)
class ChipCutting:
    """How large images are cut into chips."""

    gsd_m: float
    """Ground sampling distance of the chips, metres a pixel."""
    side_px: int = 640
    """Side of a chip, pixels."""
    overlap_px: int = 0
    """Pixels that neighbouring chips share."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceImage:
    """A labelled image and its pixels; outlines are rectangles (see `to_rectangles`)."""

    labels: LabelledImage
    """Its objects; `split` is the split of all of its chips."""
    path: Path
    """The image: whatever `Scene.open` reads."""
    gsd_m: tuple[float, float] | None = None
    """Metres a pixel along x and y of an image without georeference."""
    region: BaseGeometry | None = None
    """Where all objects are labelled, pixels; None: everywhere. The rest of a chip is black."""


@dataclass(frozen=True, eq=False)
class Chip:
    """One chip."""

    image: Bytes
    """(side, side, 3) RGB; black where there is no labelled image."""
    labels: LabelledImage
    """Its name, split and objects, cut to the chip."""


def find_sources(
    dataset: LabelledDataset,
    paths: ImagePaths,
    gsd_m: tuple[float, float] | None = None,
    partial: Mapping[str, PartialLabels] | None = None,
) -> list[SourceImage]:
    """Return the images of `dataset`, of rectangles, that `paths` has; DatasetError if none.

    `gsd_m` holds for images without georeference whose labels declare none. `partial`, by image
    name, has the labelled regions of images that are labelled in part.
    """
    sources = []
    for labels in dataset.images:
        path = find_image(labels, paths)
        if path is None:
            continue
        part = partial.get(labels.name) if partial else None
        declared = part.gsd_m if part else (labels.gsd_m and (labels.gsd_m, labels.gsd_m))
        gsd = None if read_header(path).georeferenced else declared or gsd_m
        region = part.region if part else None
        sources.append(SourceImage(labels=labels, path=path, gsd_m=gsd, region=region))
    if not sources:
        found = f"none of its images was found: {describe_missing(dataset.images, paths)}"
        raise DatasetError("dataset", found, "they are cut", "Name --images FOLDER.")
    return sources


def cut_dataset(
    sources: Sequence[SourceImage],
    classes: tuple[str, ...],
    out: Path,
    cutting: ChipCutting,
    val_every: int = 10,
) -> LabelledDataset:
    """Write the chips of all `sources` as a new YOLO-OBB dataset in the folder `out`.

    Chips of an image with a split get that split; of the others each `val_every`-th goes to "val".
    Raises DatasetError where `out` exists, no chip has enough labelled image, or a part is empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        labels = []
        for source in sources:
            for chip in cut_image(source, cutting):
                cv2.imwrite(str(Path(folder) / chip.labels.name), chip.image[..., ::-1])
                labels.append(chip.labels)
        if not labels:
            side_m = cutting.side_px * cutting.gsd_m
            limit = f"{MIN_LABELLED:.0%} of a chip of {side_m:g} m must be labelled image"
            remedy = "Cut at a smaller GSD, or label a larger part of the images."
            raise DatasetError(out, "no chip was cut", limit, remedy)
        dataset = with_split(LabelledDataset(classes, tuple(labels)), val_every)
        if missing := {"train", "val"} - {image.split for image in dataset.images}:
            empty = " and ".join(sorted(missing))
            found = f"{quantity(len(labels), 'chip')}, {empty} would be empty"
            limit = "training needs chips in train and val"
            remedy = (
                f"With fewer than {val_every} chips use --val-every 2, or a smaller --side."
                if len(labels) < val_every
                else "Change --val-every, or add images of that part."
            )
            raise DatasetError(out, found, limit, remedy)
        yolo_obb.write_yolo(dataset, out, lambda image: Path(folder) / image.name)
    return dataset


def cut_image(source: SourceImage, cutting: ChipCutting) -> Iterator[Chip]:
    """Yield the chips of one image, row by row; raises SceneError."""
    with Scene.open(source.path, source.gsd_m) as scene:
        gsd_x, gsd_y = scene.grid.local_plane().gsd_m
        rows, columns = scene.grid.shape
        to_source = Affine.scale(cutting.gsd_m / gsd_x, cutting.gsd_m / gsd_y)
        extent = shapely.box(0, 0, columns * gsd_x / cutting.gsd_m, rows * gsd_y / cutting.gsd_m)
        name = source.labels.stem.replace("/", "_")
        for tile in Tiling(cutting.side_px, cutting.overlap_px).tiles(extent):
            to_pixel = to_source @ Affine.translation(tile.x0, tile.y0)
            stem = f"{name}_x{tile.x0}_y{tile.y0}"
            chip = make_chip(scene, source, to_pixel, stem, cutting)
            if chip is not None:
                yield chip


def make_chip(
    scene: Scene, source: SourceImage, to_pixel: Affine, stem: str, cutting: ChipCutting
) -> Chip | None:
    """Return the chip whose pixels `to_pixel` maps to `scene`; None where too little is labelled.

    Pixels of objects marked `ignore` are black, as a YOLO-OBB file cannot mark them.
    """
    side = cutting.side_px
    patch = scene.read(to_pixel, (side, side))
    labelled = patch.valid_mask.copy()
    if source.region is not None:
        labelled &= region_mask(source.region, to_pixel, side)
    to_chip = ~to_pixel
    shapes = []
    for shape in source.labels.shapes:
        outline = map_points(to_chip, shape.outline)
        if shape.ignore:
            labelled &= ~region_mask(shapely.Polygon(shape.outline), to_pixel, side)
        elif (part := crop_box(outline, (side, side))) is not None:
            shapes.append(LabelledShape(shape.kind, part))
    if labelled.mean() < MIN_LABELLED:
        return None
    split, name = source.labels.split, f"{stem}.png"
    labels = LabelledImage(name, (side, side), tuple(shapes), cutting.gsd_m, split)
    return Chip(np.where(labelled[..., None], patch.rgb, 0).astype(np.uint8), labels)


def region_mask(region: BaseGeometry, to_pixel: Affine, side: int) -> NDArray[np.bool_]:
    """Return the mask (side, side) of a chip's pixels in `region`, given in pixels of the image."""
    mask = np.zeros((side, side), np.uint8)
    for part in shapely.get_parts(region):
        for ring, value in ((part.exterior, 1), *((hole, 0) for hole in part.interiors)):
            corners = map_points(~to_pixel, np.array(ring.coords))
            cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], (value,))
    return mask.astype(bool)
