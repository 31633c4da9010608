"""What of a dataset is judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine

from cv.detector.detections import Detections
from cv.evaluation.box_matching import DetectionMatches
from cv.evaluation.dataset_adapter import (
    FALSE,
    FOUND,
    MISSED,
    annotate_errors,
    held_out,
    worst_images,
)
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.labels.labelled_image import LabelledDataset, LabelledImage
from tests.fixtures.fake_detectors import CARD


@pytest.mark.parametrize(
    ("splits", "judged"),
    [
        (("train", "val", "test", "train"), "bc"),
        (("train", "", "val", ""), "c"),
        (("train", "train", "train", "train"), "abcd"),
        (("", "", "", ""), "abcd"),
    ],
)
def test_training_images_are_not_evaluated(splits, judged):
    images = tuple(
        LabelledImage(name, None, (), None, split)
        for name, split in zip("abcd", splits, strict=True)
    )
    dataset = held_out(LabelledDataset(("container",), images))
    assert "".join(image.name for image in dataset.images) == judged


def judged_image(true: int, found: int, name: str) -> ImageEvaluation:
    """An image with `true` objects in a row, of which the first `found` places are detected."""
    row = [(20.0 * i, 0, 12, 2.4, 0) for i in range(max(true, found))]
    truth, boxes = OrientedBoxes.from_values(row[:true]), OrientedBoxes.from_values(row[:found])
    scores = np.full(found, 0.9)
    return ImageEvaluation(
        sample=EvaluationSample(
            name=name, path=Path("none"), gsd_m=None, kind="container", truth=truth
        ),
        gsd_m=0.5,
        truth=truth,
        found=Detections(boxes, scores, np.zeros(found, np.int64)),
        matches=DetectionMatches.of(boxes, scores, truth),
        card=CARD,
        outline=shapely.box(-10, -10, 400, 10),
        to_pixel=Affine.scale(2.0),
    )


@pytest.mark.parametrize(("true", "found"), [(5, 5), (5, 3), (3, 5), (0, 2), (2, 0)])
def test_errors_are_labelled_at_their_places_in_the_image(true, found):
    image = annotate_errors(judged_image(true, found, "one"))
    kinds = Counter(shape.kind for shape in image.shapes)
    hits = min(true, found)
    assert kinds == +Counter({FOUND: hits, MISSED: true - hits, FALSE: found - hits})
    centres: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for shape in image.shapes:
        centres[shape.kind].append(np.mean(shape.outline, axis=0).tolist())
    assert centres.get(FOUND, []) == [[40.0 * i, 0.0] for i in range(hits)]
    assert centres.get(MISSED, []) == [[40.0 * i, 0.0] for i in range(hits, true)]
    assert centres.get(FALSE, []) == [[40.0 * i, 0.0] for i in range(hits, found)]


def test_the_worst_images_have_the_most_missed_and_false_objects():
    images = [judged_image(4, 4, "good"), judged_image(6, 1, "missed"), judged_image(1, 4, "false")]
    assert [one.sample.name for one in worst_images(images, 2)] == ["missed", "false"]
