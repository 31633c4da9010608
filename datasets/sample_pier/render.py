"""Render the sample: daily scenes of a fictitious port, as SkySat deliveries, with the true counts.

Run: python datasets/sample_pier/render.py OUT [--days 16] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

sys.path.append(str(Path(__file__).resolve().parents[2]))  # cv, where it is not installed

from ground_truth import ObservedPier, Row, counts, observed_piers, write_rows
from port_layout import SHAPE
from scenery import Scenery
from schedule import PLAN, PortState, daily_states
from sky import make_clouds, make_sky
from skysat_delivery import write_scene

from cv.rendering.renderer import RenderedLabel, render_picture


@dataclass(frozen=True, eq=False)
class RenderedScene:
    """A scene on disk and the truth about it."""

    path: Path
    """Its image."""
    seen: tuple[RenderedLabel, ...]
    """Every container and hull that counts, in pixels of the scene."""
    rows: tuple[Row, ...]
    """The truth about each pier."""


def render(out: Path, days: int = len(PLAN), seed: int = 1) -> list[Path]:
    """Write the scenes of the first days and truth.csv to a folder; returns the images."""
    cv2.setNumThreads(1)
    out.mkdir(parents=True, exist_ok=True)
    taken = [state for state in daily_states(days, seed) if state.day.taken]
    scenery, places = Scenery(seed), observed_piers()
    paths: list[Path] = []
    rows: list[Row] = []
    for state in tqdm(taken, desc="rendering", unit="scene", disable=None, leave=False):
        rendered_scene = render_day(out, state, scenery, places)
        paths.append(rendered_scene.path)
        rows += rendered_scene.rows
    write_rows(out / "truth.csv", rows)
    return paths


def render_day(
    out: Path, state: PortState, scenery: Scenery, places: tuple[ObservedPier, ...]
) -> RenderedScene:
    """Write one scene to a folder."""
    sky = make_sky(state, scenery.seed)
    clouds = make_clouds(state, sky.sun, scenery.seed)
    rng = np.random.default_rng([scenery.seed, 12, state.number])
    image, labels = render_picture(scenery.draw(state), sky.sun, sky.view, sky.sensor, rng, SHAPE)
    path = write_scene(out, state, sky, clouds.over(image), clouds)
    rows = tuple(place.row(state, labels, clouds.hidden) for place in places)
    return RenderedScene(path, tuple(item for item in labels if counts(item, clouds.hidden)), rows)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python datasets/sample_pier/render.py",
        description="Render daily scenes of a fictitious port, with clouds, a ship and the truth.",
        epilog="example: python datasets/sample_pier/render.py build/sample --days 16",
    )
    parser.add_argument("out", type=Path, help="folder for the scenes and truth.csv")
    parser.add_argument("--days", type=int, default=len(PLAN), help=f"1 to {len(PLAN)}")
    parser.add_argument("--seed", type=int, default=1, help="of everything random, 0 or more")
    given = parser.parse_args(arguments)
    if not 1 <= given.days <= len(PLAN) or given.seed < 0:
        parser.error(f"--days must be 1 to {len(PLAN)} and --seed at least 0")
    render(given.out, given.days, given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
