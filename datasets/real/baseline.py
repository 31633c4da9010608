"""Peers: what else a user could count with. A peer looks at a scene and answers with boxes."""

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
"""Side of SAHI's slices, pixels, and what they share, as a part of it."""
SAHI_FLOOR = 0.1
"""Least score that is samples of SAHI: below it SAHI itself changes how it merges."""
FLOOR = 0.02
"""Least score that is samples of ultralytics, so that average precision has its candidates."""
MOST = 3000
"""Boxes an image; ultralytics' default of 300 would cap the counts."""
MERGE = 0.5
"""Two boxes from neighbouring slices are one where they share more of the smaller."""


@dataclass(frozen=True, eq=False)
class Frame:
    """An image as a peer sees it."""

    rgb: np.ndarray
    """(rows, columns, 3) red, green, blue."""
    to_pixel: Affine
    """Its pixels (x, y) to those of the scene."""

    @classmethod
    def of(cls, scene: Scene, gsd_m: float | None) -> Frame:
        """All of `scene`, as delivered, or brought to `gsd_m` metres a pixel."""
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
    """Something that answers with oriented boxes."""

    @property
    def names(self) -> Mapping[int, str]:
        """Its classes by index."""
        ...

    def answer(self, frame: Frame) -> Detections:
        """What it sees, in pixels of `frame`, candidates included."""
        ...


def ours(scene: Scene, detector: Detector) -> Detections:
    """What Pierwatch sees in all of `scene`, ground metres."""
    return SceneCounter.of(scene, None, detector).detections()


@dataclass(frozen=True, eq=False)
class Yolo:
    """A checkpoint of ultralytics, called on the whole image or on slices."""

    model: Any
    """ultralytics.YOLO"""
    way: str
    """One of WAYS."""

    @classmethod
    def load(cls, checkpoint: Path, way: str) -> Yolo:
        """The checkpoint, loaded safely: nothing in it is run."""
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

    def answer(self, frame: Frame) -> Detections:
        """What it sees, in pixels of `frame`."""
        rows, columns = frame.rgb.shape[:2]
        if self.way == "own size":
            return self._predict(frame.rgb, -(-max(rows, columns) // 32) * 32)

        def look_at(tile: Tile) -> Detections:
            return self._predict(_cut(frame.rgb, tile), SLICE_PX)

        tiling = Tiling(SLICE_PX, SLICE_OVERLAP_PX)
        return sliced_inference(tiling, shapely.box(0, 0, columns, rows), look_at, MERGE)

    def _predict(self, rgb: np.ndarray, size: int) -> Detections:
        bgr = np.ascontiguousarray(rgb[..., ::-1])
        (result,) = self.model.predict(bgr, conf=FLOOR, max_det=MOST, imgsz=size, verbose=False)
        boxes = OrientedBoxes.from_corners(result.obb.xyxyxyxy.numpy().astype(np.float64))
        scores = result.obb.conf.numpy().astype(np.float64)
        return Detections(boxes, scores, result.obb.cls.numpy().astype(np.int64))


WAYS = ("own size", "sliced 1024")
"""`predict` on the image at its own size; on slices of 1024 px."""


def _cut(rgb: np.ndarray, tile: Tile) -> np.ndarray:
    """The pixels of `tile`; black outside of the image."""
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
    """A checkpoint of ultralytics counted through SAHI, all else at SAHI's defaults.

    Of an oriented model SAHI (0.12) keeps the corners, but it merges slices by non-maximum
    suppression of the upright rectangles around them: of two boxes where one such rectangle covers
    half of the other (IOS 0.5) it drops the weaker, so that touching boxes that lie oblique vanish.
    Beside the slices it looks at the whole image once.
    """

    model: Any
    """sahi's UltralyticsDetectionModel"""

    @classmethod
    def load(cls, checkpoint: Path) -> Sahi:
        """The checkpoint, loaded safely: nothing in it is run."""
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

    def answer(self, frame: Frame) -> Detections:
        """What it sees, in pixels of `frame`."""
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
