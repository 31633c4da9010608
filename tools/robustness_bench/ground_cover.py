"""Snow and dust on the ground and on roofs."""

from __future__ import annotations

import numpy as np

from robustness_bench.image_filters import blurred, soft_step
from robustness_bench.pier_view import Floats, PierView, Rng, brightness
from robustness_bench.random_fields import above_share, field_over

_SNOW = np.array([0.80, 0.82, 0.85], np.float32)
_DUST = np.array([0.46, 0.35, 0.23], np.float32)


def snow(view: PierView, share: float, rng: Rng) -> PierView:
    """Cover `share` of the pier, roofs too, with snow; shadows stay."""
    depth = above_share(view, field_over(view, rng, 15.0, 1.3), share)
    return view.with_light(_covered(view, soft_step(6 * depth)[..., None], _SNOW), rng)


def dust(view: PierView, share: float, rng: Rng) -> PierView:
    """Let dust that fell unevenly hide on average `share` of what lies below."""
    fallen = -np.log(1 - share) * np.exp(0.4 * field_over(view, rng, 40.0))
    return view.with_light(_covered(view, 1 - np.exp(-fallen)[..., None], _DUST), rng)


def _covered(view: PierView, cover: Floats, colour: Floats) -> Floats:
    """Return the light with a layer of `colour` on the share `cover` (rows, columns, 1)."""
    light = view.light
    soft = blurred(view, brightness(light), 0.4)
    usual = max(float(np.quantile(soft, 0.6)), 1e-3)
    lit = np.clip(soft / usual, 0.2, 1.0) ** 0.6  # shadows of what is below still fall on it
    return np.asarray(light * (1 - cover) + colour * lit * cover, np.float32)
