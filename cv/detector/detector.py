"""The detector: containers and hulls in a region of a raster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from affine import Affine
from shapely.geometry.base import BaseGeometry

from cv.detector.decode import decode_output
from cv.detector.detections import Detections
from cv.detector.model_card import InferencePass, ModelCard
from cv.detector.model_zoo import DEFAULT_MODEL, model_files
from cv.detector.onnx_model import OnnxModel
from cv.detector.runtimes.engine import InferenceEngine
from cv.detector.sliced_inference import sliced_inference
from cv.errors import ModelError
from cv.geometry.arrays import Indices
from cv.geometry.image_patch import Patch, PatchSource
from cv.geometry.oriented_boxes import transform_geometry
from cv.geometry.tiling import Tile, Tiling
from cv.io.hashing import sha256

CANDIDATE_FRACTION = 0.25
"""Candidates with scores down to this part of the threshold are returned, for the intervals."""
GSD_TOLERANCE = 0.01
"""A raster whose GSD is within this part of the working GSD is read without resampling."""
_IGNORED = -1
"""Index of a class that a pass does not detect."""


@dataclass(frozen=True, eq=False)
class Detector:
    """One or more models that detect different classes, and how they are run.

    >>> Detector.load("pierwatch-n", threads=2)
    Detector('pierwatch-n', 'pierwatch-n-hulls', classes=('container', 'hull'), threads=2)
    """

    models: tuple[OnnxModel, ...]
    threads: int
    """Tiles at once."""
    engine: InferenceEngine = InferenceEngine.ONNXRUNTIME
    """Library that runs the models."""

    @classmethod
    def load(
        cls,
        model: str | Path | Sequence[str | Path] | None = None,
        threads: int | None = None,
        engine: InferenceEngine | str = InferenceEngine.ONNXRUNTIME,
    ) -> Detector:
        """Load a detector.

        Args:
            model: ONNX file, or name of a released model, or several; default: "pierwatch-n".
            threads: Tiles at once; default: the number of cores. Results do not depend on it.
            engine: "onnxruntime", or "openvino" (extra `openvino`: slightly different scores, see
                docs/performance.md).

        Raises:
            ModelError: A model cannot be loaded, or two models detect the same class.
        """
        count = threads if threads is not None else os.cpu_count() or 1
        given = DEFAULT_MODEL if model is None else model
        names = (given,) if isinstance(given, str | Path) else tuple(given)
        if not names:
            raise ModelError("model", "an empty list", "at least one is needed", "Leave it out.")
        if count < 1:
            raise ModelError("threads", str(count), "at least 1 is needed", "Leave it out.")
        if engine not in list(InferenceEngine):
            limit = f"one of {', '.join(InferenceEngine)} is needed"
            raise ModelError("engine", repr(engine), limit, "Correct it.")
        chosen = InferenceEngine(engine)
        models = tuple(OnnxModel.load(file, chosen, count) for file in model_files(*names))
        ModelCard.joined([one.card for one in models])
        return cls(models, count, chosen)

    def __repr__(self) -> str:
        names = ", ".join(repr(model.card.name) for model in self.models)
        return f"Detector({names}, classes={self.card.classes}, threads={self.threads})"

    @property
    def card(self) -> ModelCard:
        """The joined card of the models."""
        return ModelCard.joined([model.card for model in self.models])

    @property
    def digest(self) -> str:
        """sha256 of the model file, hexadecimal; for several models, of their digests in order."""
        digests = [model.digest for model in self.models]
        return digests[0] if len(digests) == 1 else sha256(*digests)

    def only(self, name: str) -> Detector:
        """Return this detector for class `name` alone; raises ModelError without that class."""
        cards = [(model, model.card.only_class(name)) for model in self.models]
        models = [replace(model, card=card) for model, card in cards if card.passes]
        if not models:
            found, limit = f"no class {name!r}", f"it detects {', '.join(self.card.classes)}"
            raise ModelError(
                self.card.name, found, limit, "Name a model that does, or two of them."
            )
        return replace(self, models=tuple(models))

    def detect(
        self,
        inference_pass: InferencePass,
        raster: PatchSource,
        to_pixel: Affine,
        region: BaseGeometry,
    ) -> Detections:
        """Return the objects in `region` that `inference_pass` detects.

        Args:
            inference_pass: One of `card.passes`.
            raster: The image.
            to_pixel: Maps ground metres (x, y) to pixels of the raster, without mirroring.
            region: Where to detect, ground metres.

        Returns:
            Detections in ground metres with the class indices of `card`, including candidates with
            scores down to `CANDIDATE_FRACTION` of the thresholds.

        Raises:
            InferenceError: The network fails, or its output is not finite.
        """
        model = next(model for model in self.models if inference_pass in model.card.passes)
        to_metres = tile_to_metres(inference_pass.gsd_m, to_pixel)
        class_index = _joined_indices(model.card.classes, inference_pass, self.card.classes)
        size = model.card.tile_px

        def infer(tile: Tile) -> Detections:
            tile_to_pixel = to_pixel @ to_metres @ Affine.translation(tile.x0, tile.y0)
            detections = _infer(model, raster.read(tile_to_pixel, (size, size)))
            detections = replace(detections, classes=class_index[detections.classes])
            return detections[detections.classes != _IGNORED]

        tiles_region = transform_geometry(region, ~to_metres)
        tiling, overlap = Tiling(size, inference_pass.overlap_px), model.card.merge_overlap
        threads = self.engine.session_threads(self.threads)
        found = sliced_inference(tiling, tiles_region, infer, overlap, threads)
        return found.transformed(to_metres)


def tile_to_metres(gsd_m: float, to_pixel: Affine) -> Affine:
    """Return the map from tile pixels to ground metres.

    Tile pixels are those of the raster if their size is `gsd_m`, within `GSD_TOLERANCE`, and their
    axes lie along those of the ground; otherwise squares of `gsd_m`.
    """
    own: Affine = ~to_pixel
    straight, working = Affine.scale(own.a, own.e), Affine.scale(gsd_m)
    tolerance = GSD_TOLERANCE * gsd_m
    close = own.almost_equals(straight, tolerance) and straight.almost_equals(working, tolerance)
    return own if close else working


def _joined_indices(
    own: tuple[str, ...], inference_pass: InferencePass, joined: tuple[str, ...]
) -> Indices:
    """Return the index in `joined` of each class in `own`; `_IGNORED` if the pass excludes it."""
    indices = [joined.index(name) if name in inference_pass.classes else _IGNORED for name in own]
    return np.array(indices, dtype=np.int64)


def _infer(model: OnnxModel, patch: Patch) -> Detections:
    """Return the detections of `model` in `patch` whose centres lie in valid pixels."""
    if not patch.valid_mask.any():
        return Detections.empty()
    min_scores = tuple(CANDIDATE_FRACTION * threshold for threshold in model.card.thresholds)
    found = decode_output(model.run(patch.rgb), model.card.layout, min_scores)
    last = np.array(patch.valid_mask.shape[::-1]) - 1
    x, y = np.clip(np.floor(found.boxes.centers), 0, last).astype(np.int64).T
    return found[patch.valid_mask[y, x]]
