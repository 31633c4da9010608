"""From the numbers of a network to detections in tile pixels, for both output layouts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cv.detector.detections import Detections
from cv.detector.model_card import OutputLayout
from cv.errors import InferenceError
from cv.geometry.oriented_boxes import OrientedBoxes


def decode_output(
    output: NDArray[np.float32], layout: OutputLayout, floors: tuple[float, ...]
) -> Detections:
    """Detections in `output` (1, ., .) of one tile, with scores of at least `floors` by class.

    Raises InferenceError where the network's numbers are not finite: that is no empty tile.
    """
    if not np.isfinite(output).all():
        bad = int((~np.isfinite(output)).sum())
        raise InferenceError(
            f"the network answered {bad} of {output.size} values that are not finite; "
            "the tile counts as failed. Check the model and the scene's radiometry."
        )
    rows = output[0].astype(np.float64)
    return _raw(rows, floors) if layout is OutputLayout.RAW else _ranked_rows(rows, floors)


def _raw(rows: NDArray[np.float64], floors: tuple[float, ...]) -> Detections:
    """Rows (4 + classes + 1, anchors): each class of each anchor is a candidate of its own."""
    classes, anchors = np.nonzero(rows[4:-1] >= np.array(floors)[:, None])
    boxes = np.column_stack([rows[:4, anchors].T, rows[-1, anchors]])
    return _detections(boxes, rows[4:-1][classes, anchors], classes)


def _ranked_rows(rows: NDArray[np.float64], floors: tuple[float, ...]) -> Detections:
    """Rows (n, 7): cx, cy, w, h, score, class, angle."""
    rows = rows[rows[:, 4] >= min(floors)]
    classes = np.rint(rows[:, 5]).astype(np.int64)
    if len(rows) and not 0 <= classes.min() <= classes.max() < len(floors):
        raise InferenceError(
            f"the network answered class {classes.min()} to {classes.max()} of {len(floors)}; "
            "the tile counts as failed. Check the model and the classes of its card."
        )
    kept = rows[:, 4] >= np.array(floors)[classes]
    return _detections(rows[kept][:, [0, 1, 2, 3, 6]], rows[kept, 4], classes[kept])


def _detections(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], classes: NDArray[np.int64]
) -> Detections:
    """Detections of the rows that have an area: sides of a poor anchor can be negative."""
    real = (boxes[:, 2:4] > 0).all(axis=1)
    return Detections(
        OrientedBoxes.from_values(boxes[real]), scores[real], classes[real].astype(np.int64)
    )
