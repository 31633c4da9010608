"""Random satellite cameras of 2.7 to 10 m a pixel: sampling, point spread, bands, colours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from cv.geometry.arrays import Float32Array, Float64Array
from cv.rendering.camera_response import apply_radiometry
from cv.rendering.materials import Rng
from cv.rendering.noise import noise_field
from cv.rendering.random_cameras import random_exposure
from cv.rendering.renderer import Bytes, Sensor
from cv.rendering.sensor_sampling import PixelAxis, PixelSampler
from cv.synthetic.degradations import compress

MIN_PSF, MAX_PSF = 0.35, 0.70
"""Deviations of the optics' point spread that are drawn, in units of the GSD; the pixel's square
comes on top of it."""
MIN_GSD, MAX_GSD = 2.7, 10.0
"""GSDs that are drawn, metres."""


@dataclass(frozen=True)
class _Family:
    share: float
    gsd_m: tuple[float, float]
    band_shift: float
    """Deviation of the shift of a band along each axis, coarse pixels."""


_FAMILIES = (
    _Family(0.50, (2.7, 4.2), 0.15),  # SuperDove
    _Family(0.15, (4.5, 6.5), 0.15),  # RapidEye
    _Family(0.12, (7.5, 10.0), 0.08),  # Sentinel-2
    _Family(0.23, (MIN_GSD, MAX_GSD), 0.20),
)
_HEAVY_HAZE = 0.06


@dataclass(frozen=True, kw_only=True)
class CoarseCamera:
    """One camera with the exposure of one scene."""

    gsd_m: float
    """Metres a pixel."""
    psf: float
    """Deviation of the optics' point spread in units of the GSD."""
    band_shifts: Float64Array
    """(3, 2) shift x, y of red, green and blue, coarse pixels."""
    sensor: Sensor
    """Colours, noise and compression; its sampling and blur are not used."""
    veil: float = 0.0
    """Opacity of uneven haze, 0..1."""


def random_camera(rng: Rng, nearest: float = MIN_GSD, farthest: float = MAX_GSD) -> CoarseCamera:
    """Return a camera with a GSD between two limits (metres)."""
    fitting = [f for f in _FAMILIES if f.gsd_m[0] < farthest and f.gsd_m[1] > nearest]
    shares = np.array([family.share for family in fitting])
    family = fitting[int(rng.choice(len(fitting), p=shares / shares.sum()))]
    low, high = max(nearest, family.gsd_m[0]), min(farthest, family.gsd_m[1])
    wild = 3.0 if rng.random() < 0.1 else 1.0
    plain = Sensor(
        noise=float(np.exp(rng.uniform(np.log(0.0015), np.log(0.014)))),
        sharpen=float(rng.uniform(0.1, 1.2)) if rng.random() < 0.45 else 0.0,
        bleed=float(rng.uniform(0.4, 1.2)) if rng.random() < 0.2 else 0.0,
        jpeg=int(rng.integers(55, 97)) if rng.random() < 0.3 else 0,
    )
    exposed = random_exposure(plain, rng)
    return CoarseCamera(
        gsd_m=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        psf=float(rng.uniform(MIN_PSF, MAX_PSF)),
        band_shifts=rng.normal(0, family.band_shift * wild, (3, 2)),
        sensor=replace(exposed, saturation=exposed.saturation * float(rng.uniform(0.75, 1.4))),
        veil=float(rng.uniform(0.2, 0.6)) if rng.random() < _HEAVY_HAZE else 0.0,
    )


def taken_image(
    light: Float32Array, camera: CoarseCamera, rows: PixelAxis, columns: PixelAxis, rng: Rng
) -> Bytes:
    """Return the 8-bit image (rows, columns, RGB) that a camera takes of a light at its GSD.

    The axes' steps are the GSD in pixels of `light`.
    """
    bands = []
    for band, (x, y) in enumerate(camera.band_shifts):
        down = replace(rows, start=rows.start + float(y) * rows.step)
        across = replace(columns, start=columns.start + float(x) * columns.step)
        spread = camera.psf * rows.step
        sampler = PixelSampler(down, across, (light.shape[0], light.shape[1]), spread)
        bands.append(sampler.means(light[..., band]))
    signal = np.asarray(np.stack(bands, 2), np.float32)
    if camera.veil:
        air = np.float32(0.75) * np.array([0.92, 1.0, 1.06], np.float32)
        uneven = 1 + 0.3 * noise_field(rng, signal.shape[:2], max(8, signal.shape[0] // 2), 8)
        share = np.clip(camera.veil * uneven, 0, 0.8)[..., None]
        signal = np.asarray(signal * (1 - share) + air * share, np.float32)
    signal = apply_radiometry(signal, camera.sensor, rng)
    image = np.asarray(cv2.convertScaleAbs(np.clip(signal, 0, 1), alpha=255), np.uint8)
    return compress(image, camera.sensor.jpeg) if camera.sensor.jpeg else image
