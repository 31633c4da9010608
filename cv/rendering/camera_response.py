"""From radiance to stored pixels: optics, sampling, radiometry, stretch and file format."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float32Array
from cv.rendering.canvas import Canvas
from cv.rendering.noise import Rng, normal_noise

Bytes = NDArray[np.uint8]
_LUMA = np.array([[1 / 3, 1 / 3, 1 / 3]], np.float32)


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """Sampling, optics and radiometry of the camera and of the file it ends in."""

    gsd_x: float = 0.3
    """Metres per sensor pixel along x."""
    gsd_y: float = 0.3
    """Metres per sensor pixel along y."""
    blur: float = 0.5
    """Standard deviation of the optics, sensor pixels."""
    noise: float = 0.01
    """Standard deviation, share of full scale."""
    sharpen: float = 0.0
    """Amount of unsharp mask; rings beside edges."""
    bleed: float = 0.0
    """Blur of colour against brightness (pansharpening, chroma), sensor pixels."""
    jpeg: int = 0
    """JPEG quality 1..100; 0 for none."""
    gain: float = 1.0
    """Exposure factor."""
    gamma: float = 1.0
    """Exponent on the 0..1 signal."""
    haze: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Light scattered by the air, RGB 0..1."""
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factor on each of R, G, B."""
    saturation: float = 1.0
    """0 is grey, 1 unchanged."""
    vignette: float = 0.0
    """Darkening towards the corners, 0..1."""
    bits: int = 8
    """Bits of the stored values, before the stretch to 8."""
    stretch: tuple[float, float] | None = None
    """Lower and upper percentile that become black and white, 0..100; None for fixed limits."""


def apply_camera_response(
    radiance: Float32Array, canvas: Canvas, sensor: Sensor, rng: Rng, size: tuple[int, int]
) -> Bytes:
    """Return the 8-bit image of `size` for a radiance (rows, columns, RGB)."""
    spread = sensor.blur * (sensor.gsd_x + sensor.gsd_y) / 2 / canvas.resolution
    if spread > 0.3:
        radiance = np.asarray(cv2.GaussianBlur(radiance, (0, 0), spread), np.float32)
    columns, rows = round(canvas.width / sensor.gsd_x), round(canvas.height / sensor.gsd_y)
    way = cv2.INTER_AREA if columns < radiance.shape[1] else cv2.INTER_LINEAR
    signal = np.asarray(cv2.resize(radiance, (columns, rows), interpolation=way), np.float32)
    signal = apply_radiometry(signal, sensor, rng)
    image = cv2.convertScaleAbs(np.clip(signal, 0, 1, out=signal), alpha=255)
    if sensor.jpeg:
        flags = [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg]
        packed = cv2.imencode(".jpg", image[..., ::-1], flags)[1]
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
    image = np.ascontiguousarray(image)
    if (rows, columns) == tuple(size):
        return np.asarray(image, np.uint8)
    way = cv2.INTER_AREA if size[0] < rows else cv2.INTER_CUBIC
    if rng.random() < 0.4 and way == cv2.INTER_CUBIC:
        way = cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(image, size[::-1], interpolation=way))


def apply_radiometry(signal: Float32Array, sensor: Sensor, rng: Rng) -> Float32Array:
    """Apply colour, haze, vignetting, tone curve, ringing, noise and quantization.

    `signal` (rows, columns, RGB) is light, 1 for a white roof in full sun; so is what returns,
    before it is clipped to 0..1.
    """
    if sensor.bleed > 0.3:
        grey = cv2.cvtColor(cv2.transform(signal, _LUMA), cv2.COLOR_GRAY2RGB)
        signal = grey + cv2.GaussianBlur(signal - grey, (0, 0), sensor.bleed)
    signal = np.asarray(cv2.transform(signal, _colour_matrix(sensor)), np.float32)
    if sensor.vignette:
        y = np.linspace(-1, 1, signal.shape[0], dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, signal.shape[1], dtype=np.float32)[None, :]
        fall = 1 - np.float32(sensor.vignette / 2) * (x * x + y * y)
        signal = np.asarray(cv2.multiply(signal, cv2.cvtColor(fall, cv2.COLOR_GRAY2RGB)))
    np.maximum(signal, 0, out=signal)
    if sensor.gamma != 1.0:
        signal = np.asarray(cv2.pow(signal, sensor.gamma), np.float32)
    if sensor.sharpen:
        soft = cv2.GaussianBlur(signal, (0, 0), 1.1)
        ringing = cv2.addWeighted(signal, 1 + sensor.sharpen, soft, -sensor.sharpen, 0.0)
        signal = np.asarray(ringing, np.float32)
    if sensor.noise:
        rows, columns = signal.shape[:2]
        common = normal_noise(rng, (rows, columns))
        bands = [common + 0.5 * normal_noise(rng, (rows, columns)) for _ in range(3)]
        signal = np.asarray(cv2.scaleAdd(cv2.merge(bands), sensor.noise, signal), np.float32)
    if sensor.stretch is not None:
        signal = _percentile_stretch(signal, sensor, sensor.stretch)
    return np.asarray(signal, np.float32)


def _colour_matrix(sensor: Sensor) -> Float32Array:
    """Return saturation, gain, cast and haze as one matrix (3, 4) on R, G, B, 1."""
    colours = np.full((3, 3), (1 - sensor.saturation) / 3) + np.eye(3) * sensor.saturation
    factors = np.array(sensor.cast)[:, None] * sensor.gain
    return np.hstack([colours * factors, np.array(sensor.haze)[:, None]]).astype(np.float32)


def _percentile_stretch(
    signal: Float32Array, sensor: Sensor, limits: tuple[float, float]
) -> Float32Array:
    """Quantize to the stored bits, then stretch each band between two percentiles."""
    full = np.float32(2**sensor.bits - 1)
    stored = np.rint(np.clip(signal, 0, 1) * full)
    low, high = np.percentile(stored[::7, ::7].reshape(-1, 3), limits, axis=0)
    min_span = full * 0.1 * sensor.gain  # keeps plain water from being stretched to noise
    span = np.maximum(high - low, min_span)
    return np.asarray((stored - low.astype(np.float32)) / span.astype(np.float32), np.float32)
