"""From a labelled dataset to exams, and from exams to a dataset of what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cv.errors import DatasetError
from cv.evaluation.exam import Exam, Question
from cv.evaluation.matching import NOTHING
from cv.geometry.boxes import OrientedBoxes, map_points
from cv.labels.formats import Places, picture_of
from cv.labels.labelled import SPLITS, Dataset, LabelledImage, Shape
from cv.labels.outlines import as_rectangles

FOUND, MISSED, FALSE = "found", "missed", "false"
"""Classes of `faults`."""


def questions_of(
    dataset: Dataset, places: Places, kind: str, gsd_m: tuple[float, float] | None
) -> Iterator[Question]:
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
    for image in as_rectangles(dataset).dataset.images:
        path = picture_of(image, places)
        if path is None:
            continue
        found += 1
        shapes = [shape.outline for shape in image.shapes if shape.kind == kind]
        boxes = OrientedBoxes.from_corners(np.array(shapes).reshape(-1, 4, 2))
        gsd = (image.gsd_m, image.gsd_m) if image.gsd_m else gsd_m
        yield Question(image.name, path, gsd, kind, boxes)
    if not found:
        raise DatasetError(
            "dataset", "none of its images is at hand", "they are counted", "Name --images FOLDER."
        )


def held_back(dataset: Dataset) -> Dataset:
    """`dataset` without what models train on: its parts "val" and "test" where it has parts."""
    rest = tuple(image for image in dataset.images if image.split not in ("", SPLITS[0]))
    return replace(dataset, images=rest) if rest else dataset


def worst(exams: Sequence[Exam], count: int) -> list[Exam]:
    """The `count` exams with the most objects missed and false ones, the worst first."""

    def wrong(exam: Exam) -> int:
        kept = exam.found.scores >= exam.threshold
        hits = int((exam.matches.objects[0][kept] != NOTHING).sum())
        return exam.true + int(kept.sum()) - 2 * hits

    return sorted(exams, key=wrong, reverse=True)[:count]


def faults(exams: Sequence[Exam], count: int) -> Dataset:
    """The `count` worst of `exams` as labelled images, whose classes are those of `marked`."""
    return Dataset((FOUND, MISSED, FALSE), tuple(marked(exam) for exam in worst(exams, count)))


def marked(exam: Exam) -> LabelledImage:
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
        Shape(kind, corners)
        for kind, boxes in groups
        for corners in map_points(exam.to_pixel, boxes.corners())
    )
    return LabelledImage(exam.question.name, None, shapes)
