"""From a labelled dataset to exams, and from exams to a dataset of what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cv.errors import DatasetError
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.evaluation.matching import NOTHING
from cv.geometry.oriented_boxes import OrientedBoxes, map_points
from cv.labels.formats import ImagePaths, find_image
from cv.labels.labelled_image import SPLITS, LabelledDataset, LabelledImage, LabelledShape
from cv.labels.outline_edits import to_rectangles

FOUND, MISSED, FALSE = "found", "missed", "false"
"""Classes of `faults`."""


def evaluation_samples(
    dataset: LabelledDataset, places: ImagePaths, kind: str, gsd_m: tuple[float, float] | None
) -> Iterator[EvaluationSample]:
    """A question for each image of `dataset` that is at hand, about its objects of class `kind`.

    `gsd_m` is that of images which neither they nor the dataset tell of. Raises DatasetError where
    the class is unknown or no image is at hand.
    """
    if kind not in dataset.classes:
        raise DatasetError(
            "dataset",
            f"no class {kind!r}",
            f"it has {', '.join(dataset.classes)}",
            "Name one of these.",
        )
    found = 0
    for image in to_rectangles(dataset).dataset.images:
        path = find_image(image, places)
        if path is None:
            continue
        found += 1
        shapes = [shape.outline for shape in image.shapes if shape.kind == kind]
        boxes = OrientedBoxes.from_corners(np.array(shapes).reshape(-1, 4, 2))
        gsd = (image.gsd_m, image.gsd_m) if image.gsd_m else gsd_m
        yield EvaluationSample(image.name, path, gsd, kind, boxes)
    if not found:
        raise DatasetError(
            "dataset", "none of its images is at hand", "they are counted", "Name --images FOLDER."
        )


def held_out(dataset: LabelledDataset) -> LabelledDataset:
    """`dataset` without what models train on: its parts "val" and "test" where it has parts."""
    rest = tuple(image for image in dataset.images if image.split not in ("", SPLITS[0]))
    return replace(dataset, images=rest) if rest else dataset


def worst_images(exams: Sequence[ImageEvaluation], count: int) -> list[ImageEvaluation]:
    """The `count` exams with the most objects missed and false ones, the worst first."""

    def wrong(exam: ImageEvaluation) -> int:
        kept = exam.found.scores >= exam.threshold
        hits = int((exam.matches.objects[0][kept] != NOTHING).sum())
        return exam.true + int(kept.sum()) - 2 * hits

    return sorted(exams, key=wrong, reverse=True)[:count]


def error_dataset(exams: Sequence[ImageEvaluation], count: int) -> LabelledDataset:
    """The `count` worst of `exams` as labelled images, whose classes are those of `marked`."""
    return LabelledDataset(
        (FOUND, MISSED, FALSE), tuple(annotate_errors(exam) for exam in worst_images(exams, count))
    )


def annotate_errors(exam: ImageEvaluation) -> LabelledImage:
    """The image of `exam` with what became of its objects: `FOUND`, `MISSED`, `FALSE`."""
    kept = exam.found.scores >= exam.threshold
    objects = exam.matches.objects[0][kept]
    found = np.isin(np.arange(exam.true), objects)
    groups = (
        (FOUND, exam.truth[found]),
        (MISSED, exam.truth[~found]),
        (FALSE, exam.found.boxes[kept][objects == NOTHING]),
    )
    shapes = tuple(
        LabelledShape(kind, corners)
        for kind, boxes in groups
        for corners in map_points(exam.to_pixel, boxes.corners())
    )
    return LabelledImage(exam.sample.name, None, shapes)
