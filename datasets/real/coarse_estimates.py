"""TEU of regions of coarse images by an ONNX model of `cv.coarse_training`, with their errors."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from cv.coarse_training.coarse_export import KEY
from cv.coarse_training.coarse_samples import CORE
from cv.geometry.arrays import Float32Array, Float64Array
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.rendering.renderer import Bytes

_QUANTILE = 1.645
"""Of the normal distribution: an interval of 90 %."""


@dataclass(frozen=True)
class TeuEstimate:
    """The TEU of a region."""

    value: float
    deviation: float
    """Standard deviation of the error that the model states."""

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return max(0.0, self.value - _QUANTILE * self.deviation)

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.value + _QUANTILE * self.deviation


@dataclass(frozen=True, eq=False)
class CellMaps:
    """Outputs of the model for the cells of an image, by the names of its channels."""

    channels: dict[str, Float32Array]
    """(rows, columns) each."""

    def teu(self, share: Float32Array) -> TeuEstimate:
        """Return the TEU ashore and aboard of a region: `share` (rows, columns) of each cell."""
        value, own, common = 0.0, 0.0, 0.0
        for place in ("ashore", "aboard"):
            teu = self.channels[f"teu_{place}"] * share
            value += float(teu.sum())
            own += float((self.channels[f"variance_{place}"] * share**2).sum())
            common += float((self.channels[f"relative_error_{place}"] * teu).sum())
        return TeuEstimate(value, float(np.sqrt(own + common**2)))

    def hulls(self, threshold: float = 0.4) -> tuple[OrientedBoxes, Float64Array]:
        """Return boxes in cells and their scores, from cores above a threshold.

        A core's size follows from the variances of its cells along and across its direction: that
        of a side is its square over 12.
        """
        core = self.channels["core"]
        number, parts = cv2.connectedComponents((core > threshold).astype(np.uint8), connectivity=4)
        boxes, scores = [], []
        for index in range(1, number):
            rows, columns = np.nonzero(parts == index)
            weights = core[rows, columns].astype(np.float64)
            sin, cos = (
                float(self.channels[name][rows, columns] @ weights) for name in ("sin", "cos")
            )
            angle = math.atan2(sin, cos) / 2
            points = np.stack([columns + 0.5, rows + 0.5], 1)
            middle = weights @ points / weights.sum()
            away = (points - middle) @ [
                [np.cos(angle), -np.sin(angle)],
                [np.sin(angle), np.cos(angle)],
            ]
            variance = weights @ away**2 / weights.sum() - 1 / 12  # the cells' own
            sides = np.sqrt(12 * np.maximum(variance, 0.05)) / CORE
            boxes.append([*middle, *sides, angle])
            scores.append(weights.mean())
        return OrientedBoxes.from_values(np.array(boxes).reshape(-1, 5)), np.array(scores)


class CoarseModel:
    """An ONNX model with its card."""

    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        text = self._session.get_modelmeta().custom_metadata_map[KEY]
        self.card = json.loads(text)

    def maps(self, image: Bytes, gsd_m: float) -> CellMaps:
        """Return the maps of an image (rows, columns, RGB) of a GSD (metres)."""
        stride, cells = self.card["stride_px"], self.card["cells_of_pixel"]
        rows, columns = image.shape[:2]
        below, right = (-size % stride for size in (rows, columns))
        padded = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REFLECT_101)
        inputs = {"image": padded[None], "gsd_m": np.array([gsd_m], np.float32)}
        (out,) = self._session.run(None, inputs)
        shown = out[0, :, : rows * cells, : columns * cells]
        return CellMaps(dict(zip(self.card["channels"], shown, strict=True)))
