"""The intake: how a network takes a tile, as the input of its graph says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.errors import ModelError

_TYPES = {"tensor(uint8)": True, "tensor(float)": False}


@dataclass(frozen=True)
class InputSpec:
    """What the only input of a graph holds."""

    name: str
    """Of the input."""
    raw: bool
    """True: uint8, 0 to 255, scaled inside of the graph. False: float32, 0 to 1."""
    planes_first: bool
    """True: (1, 3, rows, columns). False: (1, rows, columns, 3). Red, green, blue."""

    @classmethod
    def of(cls, subject: str | Path, inputs: list[Any], tile_px: int) -> InputSpec:
        """The intake of a graph with `inputs` (of onnxruntime) for tiles of `tile_px` pixels.

        Raises ModelError where it is neither uint8 nor float, or of another size.
        """
        orders = {True: (1, 3, tile_px, tile_px), False: (1, tile_px, tile_px, 3)}
        if len(inputs) == 1 and inputs[0].type in _TYPES:
            for planes_first, shape in orders.items():
                if shape_matches(inputs[0].shape, shape):
                    return cls(inputs[0].name, _TYPES[inputs[0].type], planes_first)
        raise ModelError(
            subject,
            f"it takes {[(one.type, tuple(one.shape)) for one in inputs]}",
            f"one uint8 or float tensor {orders[True]} or {orders[False]} is needed",
            "Make it again with cv.export.release.",
        )

    def to_tensor(self, rgb: NDArray[np.uint8]) -> NDArray[Any]:
        """The input for a tile `rgb` (rows, columns, 3)."""
        pixels = rgb.transpose(2, 0, 1) if self.planes_first else rgb
        if self.raw:
            return np.ascontiguousarray(pixels[None])
        return np.ascontiguousarray(pixels[None].astype(np.float32) / np.float32(255.0))


def shape_matches(shape: list[Any], wanted: tuple[int | None, ...]) -> bool:
    """Whether `shape` is `wanted`; names and None stand for any size."""
    return len(shape) == len(wanted) and all(
        want is None or not isinstance(have, int) or have == want
        for have, want in zip(shape, wanted, strict=True)
    )
