"""Noise, stripes, bands, compression and colours: what cameras and processing do to values."""

from __future__ import annotations

import cv2
import numpy as np

from robustness_bench.image_filters import shifted
from robustness_bench.pier_view import Bytes, PierView, Rng, brightness

BAND_ORDERS = ((2, 1, 0), (1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1))
"""All orders of red, green and blue but the right one."""
CONSTANT_COLOURS = ((0, 0, 0), (255, 255, 255), (40, 70, 110), (90, 110, 60), (170, 150, 120))
"""Black, white, sea, grass, sand."""


def sensor_noise(view: PierView, levels: float, rng: Rng) -> PierView:
    """Add noise of `levels` at middle brightness, a half of its variance growing with light."""
    image = view.image.astype(np.float32)
    sigma = levels * np.sqrt(0.5 + image / 255)
    return view.with_levels(image + sigma * rng.standard_normal(image.shape, np.float32))


def speckle(view: PierView, samples: float, rng: Rng) -> PierView:
    """Multiply light by gamma noise, as in a radar image that averages `samples`."""
    factor = rng.gamma(samples, 1 / samples, (*view.shape, 1)).astype(np.float32)
    return view.with_light(view.light * factor, rng)


def stripes(view: PierView, levels: float, rng: Rng) -> PierView:
    """Offset the columns, or rows, by `levels` (deviation), and their gain by half in percent."""
    across = int(rng.integers(2))
    number = view.shape[1 - across]
    shape = (number, 1, 1) if across else (1, number, 1)
    offset = levels * rng.standard_normal(shape).astype(np.float32)
    gain = 1 + levels / 200 * rng.standard_normal(shape).astype(np.float32)
    return view.with_levels(view.image * gain + offset)


def dead_columns(view: PierView, share: float, rng: Rng) -> PierView:
    """Make `share` of the columns black, white, or the same as their left neighbour."""
    image = view.image.copy()
    for column in np.flatnonzero(rng.random(view.shape[1]) < share).tolist():
        kind = rng.integers(3)
        image[:, column] = (0, 255, image[:, max(0, column - 1)])[kind]
    return view.with_image(image)


def band_misregistration(view: PierView, shift_m: float, rng: Rng) -> PierView:
    """Move red and blue by `shift_m` metres in opposite directions."""
    angle = rng.uniform(0, 2 * np.pi)
    image = view.image.copy()
    for band, side in ((0, shift_m), (2, -shift_m)):
        layer = np.ascontiguousarray(image[..., band])
        image[..., band] = shifted(view, layer, side * np.cos(angle), side * np.sin(angle))
    return view.with_image(image)


def jpeg(view: PierView, quality: float, rng: Rng) -> PierView:
    """Compress as JPEG of `quality`, 1 to 100."""
    done, data = cv2.imencode(
        ".jpg", view.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)]
    )
    assert done
    image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return view.with_image(np.ascontiguousarray(image[..., ::-1]))


def posterised(view: PierView, levels: float, rng: Rng) -> PierView:
    """Keep `levels` values of each band."""
    steps = np.minimum(np.floor(view.image / 256 * levels), levels - 1)
    return view.with_levels(steps * 255 / (levels - 1))


def wrong_gamma(view: PierView, exponent: float, rng: Rng) -> PierView:
    """Raise the display's brightness to `exponent`."""
    return view.with_levels(255 * (view.image / 255.0) ** exponent)


def inverted(view: PierView, contrast: float, rng: Rng) -> PierView:
    """Exchange dark and bright, with the share `contrast` of the range."""
    return view.with_levels(127.5 + contrast * (127.5 - view.image))


def one_band(view: PierView, band: float, rng: Rng) -> PierView:
    """Deliver only `band` (0 red, 1 green, 2 blue) as a file of one band."""
    return view.with_image(view.image[..., int(band)][..., None].copy())


def false_colour(view: PierView, share: float, rng: Rng) -> PierView:
    """Mix in `share` of a picture of near infrared, red and green.

    Near infrared is modelled from the bands: bright where green exceeds red and blue (plants),
    dark where blue exceeds red (water), else near red.
    """
    red, green, blue = np.moveaxis(view.light, 2, 0)
    plants = np.clip(6 * (2 * green - red - blue), 0, 1)
    water = np.clip(4 * (blue - red), 0, 1)
    infrared = np.clip(1.1 * red * (1 - 0.9 * water) + 0.45 * plants, 0, 1)
    other = np.stack([infrared, red, green], axis=2)
    return view.with_light(np.asarray((1 - share) * view.light + share * other, np.float32), rng)


def grey(view: PierView, share: float, rng: Rng) -> PierView:
    """Take `share` of the colour away."""
    image = view.image.astype(np.float32)
    return view.with_levels(image + share * (brightness(image) - image))


def plain_grey(view: PierView, level: float, rng: Rng) -> PierView:
    """Show nothing but grey of `level` with noise of one level."""
    noise = rng.standard_normal((*view.shape, 1))
    return view.with_levels(level + np.repeat(noise, 3, axis=2))


def constant_colour(view: PierView, index: float, rng: Rng) -> PierView:
    """Show nothing but the colour number `index` of CONSTANT_COLOURS."""
    image: Bytes = np.empty((*view.shape, 3), np.uint8)
    image[:] = CONSTANT_COLOURS[int(index)]
    return view.with_image(image)


def colour_order(view: PierView, index: float, rng: Rng) -> PierView:
    """Deliver the bands in the order number `index` of BAND_ORDERS."""
    return view.with_image(np.ascontiguousarray(view.image[..., BAND_ORDERS[int(index)]]))
