"""Counts and sightings made up for tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import shapely

from cv.counting.count import UNKNOWN, Count, Estimate, Hull, Stack, Status
from cv.counting.counts import Counts
from cv.counting.sighting import Sighting
from cv.site import Role

START = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
MODEL = "a1" * 32
OTHER_MODEL = "b2" * 32
SETTINGS = "c3" * 32
PLACE = "c" * 64
OTHER_SETTINGS = "d4" * 32
NO_VIEW = (Status.NOT_VISIBLE, Status.OUT_OF_RANGE, Status.FAILED)


def estimate(value: float, half: float = 2.0) -> Estimate:
    return Estimate(value, max(0.0, value - half), value + half)


def a_count(
    scene: str = "scene-0",
    pier: str = "East",
    containers: float | None = 12.0,
    status: Status = Status.COUNTED,
    days: float = 0.0,
    visible: float = 1.0,
    hulls: float = 1.0,
) -> Count:
    """A count of `containers` taken `days` after START; None or a status without view: unknown."""
    known = containers is not None and status not in NO_VIEW
    boxes = estimate(containers) if known and containers is not None else UNKNOWN
    return Count(
        scene=scene,
        pier=pier,
        role=Role.EXPORT,
        acquired=START + timedelta(days=days),
        status=status,
        reason="" if status is Status.COUNTED else f"made up as {status}",
        visible_fraction=None if status is Status.FAILED else visible,
        berth_visible_fraction=None if status is Status.FAILED else visible,
        visibility="udm2",
        radiometry="visual bands 1,2,3 limits 0-255 0-255 0-255 gamma 1",
        containers=boxes,
        teu=estimate(containers * 1.5) if known and containers is not None else UNKNOWN,
        hulls=Estimate(hulls, hulls, hulls) if known else UNKNOWN,
        aboard=estimate(3.0) if known else UNKNOWN,
        stacks=(Stack(4, 12.5, 6.1, (100.25, 40.5)),) if known else (),
        berthed=(Hull(190.0, 25.0, math.nan, 0.9, (50.0, 60.0)),) if known else (),
        gsd_m=(0.5, 0.5),
        method="resolved",
        interval_level=0.9,
        interval_calibrated=False,
        model=MODEL,
        settings=SETTINGS,
        place=PLACE,
    )


def a_sighting(
    pier: str | None = "East",
    kind: str = "container",
    x: float = 10.0,
    lon: float = 130.3,
    aboard: bool = False,
) -> Sighting:
    return Sighting(
        kind=kind,
        score=0.875,
        corners=((x, 5.0), (x + 24, 5.0), (x + 24, 10.0), (x, 10.0)),
        outline=shapely.box(lon, 42.2, lon + 0.001, 42.2002),
        length_m=12.2,
        width_m=2.44,
        heading_deg=90.0,
        aboard=aboard,
        pier=pier,
    )


def a_scene(
    counts: Sequence[Count], sightings: Sequence[Sighting] = (), digest: str = "e5" * 32
) -> Counts:
    return Counts(counts[0].scene, digest, tuple(counts), tuple(sightings))


def by(count: Count, model: str = MODEL, settings: str = SETTINGS) -> Count:
    return replace(count, model=model, settings=settings)
