"""The labelled real images as labelled_samples: where they lie, their scale, and what is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cv.errors import InputError
from cv.evaluation.image_evaluation import EvaluationSample
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.labels import block_labels
from cv.labels.dataset_statistics import boxes_of
from cv.labels.label_documents import read_documents
from cv.labels.labelled_image import dataset_of
from cv.labels.outline_edits import to_rectangles

OWN_LABELS = Path(__file__).resolve().parent / "labels"
"""Labels that were drawn for this repository."""
TRAINED_ON = (
    "osm_way_204035532_rd_0.25m",
    "osm_way_450553995_rd_0.25m",
    "osm_way_822818454_rd_0.25m",
)
"""Images that released models are trained on (CC BY 4.0): they are no labelled_samples."""
CONTAINER, HULL = block_labels.CONTAINER, block_labels.HULL
SHIPS_GSD_M = 0.8
"""Assumed for `ships/`, whose images say nothing of it; their publisher states 0.3 to 0.8 m."""
MIN_HULL_M = 48.0
"""Hulls at least this long are judged (60 pixels of `ships/`): shorter ones are boats."""
EDGE_PX = 4.0
"""A hull so near to the edge of the image is cut by it: most such hulls are not labelled, and
those that are (or are found) are not judged."""


def labelled_samples(root: Path) -> Iterator[EvaluationSample]:
    """Every labelled image under `root`, once for each class that is labelled in it; InputError."""
    if not (root / "labels").is_dir():
        raise InputError(
            root, "it has no folder `labels`", "the folder of real scenes is needed", "Name it."
        )
    yield _mosaic(root)
    for folder in (root / "labels", OWN_LABELS):
        for path in sorted(folder.glob("*.json")):
            if path.stem not in TRAINED_ON:
                yield from _surveyed(root, path)
    for path in sorted((root / "ships").glob("*.txt")):
        gsd = (SHIPS_GSD_M, SHIPS_GSD_M)
        yield _hulls(f"ships/{path.stem}", path.with_suffix(".jpg"), gsd, _corner_lines(path))


def _mosaic(root: Path) -> EvaluationSample:
    name = "euromax_gate_mosaic"
    truth = _corner_lines(root / "labels" / f"{name}.dota.txt")
    path = root / "geotiff" / f"{name}_rd_0.25m.tif"
    return EvaluationSample(name, path, None, CONTAINER, truth)


def _corner_lines(path: Path) -> OrientedBoxes:
    lines = [line.split()[:8] for line in path.read_text().splitlines() if line.strip()]
    return OrientedBoxes.from_corners(np.array(lines, dtype=float).reshape(-1, 4, 2))


def _surveyed(root: Path, path: Path) -> Iterator[EvaluationSample]:
    """Containers where any are labelled or nothing is; hulls where any are."""
    survey = block_labels.parse(next(read_documents(path, ".json")))
    dataset = dataset_of([survey.image], path)
    containers = boxes_of(dataset, CONTAINER)
    hulls = boxes_of(to_rectangles(dataset).dataset, HULL)
    located = survey.image.name.endswith(".tif")
    image = root / ("geotiff" if located else "images") / survey.image.name
    gsd = None if located else survey.gsd_m
    if len(containers) or not len(hulls):
        yield EvaluationSample(path.stem, image, gsd, CONTAINER, containers, survey.region)
    if len(hulls):
        yield _hulls(path.stem, image, survey.gsd_m, hulls)


def _hulls(
    name: str, path: Path, gsd_m: tuple[float, float], truth: OrientedBoxes
) -> EvaluationSample:
    return EvaluationSample(name, path, gsd_m, HULL, truth, None, MIN_HULL_M, EDGE_PX)
