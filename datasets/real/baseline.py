"""Baselines: other detectors that a user could count with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely
from affine import Affine

from cv import Detector, Scene
from cv.counting.scene_counter import SceneCounter
from cv.detector.detections import Detections
from cv.detector.sliced_inference import sliced_inference
from cv.errors import InputError
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.geometry.tiling import Tile, Tiling
from cv.training.ultralytics_setup import isolate_ultralytics

SLICE_PX, SLICE_OVERLAP_PX = 1024, 200
"""As DOTA's own tools cut its images."""
SAHI_PX, SAHI_OVERLAP = 640, 0.2
"""Side of SAHI's slices, pixels, and their overlap as a share of it."""
SAHI_FLOOR = 0.1
"""Minimum score requested of SAHI, which merges differently below it."""
FLOOR = 0.02
"""Minimum score requested of ultralytics, low enough for average precision."""
MAX_BOXES = 3000
"""Most boxes of an image; the default of ultralytics, 300, would cap the counts."""
MERGE = 0.5
"""Boxes of neighbouring slices are one object if they share more of the smaller than this."""


@dataclass(frozen=True, eq=False)
class Frame:
    """An image as a baseline gets it."""

    rgb: np.ndarray
    """(rows, columns, 3) red, green, blue."""
    to_pixel: Affine
    """Map from its pixels (x, y) to those of the scene."""

    @classmethod
    def of(cls, scene: Scene, gsd_m: float | None) -> Frame:
        """Read all of `scene`, as delivered or at `gsd_m` metres a pixel."""
        to_pixel, shape = Affine.identity(), scene.grid.shape
        if gsd_m is not None:
            ground = scene.grid.local_plane()
            corners = OrientedBoxes.from_corners(_corners(scene)).transformed(ground.from_pixel)
            left, top, right, bottom = shapely.total_bounds(corners.polygons())
            shape = (round((bottom - top) / gsd_m), round((right - left) / gsd_m))
            to_pixel = ground.to_pixel @ Affine.translation(left, top) @ Affine.scale(gsd_m)
        return cls(scene.read(to_pixel, shape).rgb, to_pixel)


def _corners(scene: Scene) -> np.ndarray:
    rows, columns = scene.grid.shape
    return np.array([[[0, 0], [columns, 0], [columns, rows], [0, rows]]], dtype=float)


class Baseline(Protocol):
    """A detector of oriented boxes."""

    @property
    def names(self) -> Mapping[int, str]:
        """Its classes by index."""
        ...

    def detect(self, frame: Frame) -> Detections:
        """Return its detections, also of low score, in pixels of `frame`."""
        ...


def pierwatch_detections(scene: Scene, detector: Detector) -> Detections:
    """Return the detections of Pierwatch in all of `scene`, ground metres."""
    return SceneCounter.of(scene, None, detector).detections(scene)


@dataclass(frozen=True, eq=False)
class Yolo:
    """A checkpoint of ultralytics, run on the whole image or on slices."""

    model: Any
    """ultralytics.YOLO"""
    way: str
    """One of WAYS."""

    @classmethod
    def load(cls, checkpoint: Path, way: str) -> Yolo:
        """Load the checkpoint without executing code from it."""
        isolate_ultralytics()
        from ultralytics import YOLO

        try:
            return cls(YOLO(str(checkpoint), task="obb"), way)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(
                checkpoint,
                "it cannot be loaded",
                "a checkpoint of ultralytics is needed",
                "Name another one.",
            ) from error

    @property
    def names(self) -> Mapping[int, str]:
        """Its classes by index."""
        return dict(self.model.names)

    def detect(self, frame: Frame) -> Detections:
        """Return its detections in pixels of `frame`."""
        rows, columns = frame.rgb.shape[:2]
        if self.way == "own size":
            return self._predict(frame.rgb, -(-max(rows, columns) // 32) * 32)

        def predict_tile(tile: Tile) -> Detections:
            return self._predict(_read_tile(frame.rgb, tile), SLICE_PX)

        tiling = Tiling(SLICE_PX, SLICE_OVERLAP_PX)
        return sliced_inference(tiling, shapely.box(0, 0, columns, rows), predict_tile, MERGE)

    def _predict(self, rgb: np.ndarray, size: int) -> Detections:
        bgr = np.ascontiguousarray(rgb[..., ::-1])
        (result,) = self.model.predict(
            bgr, conf=FLOOR, max_det=MAX_BOXES, imgsz=size, verbose=False
        )
        boxes = OrientedBoxes.from_corners(result.obb.xyxyxyxy.numpy().astype(np.float64))
        scores = result.obb.conf.numpy().astype(np.float64)
        return Detections(boxes, scores, result.obb.cls.numpy().astype(np.int64))


WAYS = ("own size", "sliced 1024")
"""Ways to run it: `predict` on the image at its own size, or on slices of 1024 px."""


def _read_tile(rgb: np.ndarray, tile: Tile) -> np.ndarray:
    """Return the pixels of `tile`, black outside the image."""
    out = np.zeros((tile.size, tile.size, 3), np.uint8)
    rows, columns = rgb.shape[:2]
    top, left = max(tile.y0, 0), max(tile.x0, 0)
    bottom, right = min(tile.y0 + tile.size, rows), min(tile.x0 + tile.size, columns)
    out[top - tile.y0 : bottom - tile.y0, left - tile.x0 : right - tile.x0] = rgb[
        top:bottom, left:right
    ]
    return out


@dataclass(frozen=True, eq=False)
class Sahi:
    """A checkpoint of ultralytics run through SAHI with its default settings.

    SAHI (0.12) keeps the corners of an oriented model, but merges slices by non-maximum suppression
    of their upright bounding rectangles: of two boxes where one such rectangle covers half of the
    other (IOS 0.5) it drops the weaker, which removes touching oblique boxes. It also runs on the
    whole image once.
    """

    model: Any
    """sahi's UltralyticsDetectionModel"""

    @classmethod
    def load(cls, checkpoint: Path) -> Sahi:
        """Load the checkpoint without executing code from it."""
        isolate_ultralytics()
        from sahi import AutoDetectionModel

        model = AutoDetectionModel.from_pretrained(
            model_type="ultralytics",
            model_path=str(checkpoint),
            confidence_threshold=SAHI_FLOOR,
            device="cpu",
        )
        return cls(model)

    @property
    def names(self) -> Mapping[int, str]:
        """Its classes by index."""
        return dict(enumerate(self.model.category_names))

    def detect(self, frame: Frame) -> Detections:
        """Return its detections in pixels of `frame`."""
        from sahi.predict import get_sliced_prediction

        result = get_sliced_prediction(
            frame.rgb,
            self.model,
            slice_height=SAHI_PX,
            slice_width=SAHI_PX,
            overlap_height_ratio=SAHI_OVERLAP,
            overlap_width_ratio=SAHI_OVERLAP,
            verbose=0,
        )
        found = result.object_prediction_list
        corners = [np.array(one.mask.segmentation[0]).reshape(-1, 2)[:4] for one in found]
        return Detections(
            OrientedBoxes.from_corners(np.array(corners).reshape(-1, 4, 2)),
            np.array([one.score.value for one in found], dtype=np.float64),
            np.array([one.category.id for one in found], dtype=np.int64),
        )
