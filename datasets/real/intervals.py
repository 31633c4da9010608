"""Measure how often the 90 % intervals of a model contain the true count, and their width.

    python datasets/real/intervals.py ../shared/real --work runs/coverage     # measures
    python datasets/real/intervals.py                                         # prints what was

On 200 fresh rendered chips of each class, from seeds that neither training nor calibration uses,
with the intervals of the model; and on the labelled regions of the real scenes, divided into
windows of 60, 80 and 100 m (images of ships whole). Real scenes are few, and a released model is
fitted on them. Each row therefore names its intervals: `shipped` are those of the model, also on
scenes used to fit them; `cross-fitted` evaluates every scene with a threshold and a calibration
that were fitted in the same way on the chips and on all other scenes. Windows of one scene are
never on both sides. Widths are the sum of all intervals over the number of objects.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cv import Detector
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.interval_coverage import IntervalCoverage
from cv.evaluation.metrics import CountMetrics

sys.path.insert(0, str(Path(__file__).resolve().parent))
from calibrate import without_calibrations
from cross_validation import cross_fitted, leave_one_out, windows_of
from csv_records import cell, replace_model_rows, rows_of_model
from labelled_scenes import CONTAINER, evaluate_all, labelled_samples
from script_runner import run
from synthetic_evaluation import CALIBRATING, COVERING, rendered

RESULTS_CSV = Path(__file__).resolve().parent / "intervals.csv"
WINDOWS_M = (60.0, 80.0, 100.0)
"""Sides of the windows on which intervals are evaluated, metres."""


@dataclass(frozen=True)
class ResultRow:
    """Coverage on one set of samples. The names of the fields are the columns of the CSV file."""

    kind: str
    """Class."""
    looks: str
    """The samples."""
    fitted: str
    """Intervals: "shipped" or "cross-fitted"."""
    date: str
    model: str
    """sha256 of the model file, hexadecimal."""
    number: int
    """Number of samples."""
    held: float
    """Share of samples whose interval contains the true count."""
    busy: int
    """Samples with objects."""
    busy_held: float
    """Share of those whose interval contains the true count."""
    width: float
    """Sum of interval widths over the number of objects."""
    nmae: float
    """Sum of the absolute errors of the counts over the number of objects."""
    bias: float
    """The same with their sign."""


def result_row(
    evaluations: Sequence[ImageEvaluation], samples: str, fitted: str, detector: Detector
) -> ResultRow:
    """Return the row of `evaluations`."""
    c, metrics = IntervalCoverage.of(evaluations), CountMetrics.of(evaluations)
    kind, today = evaluations[0].sample.kind, f"{datetime.now(UTC):%Y-%m-%d}"
    return ResultRow(
        kind,
        samples,
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
    """Yield all rows."""
    samples, plain = list(labelled_samples(root)), without_calibrations(detector)
    for kind in detector.card.classes:
        fresh = evaluate_all(rendered(work, kind, COVERING, count, workers), detector)
        yield result_row(fresh, "fresh rendered chips", "shipped", detector)
        scenes = [q for q in samples if q.kind == kind]
        chips = evaluate_all(rendered(work, kind, CALIBRATING, count // 2, workers), plain)
        shipped, unfitted = evaluate_all(scenes, detector), evaluate_all(scenes, plain)
        others = leave_one_out(unfitted, chips)
        for side in (0.0, *(WINDOWS_M if kind == CONTAINER else ())):
            name = f"real windows of {side:g} m" if side else "real scenes, whole"
            parts = [part for evaluation in shipped for part in windows_of(evaluation, side)]
            yield result_row(parts, name, "shipped", detector)
            yield result_row(cross_fitted(unfitted, others, side), name, "cross-fitted", detector)


def table(lines: Sequence[ResultRow]) -> str:
    """Format the rows as a table."""
    head = (
        f"{'class':<10} {'samples':<24} {'interval':<13} {'n':>5} {'held':>6} "
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
    """Measure if a root is given; print the table."""
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
        replace_model_rows(
            list(measured(detector, args.root, args.work, args.chips, args.workers)), RESULTS_CSV
        )
    lines = rows_of_model(ResultRow, RESULTS_CSV, detector.digest)
    print(table(lines) if lines else "not measured for this model: name the folder of real scenes")


if __name__ == "__main__":
    run(main)
