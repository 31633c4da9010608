"""Drawings, constant and clipped patches are recognised by their pixel values alone."""

from __future__ import annotations

import numpy as np
import pytest

from cv.image_fitness.pixel_rules import PixelRules
from cv.image_fitness_training.ground_images import plain_ground
from cv.image_fitness_training.scene_pairs import rendered_pair
from cv.synthetic.non_scenes import NON_SCENES

SIDE = 80


@pytest.mark.parametrize(("name", "share"), [("map", 0.7), ("screenshot", 0.7), ("table", 0.5)])
def test_most_patches_of_a_drawing_are_drawn(name, share):
    images = [NON_SCENES[name](np.random.default_rng(seed), 640) for seed in range(6)]
    assert np.mean([PixelRules.of(image, SIDE).drawn for image in images]) >= share


def test_clear_places_break_no_rule():
    for seed in (41, 42):
        pair = rendered_pair(seed)
        for image in (pair.occupied, pair.bare):
            rules = PixelRules.of(image, SIDE)
            assert not (rules.drawn | rules.white | rules.black).any()


def test_few_patches_of_plain_ground_break_a_rule():
    rng = np.random.default_rng(3)
    rules = [PixelRules.of(plain_ground(400, rng).image, SIDE) for _ in range(60)]
    assert np.mean([one.drawn | one.white | one.black for one in rules]) <= 0.04


@pytest.mark.parametrize(
    ("level", "name"), [(0, "black"), (1, "black"), (255, "white"), (90, "drawn")]
)
def test_a_constant_image_is_clipped_or_drawn(level, name):
    rules = PixelRules.of(np.full((240, 320, 3), level, np.uint8), SIDE)
    for other in ("drawn", "white", "black"):
        found = getattr(rules, other)
        assert found.shape == (3, 4)
        assert found.all() if other == name else not found.any(), other


def test_a_constant_patch_among_others_is_not_drawn():
    image = np.random.default_rng(1).integers(80, 120, (400, 400, 3), dtype=np.uint8)
    image[160:240, 160:240] = 60
    rules = PixelRules.of(image, SIDE)
    assert not rules.drawn.any()


def test_patches_that_are_clipped_lie_where_the_light_is():
    image = np.random.default_rng(1).integers(80, 120, (240, 240, 3), dtype=np.uint8)
    image[:80, :80] = 255
    image[160:, 160:] = 0
    rules = PixelRules.of(image, SIDE)
    assert np.argwhere(rules.white).tolist() == [[0, 0]]
    assert np.argwhere(rules.black).tolist() == [[2, 2]]
    assert list(rules.by_reason()) == ["not overhead", "saturated", "dark"]
