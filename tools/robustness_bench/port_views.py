"""Views of the sample port (datasets/sample_pier): a pier with its berth and the ship there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import shapely
from affine import Affine
from ground_truth import MIN_ROOF_VISIBLE
from port_layout import EXPORT, GSD, QUAYS, SIZE
from scenery import Scenery
from schedule import daily_states
from sky import make_sky

from cv.rendering.renderer import RenderedLabel, render_picture
from robustness_bench.pier_view import PierView, Points, Ships, number_inside

FIRST_SEED = 9_890_000
"""First seed of the views of the port; nothing else uses it."""
QUIET_DAY, LOADING_DAY = 5, 10
"""Days of the port's schedule: 61 containers and no ship; a ship that loads."""
SHIP_DAYS = (10, 8, 11, 9)
"""Days with a ship at one of the piers, and containers on it."""
_CONTEXT_M = 35.0
"""The image around pier and berth, metres."""


def port_views(number: int) -> Iterator[PierView]:
    """Yield `number` views of piers with a ship at the berth."""
    for index in range(number):
        yield port_view(FIRST_SEED + index, SHIP_DAYS[index % len(SHIP_DAYS)])


def port_view(seed: int, day: int, gsd_m: float = GSD) -> PierView:
    """Return the pier at which a ship lies on `day`, or the export pier, under a clear sky."""
    cv2.setNumThreads(1)
    state = list(daily_states(day + 1, seed))[-1]
    sky, rng = make_sky(state, seed), np.random.default_rng([seed, 12, day])
    sensor = replace(sky.sensor, gsd_x=gsd_m, gsd_y=gsd_m)
    shape = round(SIZE[1] / gsd_m), round(SIZE[0] / gsd_m)
    canvas = Scenery(seed).draw(state)
    image, labels = render_picture(canvas, sky.sun, sky.view, sensor, rng, shape)
    quay = next((one for one in QUAYS if one.name == state.day.berth), EXPORT)
    assert quay.berth is not None
    outline, berth = (shapely.Polygon(span.corners) for span in (quay.outline, quay.berth))
    roofs = [one for one in labels if _is_roof(one)]
    decks = _corners([one for one in roofs if one.aboard], gsd_m)
    ashore = _corners([one for one in roofs if not one.aboard], gsd_m)
    hulls = _corners([one for one in labels if one.class_name == "hull"], gsd_m)
    ships = Ships(
        berth=berth,
        hulls=hulls,
        truth=number_inside(berth, hulls),
        aboard=number_inside(berth, decks),
    )
    whole = PierView(
        name=f"port {seed}, day {day}",
        source="port",
        image=image,
        to_ground=Affine.scale(gsd_m),
        outline=outline,
        containers=np.concatenate([ashore, decks]),
        truth=number_inside(outline, ashore),
        ships=ships,
    )
    return whole.cropped(_CONTEXT_M)


def _is_roof(label: RenderedLabel) -> bool:
    return label.class_name == "container" and label.visible >= MIN_ROOF_VISIBLE


def _corners(labels: list[RenderedLabel], gsd_m: float) -> Points:
    """Return the corners (n, 4, 2) of `labels`, metres of the picture."""
    return np.array([one.corners for one in labels], np.float64).reshape(-1, 4, 2) * gsd_m
