"""Noise for textures and sensors, cut from one bank that is the same in every process."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np

from cv.geometry.arrays import Float32Array

Rng = np.random.Generator
_BANK_SIDE = 2048
"""Side of the noise bank, pixels."""
_MIN_FREE = 64
"""Rows and columns that stay free for the choice of a cut, pixels."""


def normal_noise(rng: Rng, shape: tuple[int, int]) -> Float32Array:
    """Return independent normal noise (rows, columns) of unit deviation, as a read-only view."""
    if max(shape) > _BANK_SIDE - _MIN_FREE:
        return rng.standard_normal(shape, dtype=np.float32)
    top = int(rng.integers(_BANK_SIDE - shape[0]))
    left = int(rng.integers(_BANK_SIDE - shape[1]))
    cut = _bank()[top : top + shape[0], left : left + shape[1]]
    turned = int(rng.integers(4))
    return cut[:: 1 if turned & 1 else -1, :: 1 if turned & 2 else -1]


def noise_field(rng: Rng, shape: tuple[int, int], coarsest: int, finest: int) -> Float32Array:
    """Return smooth noise of about unit contrast; feature sizes from coarsest to finest, pixels."""
    field = np.zeros(shape, np.float32)
    size, weight, total = float(coarsest), 1.0, 0.0
    while size >= finest:
        rows, columns = max(2, int(shape[0] / size) + 2), max(2, int(shape[1] / size) + 2)
        seed = rng.standard_normal((rows, columns), dtype=np.float32)
        layer = cv2.resize(seed, shape[::-1], interpolation=cv2.INTER_LINEAR)
        cv2.scaleAdd(layer, weight, field, field)
        total += weight * weight
        size, weight = size / 3.0, weight * 0.75
    field *= np.float32(1 / (np.sqrt(max(total, 1e-6)) * 0.75))
    return field


def ripples(rng: Rng, shape: tuple[int, int], length: float) -> Float32Array:
    """Return waves with crests along one direction (rows, columns), length apart in pixels."""
    turn, long = rng.uniform(0, np.pi), length * rng.uniform(2.0, 6.0)
    cos, sin = math.cos(turn), math.sin(turn)
    start = rng.uniform(0, _BANK_SIDE, 2)
    onto = np.array(
        [[cos / long, sin / long, start[0]], [-sin / length, cos / length, start[1]]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    way = cv2.warpAffine(_bank(), onto, shape[::-1], flags=flags, borderMode=cv2.BORDER_WRAP)
    return np.asarray(way, np.float32)


def colour_texture(tone: Float32Array, colour: Float32Array) -> Float32Array:
    """Return a grey texture (rows, columns) times a colour: (rows, columns, RGB) within 0.01..1."""
    mixed = cv2.transform(np.ascontiguousarray(tone), colour.reshape(3, 1).astype(np.float32))
    return np.asarray(np.clip(mixed, 0.01, 1.0, out=mixed), np.float32)


@cache
def _bank() -> Float32Array:
    bank = np.random.default_rng(20).standard_normal((_BANK_SIDE, _BANK_SIDE), dtype=np.float32)
    bank.flags.writeable = False
    return bank
