"""The labelled real images: their paths, scales and labels, as samples to evaluate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cv.detector.detector import Detector
from cv.errors import InputError
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation, evaluate_image
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.labels import block_labels
from cv.labels.dataset_statistics import boxes_of_class
from cv.labels.label_files import read_label_texts
from cv.labels.labelled_image import make_dataset
from cv.labels.outline_edits import to_rectangles

OWN_LABELS = Path(__file__).resolve().parent / "labels"
"""Labels that were drawn for this repository."""
TRAINED_ON = (
    "osm_way_204035532_rd_0.25m",
    "osm_way_450553995_rd_0.25m",
    "osm_way_822818454_rd_0.25m",
)
"""Images that released models are trained on (CC BY 4.0); they are not evaluated."""
CONTAINER, HULL = block_labels.CONTAINER, block_labels.HULL
SHIPS_GSD_M = 0.8
"""Assumed for `ships/`, whose images do not declare it; their publisher states 0.3 to 0.8 m."""
MIN_HULL_M = 48.0
"""Hulls from this length on are evaluated (60 pixels of `ships/`); shorter ones are boats."""
EDGE_PX = 4.0
"""Hulls this close to the edge are cut by it: most of them are not labelled, and those that are
labelled or detected are not evaluated."""


def labelled_samples(root: Path) -> Iterator[EvaluationSample]:
    """Yield every labelled image under `root`, once for each class labelled in it.

    Raises InputError.
    """
    if not (root / "labels").is_dir():
        raise InputError(
            root, "it has no folder `labels`", "the folder of real scenes is needed", "Name it."
        )
    yield _mosaic(root)
    for folder in (root / "labels", OWN_LABELS):
        for path in sorted(folder.glob("*.json")):
            if path.stem not in TRAINED_ON:
                yield from _partial_samples(root, path)
    for path in sorted((root / "ships").glob("*.txt")):
        gsd = (SHIPS_GSD_M, SHIPS_GSD_M)
        yield _hulls(f"ships/{path.stem}", path.with_suffix(".jpg"), gsd, _corner_lines(path))


def evaluate_all(samples: Sequence[EvaluationSample], detector: Detector) -> list[ImageEvaluation]:
    """Evaluate `detector` on all `samples`, with a progress bar."""
    bar = tqdm(samples, unit="image", disable=None, leave=False)
    return [evaluate_image(sample, detector) for sample in bar]


def _mosaic(root: Path) -> EvaluationSample:
    name = "euromax_gate_mosaic"
    truth = _corner_lines(root / "labels" / f"{name}.dota.txt")
    path = root / "geotiff" / f"{name}_rd_0.25m.tif"
    return EvaluationSample(name=name, path=path, gsd_m=None, kind=CONTAINER, truth=truth)


def _corner_lines(path: Path) -> OrientedBoxes:
    lines = [line.split()[:8] for line in path.read_text().splitlines() if line.strip()]
    return OrientedBoxes.from_corners(np.array(lines, dtype=float).reshape(-1, 4, 2))


def _partial_samples(root: Path, path: Path) -> Iterator[EvaluationSample]:
    """Yield the sample of containers, and that of hulls where any are labelled."""
    partial = block_labels.parse_block_labels(next(read_label_texts(path, ".json")))
    dataset = make_dataset([partial.image], path)
    containers = boxes_of_class(dataset, CONTAINER)
    hulls = boxes_of_class(to_rectangles(dataset).dataset, HULL)
    located = partial.image.name.endswith(".tif")
    image = root / ("geotiff" if located else "images") / partial.image.name
    gsd = None if located else partial.gsd_m
    if len(containers) or not len(hulls):
        yield EvaluationSample(
            name=path.stem,
            path=image,
            gsd_m=gsd,
            kind=CONTAINER,
            truth=containers,
            region=partial.region,
        )
    if len(hulls):
        yield _hulls(path.stem, image, partial.gsd_m, hulls)


def _hulls(
    name: str, path: Path, gsd_m: tuple[float, float], truth: OrientedBoxes
) -> EvaluationSample:
    return EvaluationSample(
        name=name,
        path=path,
        gsd_m=gsd_m,
        kind=HULL,
        truth=truth,
        region=None,
        min_length_m=MIN_HULL_M,
        margin_px=EDGE_PX,
    )
