"""Rendered chips as questions, from seeds that no training uses; each purpose has its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scenes import EDGE_PX, HULL, LEAST_HULL_M

from cv.evaluation.exam import Question
from cv.evaluation.papers import questions_of
from cv.labels.formats import pictures_of, read, with_pictures
from cv.training.chips import write_dataset
from cv.training.recipe import DEFAULT
from cv.training.render import COARSE_GSD, FINE_GSD

CALIBRATING = 7_000_000
"""First seed of the chips that a calibration is fitted on."""
COMPARING = 8_000_000
"""First seed of the held-back chips by which training runs are compared."""
COVERING = 9_000_000
"""First seed of the chips on which intervals are tested."""
EMPTY = 9_500_000
"""First seed among which chips without containers are looked for."""


def rendered(folder: Path, kind: str, first: int, count: int, workers: int) -> list[Question]:
    """The rendered chips of the seeds from `first` on, with labels of `kind`, kept in `folder`."""
    coarse = kind == HULL
    recipe = replace(DEFAULT, coarse=1.0 if coarse else 0.0)
    place = folder / f"{kind}-{first}-{count}"
    write_dataset(place, first, first + count, 1, workers, recipe)
    places = pictures_of(place)
    dataset = with_pictures(read(place), places)
    gsd = COARSE_GSD if coarse else FINE_GSD
    asked = list(questions_of(dataset, places, kind, (gsd, gsd)))
    if coarse:  # judged as in real scenes: whole ships, no boats
        asked = [replace(q, least_m=LEAST_HULL_M, margin_px=EDGE_PX) for q in asked]
    return asked
