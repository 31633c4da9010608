"""Colours and textures of container roofs, grounds and hulls from above."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from cv.geometry.arrays import Float32Array
from cv.rendering.noise import Rng as Rng
from cv.rendering.noise import noise_field, normal_noise

# RGB in 0..255, and the share of each among the world's containers
_PAINTS: tuple[tuple[int, int, int, float], ...] = (
    (150, 52, 42, 12), (168, 72, 48, 9), (122, 44, 40, 10), (100, 42, 44, 6),
    (190, 60, 48, 6), (205, 96, 42, 5), (226, 122, 44, 3), (205, 40, 40, 3),
    (36, 66, 126, 8), (48, 98, 164, 6), (92, 150, 196, 3), (30, 40, 80, 6),
    (24, 26, 44, 2), (40, 108, 70, 5), (56, 158, 76, 2), (48, 138, 138, 4),
    (96, 196, 184, 2), (228, 228, 224, 8), (214, 206, 184, 3), (150, 154, 156, 4),
    (190, 192, 192, 3), (88, 92, 96, 3), (226, 180, 62, 2), (212, 62, 140, 1),
    (220, 130, 150, 1), (110, 84, 62, 2), (126, 124, 108, 1),
)  # fmt: skip
PAINTS = np.array([p[:3] for p in _PAINTS], np.float32) / 255
_SHARES = np.array([p[3] for p in _PAINTS], np.float64)
_SHARES /= _SHARES.sum()
_STEPS = np.cumsum(_SHARES)
_FLEETS: tuple[tuple[tuple[int, int, int], ...], ...] = (
    ((226, 226, 222), (208, 209, 206), (196, 194, 186), (232, 230, 224)),  # reefers, leasing
    ((30, 36, 62), (44, 42, 44), (62, 36, 34), (26, 52, 50), (52, 48, 42)),  # dark
    ((128, 118, 104), (110, 106, 100), (142, 130, 112), (98, 92, 84)),  # the ground's colours
)  # fmt: skip
TEXEL = 0.1
"""Size of a texture pixel of a roof, metres."""


@dataclass(frozen=True)
class GroundMaterial:
    """A paved or natural surface."""

    colour: tuple[float, float, float]
    """RGB reflectance 0..1."""
    roughness: float
    """Contrast of its large stains, 0..1."""
    grain: float
    """Contrast of its finest detail, 0..1."""


GROUND_MATERIALS: dict[str, GroundMaterial] = {
    "concrete": GroundMaterial((0.56, 0.55, 0.52), 0.10, 0.03),
    "bright concrete": GroundMaterial((0.68, 0.67, 0.64), 0.08, 0.02),
    "asphalt": GroundMaterial((0.33, 0.33, 0.34), 0.10, 0.03),
    "worn asphalt": GroundMaterial((0.44, 0.43, 0.42), 0.14, 0.04),
    "dark asphalt": GroundMaterial((0.22, 0.22, 0.23), 0.10, 0.03),
    "gravel": GroundMaterial((0.50, 0.47, 0.43), 0.14, 0.09),
    "earth": GroundMaterial((0.50, 0.43, 0.35), 0.16, 0.06),
    "red earth": GroundMaterial((0.47, 0.34, 0.26), 0.16, 0.06),
    "sand": GroundMaterial((0.70, 0.63, 0.50), 0.10, 0.04),
    "brick": GroundMaterial((0.55, 0.40, 0.35), 0.10, 0.05),
    "snow": GroundMaterial((0.88, 0.89, 0.92), 0.10, 0.02),
    "grass": GroundMaterial((0.21, 0.25, 0.14), 0.18, 0.10),
    "dry grass": GroundMaterial((0.42, 0.39, 0.28), 0.18, 0.10),
    "scrub": GroundMaterial((0.13, 0.16, 0.10), 0.22, 0.16),
}


def vary_colour(rng: Rng, colour: Float32Array, amount: float) -> Float32Array:
    """Return a colour near `colour`: brightness and hue varied by a relative amount."""
    gain = 1 + rng.normal(0, amount) + rng.normal(0, amount / 3, 3)
    return np.minimum(np.maximum(colour * gain, 0.01), 1.0).astype(np.float32)


class ContainerPaints:
    """The containers of one place: colours of a few shipping lines, and roof patterns."""

    def __init__(self, rng: Rng) -> None:
        self.rng = rng
        few = rng.random() < 0.15
        count = int(rng.integers(1, 4) if few else rng.integers(4, 16))
        chosen = rng.choice(len(PAINTS), count, replace=False, p=_SHARES)
        self.colours = PAINTS[chosen]
        self.shares = rng.dirichlet(np.full(count, 1.2))
        if rng.random() < 0.3:
            self._mix(_FLEETS[int(rng.choice(3, p=[0.5, 0.35, 0.15]))], rng.uniform(0.35, 0.95))
        self.fade = rng.uniform(0.0, 0.35) if rng.random() < 0.75 else rng.uniform(0.3, 0.6)
        self.ribs = rng.uniform(0.0, 0.07) if rng.random() < 0.7 else rng.uniform(0.07, 0.2)
        self.rim = rng.uniform(0.05, 0.55)
        self._steps = np.cumsum(self.shares)
        self._patterns: dict[int, list[Float32Array]] = {}

    def _mix(self, fleet: tuple[tuple[int, int, int], ...], share: float) -> None:
        """Give a share of the containers the colours (RGB 0..255) of one fleet."""
        more = np.array(fleet, np.float32) / 255
        self.colours = np.vstack([self.colours, more])
        mixed = [self.shares * (1 - share), np.full(len(more), share / len(more))]
        self.shares = np.concatenate(mixed)

    def pick(self) -> Float32Array:
        """Draw the paint of one container, RGB 0..1, faded and dirty."""
        rng = self.rng
        colours, steps = (PAINTS, _STEPS) if rng.random() < 0.12 else (self.colours, self._steps)
        base = colours[min(int(np.searchsorted(steps, rng.random(), "right")), len(colours) - 1)]
        grey = float(base.mean())
        base = base + (grey * 1.05 - base) * np.float32(self.fade * rng.uniform(0.4, 1.2))
        return vary_colour(rng, base, 0.10)

    def roof(self, colour: Float32Array, length: float) -> Float32Array:
        """Return a roof texture (24 rows across, length / TEXEL columns, RGB 0..1)."""
        columns = max(4, round(length / TEXEL))
        bank = self._patterns.setdefault(columns, [])
        if len(bank) < 10:
            bank.append(self._pattern(columns))
            pattern = bank[-1]
        else:
            pattern = bank[int(self.rng.integers(len(bank)))]
        if self.rng.random() < 0.5:
            pattern = pattern[:, ::-1]
        texture: Float32Array = np.minimum(pattern[..., None] * colour, np.float32(1.0))
        kind = self.rng.random()
        if kind < 0.05:
            return _reefer(self.rng, texture)
        if kind < 0.08:
            return _open_top(self.rng, texture)
        if kind < 0.10:
            return _tank(texture)
        if kind < 0.22:
            return _patched(self.rng, texture)
        return texture

    def _pattern(self, columns: int) -> Float32Array:
        """Return the relative brightness of a roof: ribs, rim, door end, dirt."""
        rng = self.rng
        rows = 24
        period = rng.uniform(2.6, 7.0)
        ribs = self.ribs * np.sin(np.arange(columns) * 2 * np.pi / period + rng.uniform(0, 6))
        pattern = np.ones((rows, columns), np.float32) + ribs.astype(np.float32)
        pattern += rng.uniform(0, 0.06) * noise_field(rng, (rows, columns), 40, 8)
        pattern += rng.uniform(0, 0.04) * normal_noise(rng, (rows, columns))
        if rng.random() < 0.5:
            pattern *= np.linspace(1, rng.uniform(0.85, 1.12), rows, dtype=np.float32)[:, None]
        dark = np.float32(1 - min(0.8, self.rim * rng.uniform(0.5, 1.5)))
        pattern[0] *= dark
        pattern[-1] *= dark
        pattern[:, :1] *= dark
        pattern[:, -1:] *= dark
        if rng.random() < 0.5:
            door = int(rng.integers(2, 6))
            pattern[:, -door:] *= rng.uniform(0.7, 1.15)
        soft = cv2.GaussianBlur(pattern, (0, 0), 0.9, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(np.clip(soft, 0.1, 1.6), np.float32)  # no finer than canvases resolve


class OneFleetPaints(ContainerPaints):
    """The containers of a yard that holds one owner's alone: all of one colour (RGB 0..1)."""

    def __init__(self, rng: Rng, colour: ArrayLike) -> None:
        super().__init__(rng)
        self._only = np.asarray(colour, np.float32)

    def pick(self) -> Float32Array:
        """Draw the paint of one container, RGB 0..1, a little faded or dirty."""
        return vary_colour(self.rng, self._only, 0.06)


def _reefer(rng: Rng, texture: Float32Array) -> Float32Array:
    """Return the roof of a white refrigerated container with its machinery at one end."""
    white = np.clip(texture / max(float(texture.mean()), 0.05) * 0.82, 0, 1)
    end = int(rng.integers(5, 10))
    white[4:-4, :end] *= rng.uniform(0.35, 0.8)
    return np.asarray(white, np.float32)


def _open_top(rng: Rng, texture: Float32Array) -> Float32Array:
    """Return an open or tarpaulin-covered inside within a painted frame."""
    inner = np.full(3, rng.uniform(0.08, 0.45), np.float32) * rng.uniform(0.8, 1.2, 3)
    texture = texture.copy()
    texture[2:-2, 2:-2] = inner * rng.uniform(0.9, 1.1, (texture.shape[0] - 4, 1, 1))
    return texture.astype(np.float32)


def _tank(texture: Float32Array) -> Float32Array:
    """Return a tank container: a cylinder in a frame, bright along its axis."""
    across = np.cos(np.linspace(-1.5, 1.5, texture.shape[0]))[:, None, None]
    grey = 0.35 * texture + 0.45
    return np.clip(grey * (0.35 + 0.75 * across), 0, 1).astype(np.float32)


def _patched(rng: Rng, texture: Float32Array) -> Float32Array:
    """Return the roof with rust, a replaced panel or painted letters."""
    texture = texture.copy()
    rows, columns = texture.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        top, left = int(rng.integers(1, rows - 4)), int(rng.integers(1, columns - 3))
        tall, wide = int(rng.integers(3, 18)), int(rng.integers(3, max(4, columns // 3)))
        tint = rng.uniform(0.65, 1.35) * rng.uniform(0.9, 1.1, 3)
        texture[top : top + tall, left : left + wide] *= tint.astype(np.float32)
    return np.clip(texture, 0, 1)
