"""Decode network outputs of both layouts into detections in tile pixels."""

from __future__ import annotations

import numpy as np

from cv.detector.detections import Detections
from cv.detector.model_card import OutputLayout
from cv.errors import InferenceError
from cv.geometry.arrays import Float32Array, Float64Array, Indices
from cv.geometry.oriented_boxes import OrientedBoxes


def decode_output(
    output: Float32Array, layout: OutputLayout, min_scores: tuple[float, ...]
) -> Detections:
    """Return the detections in the `output` of one tile, which has the shape of `layout`.

    `min_scores` are the minimum scores by class. Raises InferenceError where values are not finite,
    or a class index is out of range.
    """
    if not np.isfinite(output).all():
        invalid = int((~np.isfinite(output)).sum())
        raise InferenceError(
            f"the network answered {invalid} of {output.size} values that are not finite; "
            "the tile counts as failed. Check the model and the scene's radiometry."
        )
    rows = output[0].astype(np.float64)
    if layout is OutputLayout.RAW:
        return _decode_raw(rows, min_scores)
    return _decode_end_to_end(rows, min_scores)


def _decode_raw(rows: Float64Array, min_scores: tuple[float, ...]) -> Detections:
    """Decode (4 + classes + 1, anchors): each class of each anchor is one candidate."""
    classes, anchors = np.nonzero(rows[4:-1] >= np.array(min_scores)[:, None])
    boxes = np.column_stack([rows[:4, anchors].T, rows[-1, anchors]])
    return _detections(boxes, rows[4:-1][classes, anchors], classes)


def _decode_end_to_end(rows: Float64Array, min_scores: tuple[float, ...]) -> Detections:
    """Decode rows (n, 7): cx, cy, w, h, score, class, angle."""
    rows = rows[rows[:, 4] >= min(min_scores)]
    classes = np.rint(rows[:, 5]).astype(np.int64)
    if len(rows) and not 0 <= classes.min() <= classes.max() < len(min_scores):
        raise InferenceError(
            f"the network answered class {classes.min()} to {classes.max()} of {len(min_scores)}; "
            "the tile counts as failed. Check the model and the classes of its card."
        )
    kept = rows[:, 4] >= np.array(min_scores)[classes]
    return _detections(rows[kept][:, [0, 1, 2, 3, 6]], rows[kept, 4], classes[kept])


def _detections(boxes: Float64Array, scores: Float64Array, classes: Indices) -> Detections:
    """Return the detections with positive sides: those of a poor anchor can be negative."""
    valid = (boxes[:, 2:4] > 0).all(axis=1)
    return Detections(
        OrientedBoxes.from_values(boxes[valid]), scores[valid], classes[valid].astype(np.int64)
    )
