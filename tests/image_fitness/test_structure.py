"""Structure: edges against noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cv.image_fitness.structure import MIN_STRUCTURE, structure

ALL = np.ones((400, 400), bool)


def noise(level: float, deviation: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    values = level + deviation * rng.standard_normal((400, 400, 3))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("deviation", [0.0, 0.5, 2.0, 20.0])
@pytest.mark.parametrize("level", [40.0, 90.0, 200.0])
def test_noise_alone_has_no_structure(level, deviation):
    assert structure(noise(level, deviation), ALL) < MIN_STRUCTURE / 2


def test_a_quay_edge_is_structure():
    image = noise(90, 2.0)
    image[:, 150:] += 20
    assert structure(image, ALL) > MIN_STRUCTURE


def test_what_was_not_measured_is_no_structure():
    image, measured = noise(90, 2.0), ALL.copy()
    image[:100] = 0
    measured[:100] = False
    assert structure(image, measured) < MIN_STRUCTURE / 2
    assert math.isnan(structure(image, ~ALL))
