"""Convert labelled datasets to evaluation samples, and evaluations to datasets of errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cv.errors import DatasetError
from cv.evaluation.box_matching import UNMATCHED
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.geometry.oriented_boxes import OrientedBoxes, map_points
from cv.labels.block_labels import PartialLabels
from cv.labels.label_formats import ImagePaths, find_image
from cv.labels.labelled_image import SPLITS, LabelledDataset, LabelledImage, LabelledShape
from cv.labels.outline_edits import to_rectangles
from cv.scene.raster_header import read_header

FOUND, MISSED, FALSE = "found", "missed", "false"
"""Classes of `error_dataset`."""


def evaluation_samples(
    dataset: LabelledDataset,
    places: ImagePaths,
    kind: str,
    gsd_m: tuple[float, float] | None,
    partial: Mapping[str, PartialLabels] | None = None,
) -> Iterator[EvaluationSample]:
    """Yield a sample for each image of `dataset` in `places`, with its objects of class `kind`.

    `gsd_m` (x, y) metres per pixel is that of images without georeference whose labels declare
    none. `partial`, by image name, has the labelled regions of images that are labelled in part.
    Raises DatasetError where the class is unknown, or no image is available.
    """
    if kind not in dataset.classes:
        limit = f"it has {', '.join(dataset.classes)}"
        raise DatasetError("dataset", f"no class {kind!r}", limit, "Name one of these.")
    available = 0
    for image in to_rectangles(dataset).dataset.images:
        path = find_image(image, places)
        if path is None:
            continue
        available += 1
        corners = [shape.outline for shape in image.shapes if shape.kind == kind]
        truth = OrientedBoxes.from_corners(np.array(corners).reshape(-1, 4, 2))
        part = partial.get(image.name) if partial else None
        declared = part.gsd_m if part else (image.gsd_m and (image.gsd_m, image.gsd_m))
        gsd = None if read_header(path).georeferenced else declared or gsd_m
        region = part.region if part else None
        yield EvaluationSample(
            name=image.name, path=path, gsd_m=gsd, kind=kind, truth=truth, region=region
        )
    if not available:
        limit = "images are needed to be counted"
        raise DatasetError(
            "dataset", "none of its images was found", limit, "Name --images FOLDER."
        )


def held_out(dataset: LabelledDataset) -> LabelledDataset:
    """Return the validation and test images of `dataset`, or all images if it has no splits."""
    images = tuple(image for image in dataset.images if image.split not in ("", SPLITS[0]))
    return replace(dataset, images=images) if images else dataset


def worst_images(evaluations: Sequence[ImageEvaluation], count: int) -> list[ImageEvaluation]:
    """Return the `count` evaluations with the most missed and false objects, worst first."""

    def errors(evaluation: ImageEvaluation) -> int:
        kept = evaluation.found.scores >= evaluation.threshold
        hits = int((evaluation.matches.objects[0][kept] != UNMATCHED).sum())
        return evaluation.true + int(kept.sum()) - 2 * hits

    return sorted(evaluations, key=errors, reverse=True)[:count]


def error_dataset(evaluations: Sequence[ImageEvaluation], count: int) -> LabelledDataset:
    """Return the `count` worst images, labelled with `FOUND`, `MISSED` and `FALSE`."""
    return LabelledDataset(
        (FOUND, MISSED, FALSE),
        tuple(annotate_errors(evaluation) for evaluation in worst_images(evaluations, count)),
    )


def annotate_errors(evaluation: ImageEvaluation) -> LabelledImage:
    """Return the image of `evaluation`, labelled with `FOUND`, `MISSED` and `FALSE` objects."""
    kept = evaluation.found.scores >= evaluation.threshold
    objects = evaluation.matches.objects[0][kept]
    found = np.isin(np.arange(evaluation.true), objects)
    groups = (
        (FOUND, evaluation.truth[found]),
        (MISSED, evaluation.truth[~found]),
        (FALSE, evaluation.found.boxes[kept][objects == UNMATCHED]),
    )
    shapes = tuple(
        LabelledShape(kind, corners)
        for kind, boxes in groups
        for corners in map_points(evaluation.to_pixel, boxes.corners())
    )
    return LabelledImage(evaluation.sample.name, None, shapes)
