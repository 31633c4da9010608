"""How often the 90 % intervals of a model hold the truth, and how wide they are.

    python datasets/real/intervals.py ../shared/real --work runs/coverage     # measures
    python datasets/real/intervals.py                                         # prints what was

On 200 fresh rendered chips of each class, from seeds that neither training nor calibration uses,
with the intervals that the model ships; and on the labelled regions of the real scenes, cut into
windows of 60, 80 and 100 m (images of ships whole). Real scenes are few, and a released model is
fitted on them, so that each line says whose interval it is: `shipped` is what the model says, of
scenes that took part in its fitting too; `cross-fitted` judges every scene at a threshold and by a
calibration that were fitted in the same way on the calibration's chips and on all scenes but that
one. Scenes stay together: windows of one scene are never on both sides. Widths are the sum of all
intervals over the number of objects.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cv import Detector
from cv.evaluation.coverage import IntervalCoverage
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.metrics import CountMetrics

sys.path.insert(0, str(Path(__file__).resolve().parent))
from calibrate import evaluate_all, without_calibrations
from cross_validation import cut, cross_fitted, leave_one_out
from csv_records import cell, keep, rows_of_model
from labelled_scenes import CONTAINER, labelled_samples
from script_runner import run
from synthetic_evaluation import CALIBRATING, COVERING, rendered

RESULTS_CSV = Path(__file__).resolve().parent / "intervals.csv"
WINDOWS_M = (60.0, 80.0, 100.0)
"""Sides of the windows on which intervals are judged, metres."""


@dataclass(frozen=True)
class ResultRow:
    """Coverage on one set of looks."""

    kind: str
    """Class."""
    looks: str
    """What was looked at."""
    fitted: str
    """Whose intervals: shipped, or cross-fitted."""
    date: str
    model: str
    """sha256 of the model file, hexadecimal."""
    number: int
    """Looks."""
    held: float
    """Share whose interval holds the truth."""
    busy: int
    """Looks with objects."""
    busy_held: float
    """Share of those."""
    width: float
    """Sum of widths over the number of objects."""
    nmae: float
    """Sum of the absolute errors of the counts over the number of objects."""
    bias: float
    """The same with their sign."""


def line(evaluations: Sequence[ImageEvaluation], looks: str, fitted: str, detector: Detector) -> ResultRow:
    """The line of `evaluations`."""
    c, metrics = IntervalCoverage.of(evaluations), CountMetrics.of(evaluations)
    kind, today = evaluations[0].sample.kind, f"{datetime.now(UTC):%Y-%m-%d}"
    return ResultRow(
        kind,
        looks,
        fitted,
        today,
        detector.digest,
        c.samples,
        c.covered,
        c.non_empty,
        c.non_empty_covered,
        c.width,
        metrics.nmae,
        metrics.bias,
    )


def measured(
    detector: Detector, root: Path, work: Path, count: int, workers: int
) -> Iterator[ResultRow]:
    """All lines."""
    samples, plain = list(labelled_samples(root)), without_calibrations(detector)
    for kind in detector.card.classes:
        fresh = evaluate_all(rendered(work, kind, COVERING, count, workers), detector)
        yield line(fresh, "fresh rendered chips", "shipped", detector)
        scenes = [q for q in samples if q.kind == kind]
        chips = evaluate_all(rendered(work, kind, CALIBRATING, count // 2, workers), plain)
        shipped, unfitted = evaluate_all(scenes, detector), evaluate_all(scenes, plain)
        others = leave_one_out(unfitted, chips)
        for side in (0.0, *(WINDOWS_M if kind == CONTAINER else ())):
            name = f"real windows of {side:g} m" if side else "real scenes, whole"
            parts = [part for evaluation in shipped for part in cut(evaluation, side)]
            yield line(parts, name, "shipped", detector)
            yield line(cross_fitted(unfitted, others, side), name, "cross-fitted", detector)


def table(lines: Sequence[ResultRow]) -> str:
    """A line each."""
    head = (
        f"{'class':<10} {'looks':<24} {'interval':<13} {'looks':>5} {'held':>6} "
        f"{'busy':>5} {'held':>6} {'width':>6} {'nMAE':>6} {'bias':>6}"
    )
    rows = [
        f"{one.kind:<10} {one.looks:<24} {one.fitted:<13} {one.number:>5} "
        f"{cell(one.held, '.3f'):>6} {one.busy:>5} {cell(one.busy_held, '.3f'):>6} "
        f"{cell(one.width, '.2f'):>6} {cell(one.nmae, '.3f'):>6} {cell(one.bias, '+.3f'):>6}"
        for one in lines
    ]
    return "\n".join([head, *rows])


def main() -> None:
    """Measures if a root is given; prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, nargs="?", help="real scenes; without: print only")
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    parser.add_argument("--work", type=Path, default=Path("runs/coverage"), help="for the chips")
    parser.add_argument("--chips", type=int, default=200, help="fresh ones of each class")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    detector = Detector.load(args.model)
    if args.root:
        keep(list(measured(detector, args.root, args.work, args.chips, args.workers)), RESULTS_CSV)
    lines = rows_of_model(ResultRow, RESULTS_CSV, detector.digest)
    print(table(lines) if lines else "not measured of this model: name the folder of real scenes")


if __name__ == "__main__":
    run(main)
