"""Render the sample: daily scenes of a fictitious port, as SkySat deliveries, and their truth.

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

from ground_truth import Row, Watch, counts, watches, write_rows
from port_layout import SHAPE
from scenery import Scenery
from schedule import PLAN, Look, tell
from sky import clouds_of, sky_of
from skysat_delivery import write_scene

from cv.rendering.picture import RenderedLabel, render_picture


@dataclass(frozen=True, eq=False)
class Shot:
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
    taken = [look for look in tell(days, seed) if look.day.taken]
    scenery, places = Scenery(seed), watches()
    paths: list[Path] = []
    rows: list[Row] = []
    for look in tqdm(taken, desc="rendering", unit="scene", disable=None, leave=False):
        shot = render_day(out, look, scenery, places)
        paths.append(shot.path)
        rows += shot.rows
    write_rows(out / "truth.csv", rows)
    return paths


def render_day(out: Path, look: Look, scenery: Scenery, places: tuple[Watch, ...]) -> Shot:
    """Write one scene to a folder."""
    sky = sky_of(look, scenery.seed)
    clouds = clouds_of(look, sky.sun, scenery.seed)
    rng = np.random.default_rng([scenery.seed, 12, look.number])
    image, labels = render_picture(scenery.draw(look), sky.sun, sky.view, sky.sensor, rng, SHAPE)
    path = write_scene(out, look, sky, clouds.over(image), clouds)
    rows = tuple(place.row(look, labels, clouds.hidden) for place in places)
    return Shot(path, tuple(item for item in labels if counts(item, clouds.hidden)), rows)


def main(arguments: list[str] | None = None) -> int:
    """Render from the shell."""
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
