"""Shifts, blurs and soft edges in metres, shared by the perturbations."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from robustness_bench.pier_view import Floats, PierView

Value = TypeVar("Value", np.uint8, np.float32)


def shifted(view: PierView, layer: NDArray[Value], x_m: float, y_m: float) -> NDArray[Value]:
    """Return `layer` (rows, columns, ...) moved by metres along x and y; edges are mirrored."""
    move = np.array([[1, 0, x_m / view.gsd_m[0]], [0, 1, y_m / view.gsd_m[1]]], np.float32)
    size = (view.shape[1], view.shape[0])
    moved = cv2.warpAffine(np.asarray(layer), move, size, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, layer.dtype).reshape(layer.shape)


def blurred(view: PierView, light: Floats, sigma_m: float) -> Floats:
    """Return `light` (rows, columns, bands) blurred by a Gaussian of `sigma_m` metres."""
    return gaussian(light, sigma_m / view.gsd_m[0], sigma_m / view.gsd_m[1])


def gaussian(light: Floats, sigma_x: float, sigma_y: float) -> Floats:
    """Return `light` (rows, columns, bands) blurred by a Gaussian of so many pixels."""
    soft = cv2.GaussianBlur(light, (0, 0), float(sigma_x), sigmaY=float(sigma_y))
    return np.asarray(soft, np.float32).reshape(light.shape)


def soft_step(edge: Floats) -> Floats:
    """Return 0 where `edge` is far below 0, 1 where it is far above: the logistic function."""
    return np.asarray(1 / (1 + np.exp(-np.clip(edge, -30, 30))), np.float32)
