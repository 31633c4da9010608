"""Hard negatives, vehicles and moored ships: what is labelled and what is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cv.rendering.canvas import WATER, Canvas, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints
from cv.synthetic.hard_negatives import HARD_NEGATIVES
from cv.synthetic.moored_ships import draw_barge_raft, draw_boat_group
from cv.synthetic.quay_line import QuayLine
from cv.synthetic.terrain import draw_ground, draw_tracks
from cv.synthetic.train_wagons import draw_bulk_train, draw_wagons
from cv.synthetic.trucks import LOADS, draw_parked_chassis, draw_truck

MIDDLE = np.array([50.0, 50.0])


def ground(side: float = 100.0, resolution: float = 0.25) -> Canvas:
    canvas = Canvas(side, side, resolution)
    draw_ground(canvas, GROUND_MATERIALS["asphalt"], np.random.default_rng(0))
    return canvas


@pytest.mark.parametrize("draw", [*HARD_NEGATIVES, draw_parked_chassis])
@pytest.mark.parametrize("seed", range(4))
def test_look_alikes_are_seen_but_never_labelled(draw, seed):
    canvas, bare = ground(), ground()
    draw(canvas, MIDDLE, 0.3, np.random.default_rng(seed))
    changed = (canvas.albedo != bare.albedo).any() or canvas.overhead
    assert changed
    assert not canvas.placed


def test_freight_trains_hold_no_container_and_box_trains_do():
    canvas = ground()
    draw_bulk_train(canvas, np.array([5.0, 30.0]), 0.0, 5, np.random.default_rng(0))
    assert not canvas.placed
    draw_wagons(
        canvas, np.array([5.0, 60.0]), 0.0, 5, 1.0, ContainerPaints(np.random.default_rng(0))
    )
    assert len(canvas.placed) >= 5


@pytest.mark.parametrize(
    ("load", "boxes"),
    [("40", 1), ("45", 1), ("20", 1), ("2x20", 2), ("empty", 0), ("trailer", 0), ("flat", 0)],
)
def test_lorries_carry_what_they_say(load, boxes):
    assert load in LOADS
    canvas = ground()
    assert draw_truck(canvas, MIDDLE, 0.5, load, ContainerPaints(np.random.default_rng(1)))
    assert len(canvas.placed) == boxes
    assert all(item.height == pytest.approx(1.2 + 2.6, abs=0.31) for item in canvas.placed)


def test_tracks_change_the_colour_and_nothing_else():
    canvas = ground()
    before = canvas.albedo.copy()
    draw_tracks(canvas, MIDDLE, 0.4, np.random.default_rng(2))
    assert not np.array_equal(before, canvas.albedo)
    assert not canvas.relief.any()
    assert not canvas.state.any()


@pytest.mark.parametrize("seed", range(6))
def test_moored_hulls_lie_side_by_side_and_not_on_each_other(seed):
    canvas = Canvas(600, 600, resolution=0.75, margin=20.0)
    canvas.mark(rectangle([300.0, 300.0], 640, 640, 0.0), WATER)
    paints = ContainerPaints(np.random.default_rng(seed))
    draw_barge_raft(canvas, np.array([120.0, 120.0]), 0.3, paints)
    draw_boat_group(canvas, QuayLine(np.array([0.0, 420.0]), np.array([600.0, 420.0])), paints)
    hulls = [item.corners.astype(np.float32) for item in canvas.placed if item.class_name == "hull"]
    assert len(hulls) > 2
    for index, one in enumerate(hulls):
        for other in hulls[:index]:
            shared = cv2.intersectConvexConvex(one, other)[0]
            assert shared < 0.12 * min(cv2.contourArea(one), cv2.contourArea(other))
