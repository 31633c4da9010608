"""Rendered chips as samples to evaluate; each purpose has its own seeds, unused in training."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
from labelled_scenes import CONTAINER, EDGE_PX, HULL, MIN_HULL_M

from cv.evaluation.dataset_adapter import evaluation_samples
from cv.evaluation.image_evaluation import EvaluationSample
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.io.atomic_files import write_atomically
from cv.labels.label_formats import complete_from_images, dataset_images, read_dataset
from cv.synthetic.chip_dataset import write_dataset
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD, render_chip
from cv.synthetic.render_config import DEFAULT

CALIBRATING = 7_000_000
"""First seed of the chips that a calibration is fitted on."""
COMPARING = 8_000_000
"""First seed of the held-back chips by which training runs are compared."""
COVERING = 9_000_000
"""First seed of the chips on which intervals are tested."""
EMPTY = 9_500_000
"""First seed among which chips without containers are searched."""
NAMING = 9_700_000
"""First seed of the chips for the identification of vessels."""


def rendered(
    folder: Path, kind: str, first: int, count: int, workers: int
) -> list[EvaluationSample]:
    """Return the chips of `count` seeds from `first` on with labels of `kind`, kept in `folder`."""
    coarse = kind == HULL
    config = replace(DEFAULT, coarse=1.0 if coarse else 0.0)
    place = folder / f"{kind}-{first}-{count}"
    write_dataset(place, first, first + count, 2, workers, config)
    places = dataset_images(place)
    dataset = complete_from_images(read_dataset(place), places)
    gsd = COARSE_GSD if coarse else FINE_GSD
    samples = list(evaluation_samples(dataset, places, kind, (gsd, gsd)))
    if coarse:  # as in real scenes: whole ships, no boats
        samples = [replace(q, min_length_m=MIN_HULL_M, margin_px=EDGE_PX) for q in samples]
    return samples


def without_containers(folder: Path, count: int, first: int = EMPTY) -> Iterator[EvaluationSample]:
    """Yield the first `count` fine chips from seed `first` on without any container.

    Chosen by the renderer's labels, hidden containers included: about one chip in nine. They show
    yards, quays, gates and rails without containers, and places full of objects that resemble
    them (trailers, rolls, slabs, cars, sheds, empty chassis).
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
        write_atomically(path, picture.tobytes())
        found += 1
        gsd = (FINE_GSD, FINE_GSD)
        yield EvaluationSample(
            name=f"{seed}.png", path=path, gsd_m=gsd, kind=CONTAINER, truth=OrientedBoxes.empty()
        )
