"""Which objects of known place a detector finds in an image."""

from __future__ import annotations

import numpy as np

from cv.detector.decode import decode_output
from cv.detector.nms import non_maximum_suppression
from cv.detector.onnx_model import OnnxModel
from cv.geometry.arrays import BoolArray, Float64Array
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.rendering.canvas import Points
from cv.rendering.renderer import Bytes


def found_objects(
    model: OnnxModel, image: Bytes, corners: Points, class_name: str, reach_px: float
) -> BoolArray:
    """Return which (n,) of the boxes `corners` (n, 4, 2) are detected above the threshold.

    A detection counts for the nearest box whose centre is within `reach_px` and whose length is
    between 0.6 and 1.6 times its own; each detection and box once.
    """
    card = model.card
    found = decode_output(model.run(image), card.layout, card.thresholds)
    found = found[found.classes == card.classes.index(class_name)]
    boxes = non_maximum_suppression(found, card.merge_overlap).boxes
    return _matched(OrientedBoxes.from_corners(corners), boxes, reach_px)


def _matched(truth: OrientedBoxes, boxes: OrientedBoxes, reach: float) -> BoolArray:
    hit = np.zeros(len(truth), bool)
    if not len(truth) or not len(boxes):
        return hit
    away = np.hypot(*np.moveaxis(truth.centers[:, None] - boxes.centers[None], 2, 0))
    ratio: Float64Array = boxes.values[None, :, 2] / truth.values[:, None, 2]
    away[(ratio < 0.6) | (ratio > 1.6)] = np.inf
    used = np.zeros(len(boxes), bool)
    for index in np.argsort(away, axis=None):
        i, j = divmod(int(index), len(boxes))
        if away[i, j] > reach:
            break
        if not hit[i] and not used[j]:
            hit[i] = used[j] = True
    return hit
