"""Whose hull it is: names of rendered ships as the released detector measures them.

    python datasets/real/vessel_identification.py

Fresh rendered chips (seeds that nothing else uses) are looked at, until 1,000 whole ships of at
least 60 m were found. Each is then named against fleets of 4, 12 and 40 vessels, which have the
true sizes of other ships of these chips; seven times of ten it is one of the fleet itself, as the
engine believes before it measures. Prints how far lengths and beams were off, how often the
likeliest candidate is right, what is named, and how often a stated probability is true. Bridges are
not measured by the detector, and take no part.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path

import numpy as np
from script_runner import run
from synthetic_evaluation import NAMING, rendered
from tqdm import tqdm

from cv.detector.detector import Detector
from cv.evaluation.image_evaluation import ImageEvaluation, evaluate_image
from cv.evaluation.matching import NOTHING
from cv.events.vessels.vessel_matching import UNKNOWN, Fleet, HullMeasurement, Vessel

MIN_LENGTH_M = 60.0
FLEETS = (4, 12, 40)
_CHIPS = 20
"""Rendered at a time."""
_OF_FLEET = 0.7
"""Share of the ships that are of the fleet."""
_BINS = (0.0, 0.5, 0.7, 0.9, 0.97, 1.001)


@dataclass(frozen=True)
class Ship:
    """A ship and how it was measured, metres."""

    length_m: float
    beam_m: float
    measured: HullMeasurement


@dataclass(frozen=True)
class Trial:
    """What was said of a ship."""

    true: str
    """Its name, or UNKNOWN where it is not of the fleet."""
    best: str
    """The likeliest candidate."""
    probability: float
    named: str
    """The name that it was given, or UNKNOWN."""


def ships(evaluation: ImageEvaluation) -> Iterator[Ship]:
    """The ships of an evaluation that were found."""
    sides = zip(
        evaluation.matches.objects[0], evaluation.found.scores, evaluation.found.boxes.lengths,
        evaluation.found.boxes.widths, strict=True,
    )  # fmt: skip
    for i, score, length, beam in sides:
        if i == NOTHING or score < evaluation.threshold or evaluation.truth.lengths[i] < MIN_LENGTH_M:
            continue
        seen = HullMeasurement(float(length), float(beam))
        yield Ship(float(evaluation.truth.lengths[i]), float(evaluation.truth.widths[i]), seen)


def found(detector: Detector, work: Path, wanted: int, workers: int) -> list[Ship]:
    """The first `wanted` ships of fresh chips."""
    told: list[Ship] = []
    with tqdm(total=wanted, unit="ship", disable=None, leave=False) as bar:
        for first in count(NAMING, _CHIPS):
            for sample in rendered(work, "hull", first, _CHIPS, workers):
                told += ships(evaluate_image(sample, detector))
            bar.update(min(len(told), wanted) - bar.n)
            if len(told) >= wanted:
                return told[:wanted]
    raise AssertionError("there is always another chip")


def trials(every: list[Ship], size: int) -> list[Trial]:
    """Each ship against a fleet of so many."""
    rng = np.random.default_rng(size)
    said = []
    for i, ship in enumerate(every):
        others = [j for j in rng.permutation(len(every))[: size + 1].tolist() if j != i][:size]
        chosen = [i, *others[:-1]] if rng.random() < _OF_FLEET else others
        fleet = Fleet(tuple(Vessel(f"{j}", (), every[j].length_m, every[j].beam_m) for j in chosen))
        best = fleet.candidates(ship.measured)[0]
        true = f"{i}" if i in chosen else UNKNOWN
        said.append(
            Trial(true, best.name, best.probability, fleet.most_probable_name(ship.measured))
        )
    return said


def errors(every: list[Ship]) -> str:
    """How far measures are off."""
    lengths = [s.measured.length_m / s.length_m - 1 for s in every if s.measured.length_m]
    beams = [s.measured.beam_m / s.beam_m - 1 for s in every if s.measured.beam_m]
    lines = [f"{'relative error':<16} {'median':>8} {'spread':>8} {'st. dev.':>9}"]
    for name, values in (("length", np.array(lengths)), ("beam", np.array(beams))):
        middle = float(np.median(values))
        spread = 1.4826 * float(np.median(np.abs(values - middle)))
        lines.append(f"{name:<16} {middle:>+8.3f} {spread:>8.3f} {values.std():>9.3f}")
    return "\n".join(lines)


def line(size: int, said: list[Trial]) -> str:
    """What became of the ships of a fleet and of the others."""
    own = [one for one in said if one.true != UNKNOWN]
    others = [one for one in said if one.true == UNKNOWN]
    right = sum(one.best == one.true for one in own) / len(own)
    named = [one for one in said if one.named != UNKNOWN]
    good = sum(one.named == one.true for one in named)
    strangers = sum(one.named == UNKNOWN for one in others) / len(others)
    return (
        f"{size:>5} {len(own):>8} {right:>8.3f} {good:>7} {len(named) - good:>6} "
        f"{len(others):>9} {strangers:>9.3f}"
    )


def bins(size: int, said: list[Trial]) -> Iterator[str]:
    """Stated probabilities of the likeliest candidate against how often it was right."""
    stated = np.array([one.probability for one in said])
    true = np.array([one.best == one.true for one in said])
    for low, high in pairwise(_BINS):
        here = (stated >= low) & (stated < high)
        if here.any():
            yield (
                f"{size:>5} {low:>6.2f} to {min(high, 1.0):<5.2f} {here.sum():>7} "
                f"{stated[here].mean():>8.3f} {true[here].mean():>7.3f}"
            )


def table(every: list[Ship]) -> str:
    """All of it as text."""
    said = {size: trials(every, size) for size in FLEETS}
    lines = [errors(every), ""]
    lines.append("fleet  of them    top-1   named  wrong  strangers  unknown")
    lines += [line(size, one) for size, one in said.items()]
    lines += ["", "fleet    probability  number   stated    true"]
    lines += [row for size, one in said.items() for row in bins(size, one)]
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    parser.add_argument("--work", type=Path, default=Path("runs/naming"), help="for the chips")
    parser.add_argument("--ships", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    print(table(found(Detector.load(args.model), args.work, args.ships, args.workers)))


if __name__ == "__main__":
    run(main)
