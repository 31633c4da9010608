"""Identify rendered ships from the sizes that the released detector measures.

    python datasets/real/vessel_identification.py

Renders fresh chips (seeds that nothing else uses) until 1,000 whole ships of at least 60 m are
found. Each is then identified among fleets of 4, 12 and 40 vessels with the true sizes of other
ships of these chips; with probability 0.7, the prior of the engine, it belongs to the fleet
itself. Prints the errors of lengths and beams, how often the likeliest candidate is right, how
often a vessel is named, and how well stated probabilities are calibrated. Bridges are not
measured by the detector and not used.
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
from cv.evaluation.box_matching import UNMATCHED
from cv.evaluation.image_evaluation import ImageEvaluation, evaluate_image
from cv.events.vessels.vessel_matching import UNKNOWN, Fleet, HullMeasurement, Vessel

MIN_LENGTH_M = 60.0
FLEETS = (4, 12, 40)
_CHIPS = 20
"""Chips rendered at a time."""
_OF_FLEET = 0.7
"""Share of the ships that belong to the fleet."""
_BINS = (0.0, 0.5, 0.7, 0.9, 0.97, 1.001)


@dataclass(frozen=True)
class Ship:
    """A ship and its measured size, metres."""

    length_m: float
    beam_m: float
    measured: HullMeasurement


@dataclass(frozen=True)
class Trial:
    """The identification of one ship."""

    true: str
    """Its name, or UNKNOWN where it is not in the fleet."""
    best: str
    """The likeliest candidate."""
    probability: float
    named: str
    """The reported name, or UNKNOWN."""


def ships(evaluation: ImageEvaluation) -> Iterator[Ship]:
    """Yield the ships of an evaluation that were found."""
    sides = zip(
        evaluation.matches.objects[0], evaluation.found.scores, evaluation.found.boxes.lengths,
        evaluation.found.boxes.widths, strict=True,
    )  # fmt: skip
    for i, score, length, beam in sides:
        if (
            i == UNMATCHED
            or score < evaluation.threshold
            or evaluation.truth.lengths[i] < MIN_LENGTH_M
        ):
            continue
        seen = HullMeasurement(float(length), float(beam))
        yield Ship(float(evaluation.truth.lengths[i]), float(evaluation.truth.widths[i]), seen)


def found(detector: Detector, work: Path, wanted: int, workers: int) -> list[Ship]:
    """Return the first `wanted` ships of fresh chips."""
    found_ships: list[Ship] = []
    with tqdm(total=wanted, unit="ship", disable=None, leave=False) as bar:
        for first in count(NAMING, _CHIPS):
            for sample in rendered(work, "hull", first, _CHIPS, workers):
                found_ships += ships(evaluate_image(sample, detector))
            bar.update(min(len(found_ships), wanted) - bar.n)
            if len(found_ships) >= wanted:
                return found_ships[:wanted]
    raise AssertionError("there is always another chip")


def trials(every: list[Ship], size: int) -> list[Trial]:
    """Identify each ship among a fleet of `size` vessels."""
    rng = np.random.default_rng(size)
    results = []
    for i, ship in enumerate(every):
        others = [j for j in rng.permutation(len(every))[: size + 1].tolist() if j != i][:size]
        chosen = [i, *others[:-1]] if rng.random() < _OF_FLEET else others
        fleet = Fleet(tuple(Vessel(f"{j}", (), every[j].length_m, every[j].beam_m) for j in chosen))
        best = fleet.candidates(ship.measured)[0]
        true = f"{i}" if i in chosen else UNKNOWN
        name = fleet.most_probable_name(ship.measured)
        results.append(Trial(true, best.name, best.probability, name))
    return results


def errors(every: list[Ship]) -> str:
    """Format the errors of the measured sizes."""
    lengths = [s.measured.length_m / s.length_m - 1 for s in every if s.measured.length_m]
    beams = [s.measured.beam_m / s.beam_m - 1 for s in every if s.measured.beam_m]
    lines = [f"{'relative error':<16} {'median':>8} {'spread':>8} {'st. dev.':>9}"]
    for name, values in (("length", np.array(lengths)), ("beam", np.array(beams))):
        middle = float(np.median(values))
        spread = 1.4826 * float(np.median(np.abs(values - middle)))
        lines.append(f"{name:<16} {middle:>+8.3f} {spread:>8.3f} {values.std():>9.3f}")
    return "\n".join(lines)


def line(size: int, results: list[Trial]) -> str:
    """Format the results for ships of the fleet and for strangers."""
    own = [one for one in results if one.true != UNKNOWN]
    others = [one for one in results if one.true == UNKNOWN]
    right = sum(one.best == one.true for one in own) / len(own)
    named = [one for one in results if one.named != UNKNOWN]
    good = sum(one.named == one.true for one in named)
    strangers = sum(one.named == UNKNOWN for one in others) / len(others)
    return (
        f"{size:>5} {len(own):>8} {right:>8.3f} {good:>7} {len(named) - good:>6} "
        f"{len(others):>9} {strangers:>9.3f}"
    )


def bins(size: int, results: list[Trial]) -> Iterator[str]:
    """Yield stated probabilities of the likeliest candidate against how often it was right."""
    stated = np.array([one.probability for one in results])
    true = np.array([one.best == one.true for one in results])
    for low, high in pairwise(_BINS):
        here = (stated >= low) & (stated < high)
        if here.any():
            yield (
                f"{size:>5} {low:>6.2f} to {min(high, 1.0):<5.2f} {here.sum():>7} "
                f"{stated[here].mean():>8.3f} {true[here].mean():>7.3f}"
            )


def table(every: list[Ship]) -> str:
    """Format all results."""
    by_size = {size: trials(every, size) for size in FLEETS}
    lines = [errors(every), ""]
    lines.append("fleet  of them    top-1   named  wrong  strangers  unknown")
    lines += [line(size, one) for size, one in by_size.items()]
    lines += ["", "fleet    probability  number   stated    true"]
    lines += [row for size, one in by_size.items() for row in bins(size, one)]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
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
