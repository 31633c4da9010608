"""Draw degradations, one or two on top of each other, and apply them."""

from __future__ import annotations

import numpy as np

from cv.image_fitness_training.degradation_kinds import KINDS, DegradedGrid, DegradedImage
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.synthetic import degradations as deg

_NORMALISED = "haze uneven fog dust dark night flat thin"


def draw_degradation_kinds(rng: Rng) -> tuple[str, ...]:
    """Draw one kind of degradation, or two on top of each other."""
    names = list(KINDS)
    shares = np.array([share for share, _ in KINDS.values()])
    shares /= shares.sum()
    first = str(rng.choice(names, p=shares))
    if first != "clear" and rng.random() < 0.12:
        return first, str(rng.choice(names[1:], p=shares[1:] / shares[1:].sum()))
    if any(first.startswith(word) for word in _NORMALISED.split()) and rng.random() < 0.35:
        return first, "stretch"
    if first in ("noise", "speckle", "impulses") and rng.random() < 0.2:
        return first, "smooth"
    return (first,)


def degrade_image(
    image: Bytes,
    kinds: tuple[str, ...],
    seed: int,
    gsd_m: float,
    limits: deg.Limits | None = None,
) -> DegradedImage:
    """Apply `kinds` in order, with parameters drawn from `seed`: equal for images of one shape.

    A stretch takes its `limits` from the image, unless given: those of the same place.
    """
    result = DegradedImage(image, {})
    for number, kind in enumerate(kinds):
        rng = np.random.default_rng([seed, number])
        if kind in ("stretch", "smooth"):
            low = float(rng.uniform(0.2, 2))
            plain = result.image
            if kind == "smooth":
                changed = deg.smooth(plain, float(rng.uniform(0.7, 1.8)))
            else:
                by_band = bool(rng.random() < 0.4)
                limits = limits or deg.percentile_limits(plain, low, 100 - low, by_band)
                changed = deg.stretch_contrast(plain, limits)
            result = DegradedImage(changed, result.effects, result.blur_sigma_m, limits)
            continue
        grid = DegradedGrid(gsd_m, (image.shape[0], image.shape[1]), rng)
        step = KINDS[kind][1](result.image, grid)
        effects = {**result.effects, **step.effects}
        sigma = float(np.hypot(result.blur_sigma_m, step.blur_sigma_m))
        result = DegradedImage(step.image, effects, sigma)
    return result
