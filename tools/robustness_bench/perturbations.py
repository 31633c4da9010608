"""All perturbations by name, each in graded strength.

Written independently of any degradation that a network or a threshold was fitted with, so that
the bench stays a fair judge.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from robustness_bench import (
    atmosphere,
    declarations,
    ground_cover,
    illumination,
    optics,
    sensor,
)
from robustness_bench.pier_view import PierView, Rng

CLEAR = "clear"
"""Name of the perturbation that changes nothing."""


@dataclass(frozen=True)
class Perturbation:
    """A change of a view, in several strengths."""

    apply: Callable[[PierView, float, Rng], PierView]
    """Returns a view perturbed with a strength; random choices come from the generator alone."""
    measure: str
    """What the strength is, and its unit."""
    strengths: tuple[float, ...]
    """From harmless to severe, as far as there is an order."""
    in_pixels: bool = True
    """Whether the image shows it; False: only what is declared about the image is wrong."""

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return self.apply.__name__

    def perturbed(self, view: PierView, strength: float, seed: int) -> PierView:
        """Return `view` perturbed with `strength`.

        Clouds and noise of one seed, view and perturbation have the same place at all strengths.
        """
        words = [seed, zlib.crc32(view.name.encode()), zlib.crc32(self.name.encode())]
        return self.apply(view, strength, np.random.default_rng(words))


def clear(view: PierView, strength: float, rng: Rng) -> PierView:
    """Return the view as it is."""
    return view


_P = Perturbation
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
PERTURBATIONS = (
    _P(atmosphere.thick_cloud_whole, "opacity", (0.8, 0.9, 0.97, 0.99, 0.999)),
    _P(atmosphere.thick_cloud_half, "share of the pier", _SHARES),
    _P(atmosphere.scattered_cloud, "share of the pier", (0.1, 0.25, 0.5, 0.75)),
    _P(atmosphere.broken_cloud, "share of the pier", (0.1, 0.2, 0.4, 0.6, 0.8)),
    _P(atmosphere.thin_cloud, "mean opacity", (0.2, 0.4, 0.6, 0.8, 0.9)),
    _P(atmosphere.cloud_shadow, "share of light lost", (0.3, 0.5, 0.7, 0.85, 0.95)),
    _P(atmosphere.even_haze, "share of light lost", (0.3, 0.5, 0.7, 0.85, 0.95)),
    _P(atmosphere.uneven_haze, "share of light lost", (0.3, 0.5, 0.7, 0.85, 0.95)),
    _P(atmosphere.fog, "share of light lost", (0.5, 0.7, 0.85, 0.95, 0.98)),
    _P(illumination.darkness, "exposure", (0.3, 0.1, 0.03, 0.01, 0.003)),
    _P(illumination.night, "light of lamps", (0.5, 0.2, 0.08, 0.03, 0.01)),
    _P(illumination.low_sun, "elevation, degrees", (25, 15, 8, 4, 2)),
    _P(illumination.over_exposure, "gain", (1.5, 2, 3, 5, 10)),
    _P(illumination.saturation, "share of the pier", (0.1, 0.3, 0.5, 0.7, 0.9)),
    _P(illumination.clipped_colours, "share at each end", (0.05, 0.15, 0.25, 0.35, 0.45)),
    _P(illumination.glint, "strength", (0.1, 0.3, 0.6, 1, 2)),
    _P(illumination.mosaic_seam, "ratio of exposures", (1.3, 1.7, 2.5, 4)),
    _P(optics.gaussian_blur, "sigma, m", (0.25, 0.5, 1, 1.5, 2)),
    _P(optics.defocus, "radius, m", (0.5, 1, 1.5, 2, 3)),
    _P(optics.motion_blur, "length, m", (1, 2, 4, 8, 12)),
    _P(optics.oversampled_nearest, "GSD, m", (1, 1.5, 2, 3, 5)),
    _P(optics.oversampled_bilinear, "GSD, m", (1, 1.5, 2, 3, 5)),
    _P(optics.oversampled_cubic, "GSD, m", (1, 1.5, 2, 3, 5)),
    _P(optics.oversampled_lanczos, "GSD, m", (1, 1.5, 2, 3, 5)),
    _P(sensor.sensor_noise, "levels", (5, 10, 20, 40, 60)),
    _P(sensor.speckle, "samples averaged", (32, 16, 8, 4, 1)),
    _P(sensor.stripes, "levels", (3, 6, 12, 25, 50)),
    _P(sensor.dead_columns, "share of the columns", (0.02, 0.05, 0.1, 0.2, 0.4)),
    _P(sensor.band_misregistration, "shift, m", (0.25, 0.5, 1, 2, 4)),
    _P(sensor.jpeg, "quality", (40, 20, 10, 5, 2)),
    _P(sensor.posterised, "levels", (16, 8, 4, 2)),
    _P(sensor.wrong_gamma, "exponent", (0.67, 1.5, 0.45, 2.2, 0.3, 3.5)),
    _P(sensor.inverted, "contrast", (0.25, 0.5, 0.75, 1)),
    _P(sensor.one_band, "band", (0, 1, 2)),
    _P(sensor.false_colour, "share", (0.25, 0.5, 0.75, 1)),
    _P(sensor.grey, "share", (0.25, 0.5, 0.75, 1)),
    _P(sensor.plain_grey, "level", (40, 90, 130, 200, 240)),
    _P(sensor.constant_colour, "number", (0, 1, 2, 3, 4)),
    _P(sensor.colour_order, "number", (0, 1, 2, 3, 4)),
    _P(ground_cover.snow, "share of the pier", (0.2, 0.5, 0.7, 0.9, 0.98)),
    _P(ground_cover.dust, "share hidden", (0.2, 0.4, 0.6, 0.8, 0.95)),
    _P(declarations.black_bars, "share of the pier", (0.1, 0.25, 0.5, 0.75)),
    _P(declarations.white_bars, "share of the pier", (0.1, 0.25, 0.5, 0.75)),
    _P(declarations.rotated_tile, "degrees", (5, 15, 30, 45)),
    _P(declarations.off_nadir, "degrees", (15, 25, 35, 45), in_pixels=False),
    _P(declarations.wrong_gsd, "factor", (0.9, 1.1, 0.8, 1.25, 0.6, 1.6), in_pixels=False),
    _P(declarations.outline_shift, "m", (2, 5, 10, 15, 30), in_pixels=False),
)
"""All perturbations, in the order of the tables."""
UNPERTURBED = Perturbation(clear, "", (0.0,))
BY_NAME = {one.name: one for one in (UNPERTURBED, *PERTURBATIONS)}
