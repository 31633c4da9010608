"""The detector: finds containers and hulls in the part of a raster that matters."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from cv.detector.card import Card, Look
from cv.detector.decode import decode
from cv.detector.detections import Detections
from cv.detector.network import Network
from cv.detector.released import model_file
from cv.detector.sweep import sweep
from cv.errors import ModelError
from cv.geometry.patch import Patch, Raster
from cv.geometry.tiling import Tile, Tiling

CANDIDATE_SHARE = 0.25
"""Detections down to this part of their threshold are returned: their scores make intervals."""


@dataclass(frozen=True, eq=False)
class Detector:
    """A network with its card, and the number of tiles that it looks at at once."""

    network: Network
    threads: int

    @classmethod
    def load(cls, model: str | Path | None = None, threads: int | None = None) -> Detector:
        """The detector of `model`: an ONNX file, or the name of a released model.

        Released models came along: "pierwatch-n", used if None, and "pierwatch-n-int8".
        `threads`: tiles at once, the machine's cores if None; results do not depend on it.
        Raises ModelError.
        """
        count = threads if threads is not None else os.cpu_count() or 1
        if count < 1:
            raise ModelError("threads", str(count), "at least 1 is needed", "Leave it out.")
        return cls(Network.load(model_file(model)), count)

    @property
    def card(self) -> Card:
        """What the model says of itself."""
        return self.network.card

    @property
    def digest(self) -> str:
        """sha256 of the model file, hexadecimal."""
        return self.network.digest

    def detect(
        self, look: Look, raster: Raster, to_pixel: Affine, region: BaseGeometry
    ) -> Detections:
        """Objects of the classes of `look` in the tiles of `raster` that touch `region`.

        `region` lies in a plane in metres without mirroring; `to_pixel` maps that plane to the
        raster's pixels (x, y). The result lies in that plane and holds candidates below the
        thresholds too, down to `CANDIDATE_SHARE` of them. Raises InferenceError.
        """
        to_metres = Affine.scale(look.gsd_m)
        wanted = np.isin(self.card.classes, look.classes)
        size = self.card.tile_px

        def look_at(tile: Tile) -> Detections:
            place = to_pixel @ to_metres @ Affine.translation(tile.x0, tile.y0)
            found = self._infer(raster.read(place, (size, size)))
            return found[wanted[found.classes]]

        in_pixels = affinity.scale(region, 1 / look.gsd_m, 1 / look.gsd_m, origin=(0, 0))
        found = sweep(
            Tiling(size, look.overlap_px), in_pixels, look_at, self.card.merge_overlap, self.threads
        )
        return found.transformed(to_metres)

    def _infer(self, patch: Patch) -> Detections:
        """What the network sees in `patch`; an object is seen where its middle is."""
        if not patch.seen.any():
            return Detections.empty()
        floors = tuple(CANDIDATE_SHARE * threshold for threshold in self.card.thresholds)
        found = decode(self.network.run(patch.rgb), self.card.layout, floors)
        last = np.array(patch.seen.shape[::-1]) - 1
        x, y = np.clip(np.floor(found.boxes.centers), 0, last).astype(np.int64).T
        return found[patch.seen[y, x]]
