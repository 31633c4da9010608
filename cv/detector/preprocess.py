"""Preprocessing: from a tile to the input tensor that the network's graph declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_card import MAKE_AGAIN
from cv.errors import ModelError

_TYPES = {"tensor(uint8)": True, "tensor(float)": False}


@dataclass(frozen=True)
class InputSpec:
    """Name, data type and axis order of a network's input."""

    name: str
    """Name of the input in the graph."""
    raw: bool
    """True: uint8, 0 to 255, scaled inside the graph. False: float32, 0 to 1."""
    channels_first: bool
    """True: (1, 3, rows, columns). False: (1, rows, columns, 3). Channels: red, green, blue."""

    @classmethod
    def of(cls, subject: str | Path, inputs: list[Any], tile_px: int) -> InputSpec:
        """Return the specification of the only one of `inputs` of an onnxruntime session.

        `tile_px` is the side of a tile. Raises ModelError, about the model file `subject`, where it
        is neither uint8 nor float32, or has another shape.
        """
        orders = {True: (1, 3, tile_px, tile_px), False: (1, tile_px, tile_px, 3)}
        if len(inputs) == 1 and inputs[0].type in _TYPES:
            for channels_first, shape in orders.items():
                if shape_matches(inputs[0].shape, shape):
                    return cls(inputs[0].name, _TYPES[inputs[0].type], channels_first)
        found = f"it takes {[(one.type, tuple(one.shape)) for one in inputs]}"
        limit = f"one uint8 or float tensor {orders[True]} or {orders[False]} is needed"
        raise ModelError(subject, found, limit, MAKE_AGAIN)

    def to_tensor(self, rgb: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the input tensor for a tile `rgb` (rows, columns, 3)."""
        pixels = rgb.transpose(2, 0, 1) if self.channels_first else rgb
        if self.raw:
            return np.ascontiguousarray(pixels[None])
        return np.ascontiguousarray(pixels[None].astype(np.float32) / np.float32(255.0))


def shape_matches(shape: Sequence[Any], expected: tuple[int | None, ...]) -> bool:
    """Return whether `shape` can be `expected`; symbolic sizes and None match any size."""
    return len(shape) == len(expected) and all(
        size is None or not isinstance(actual, int) or actual == size
        for actual, size in zip(shape, expected, strict=True)
    )
