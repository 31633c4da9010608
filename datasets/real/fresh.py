"""Rendered chips as questions, from seeds that no training uses; each purpose has its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
from scenes import CONTAINER, EDGE_PX, HULL, LEAST_HULL_M

from cv.evaluation.exam import Question
from cv.evaluation.papers import questions_of
from cv.files import write_whole
from cv.geometry.boxes import OrientedBoxes
from cv.labels.formats import pictures_of, read, with_pictures
from cv.training.chips import write_dataset
from cv.training.recipe import DEFAULT
from cv.training.render import COARSE_GSD, FINE_GSD, render_chip

CALIBRATING = 7_000_000
"""First seed of the chips that a calibration is fitted on."""
COMPARING = 8_000_000
"""First seed of the held-back chips by which training runs are compared."""
COVERING = 9_000_000
"""First seed of the chips on which intervals are tested."""
EMPTY = 9_500_000
"""First seed among which chips without containers are looked for."""

NAMING = 9_700_000
"""First seed of the chips whose ships are named."""


def rendered(folder: Path, kind: str, first: int, count: int, workers: int) -> list[Question]:
    """The rendered chips of the seeds from `first` on, with labels of `kind`, kept in `folder`."""
    coarse = kind == HULL
    recipe = replace(DEFAULT, coarse=1.0 if coarse else 0.0)
    place = folder / f"{kind}-{first}-{count}"
    write_dataset(place, first, first + count, 2, workers, recipe)
    places = pictures_of(place)
    dataset = with_pictures(read(place), places)
    gsd = COARSE_GSD if coarse else FINE_GSD
    asked = list(questions_of(dataset, places, kind, (gsd, gsd)))
    if coarse:  # judged as in real scenes: whole ships, no boats
        asked = [replace(q, least_m=LEAST_HULL_M, margin_px=EDGE_PX) for q in asked]
    return asked


def without_containers(folder: Path, count: int, first: int = EMPTY) -> Iterator[Question]:
    """The first `count` fine chips from seed `first` on that show no container at all.

    Chosen by the renderer's own labels, hidden boxes included: about one chip in nine. They are
    yards, quays, gates and rails like all others, on which no box happens to stand, and places that
    the renderer draws to resemble boxes (trailers, rolls, slabs, cars, sheds, empty chassis).
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = 0
    for seed in itertools.count(first):
        if found == count:
            return
        chip = render_chip(seed, coarse=False)
        if any(label.class_name == CONTAINER for label in chip.labels):
            continue
        path = folder / f"{seed}.png"
        _, picture = cv2.imencode(".png", chip.image[..., ::-1])
        write_whole(path, picture.tobytes())
        found += 1
        gsd = (FINE_GSD, FINE_GSD)
        yield Question(f"{seed}.png", path, gsd, CONTAINER, OrientedBoxes.empty())
