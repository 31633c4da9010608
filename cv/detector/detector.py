"""The detector: finds containers and hulls in the part of a raster that matters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from affine import Affine
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from cv.detector.decode import decode_output
from cv.detector.detections import Detections
from cv.detector.model_card import InferencePass, ModelCard
from cv.detector.model_zoo import DEFAULT_MODEL, model_files
from cv.detector.onnx_model import OnnxModel
from cv.detector.runtimes.engine import InferenceEngine
from cv.detector.sliced_inference import SideTask, sliced_inference
from cv.errors import ModelError
from cv.geometry.oriented_boxes import Indices
from cv.geometry.patch import Patch, Raster
from cv.geometry.tiling import Tile, Tiling
from cv.io.hashing import sha256

CANDIDATE_FRACTION = 0.25
"""Detections down to this part of their threshold are returned: their scores make intervals."""
SAME = 0.01
"""A raster whose pixels are within this part of a look's working GSD is taken as it is."""
_IDLE = -1
"""Number of a class that a pass does not look for."""


@dataclass(frozen=True, eq=False)
class Detector:
    """Networks that look for different classes, and the number of tiles looked at at once."""

    models: tuple[OnnxModel, ...]
    threads: int
    engine: InferenceEngine = InferenceEngine.ONNXRUNTIME
    """What runs them."""

    @classmethod
    def load(
        cls,
        model: str | Path | Sequence[str | Path] | None = None,
        threads: int | None = None,
        engine: InferenceEngine | str = InferenceEngine.ONNXRUNTIME,
    ) -> Detector:
        """The detector of `model`: an ONNX file, or the name of a released model, or several.

        The released model "pierwatch-n" came along, and is used if None.
        `threads`: tiles at once, the machine's cores if None; results do not depend on it.
        `engine`: what runs them, "onnxruntime" or "openvino" (extra `openvino`: a little other
        scores, see docs/performance.md). Raises ModelError.
        """
        count = threads if threads is not None else os.cpu_count() or 1
        if count < 1:
            raise ModelError("threads", str(count), "at least 1 is needed", "Leave it out.")
        given = DEFAULT_MODEL if model is None else model
        named = (given,) if isinstance(given, str | Path) else tuple(given)
        if not named:
            raise ModelError("model", "an empty list", "at least one is needed", "Leave it out.")
        chosen = _engine(engine)
        networks = tuple(OnnxModel.load(file, chosen, count) for file in model_files(*named))
        ModelCard.joined([network.card for network in networks])
        return cls(networks, count, chosen)

    @property
    def card(self) -> ModelCard:
        """What the models say of themselves, together."""
        return ModelCard.joined([network.card for network in self.models])

    @property
    def digest(self) -> str:
        """sha256 of the model file, hexadecimal; of the digests of several in their order."""
        digests = [network.digest for network in self.models]
        if len(digests) == 1:
            return digests[0]
        return sha256(*digests)

    def only(self, name: str) -> Detector:
        """This detector without the passes that do not look for class `name`.

        Raises ModelError where none does.
        """
        chosen = [(network, network.card.only_classes(name)) for network in self.models]
        looking = [replace(network, card=card) for network, card in chosen if card.passes]
        if not looking:
            raise ModelError(
                self.card.name,
                f"it does not look for class {name!r}",
                f"it looks for {', '.join(self.card.classes)}",
                "Name a model that does, or two of them.",
            )
        return replace(self, models=tuple(looking))

    def detect(
        self,
        look: InferencePass,
        raster: Raster,
        to_pixel: Affine,
        region: BaseGeometry,
        errands: Sequence[SideTask] = (),
    ) -> Detections:
        """Objects of the classes of `look` in the tiles of `raster` that touch `region`.

        `look` is one of `card.looks`, classes are numbered as in `card`. `region` lies in a plane
        in metres without mirroring; `to_pixel` maps that plane to the raster's pixels (x, y). The
        result lies in that plane and holds candidates below the thresholds too, down to
        `CANDIDATE_SHARE` of them. Raises InferenceError.

        `errands` are done on the way, spread evenly over the tiles: whatever reads the same parts
        of a file, in the same order. Without tiles none is.
        """
        network = next(network for network in self.models if look in network.card.passes)
        to_metres = _working(look.gsd_m, to_pixel)
        number = _numbers(network.card.classes, look, self.card.classes)
        size = network.card.tile_px

        def look_at(tile: Tile) -> Detections:
            place = to_pixel @ to_metres @ Affine.translation(tile.x0, tile.y0)
            found = _infer(network, raster.read(place, (size, size)))
            found = replace(found, classes=number[found.classes])
            return found[found.classes != _IDLE]

        in_pixels = affinity.affine_transform(region, (~to_metres).to_shapely())
        tiling, overlap = Tiling(size, look.overlap_px), network.card.merge_overlap
        callers = self.engine.session_threads(self.threads)
        found = sliced_inference(tiling, in_pixels, look_at, overlap, callers, errands)
        return found.transformed(to_metres)


def _engine(name: InferenceEngine | str) -> InferenceEngine:
    try:
        return InferenceEngine(name)
    except ValueError as error:
        raise ModelError(
            "engine", repr(name), f"one of {', '.join(InferenceEngine)} is needed", "Correct it."
        ) from error


def _working(gsd_m: float, to_pixel: Affine) -> Affine:
    """Pixels of the tiles (x, y) to metres: of `gsd_m`, or the raster's own where they are so."""
    own: Affine = ~to_pixel
    straight = Affine.scale(own.a, own.e)
    if own.almost_equals(straight, SAME * gsd_m) and straight.almost_equals(
        Affine.scale(gsd_m), SAME * gsd_m
    ):
        return own
    working: Affine = Affine.scale(gsd_m)
    return working


def _numbers(own: tuple[str, ...], look: InferencePass, joined: tuple[str, ...]) -> Indices:
    """The number in `joined` of each class in `own` that `look` looks for, else _IDLE."""
    numbers = [joined.index(name) if name in look.classes else _IDLE for name in own]
    return np.array(numbers, dtype=np.int64)


def _infer(network: OnnxModel, patch: Patch) -> Detections:
    """What `network` sees in `patch`; an object is seen where its middle is."""
    if not patch.valid_mask.any():
        return Detections.empty()
    floors = tuple(CANDIDATE_FRACTION * threshold for threshold in network.card.thresholds)
    found = decode_output(network.run(patch.rgb), network.card.layout, floors)
    last = np.array(patch.valid_mask.shape[::-1]) - 1
    x, y = np.clip(np.floor(found.boxes.centers), 0, last).astype(np.int64).T
    return found[patch.valid_mask[y, x]]
