"""Count false containers on rendered and real piers without containers.

    python datasets/real/false_containers.py ../shared/real --work runs/empty     # measures
    python datasets/real/false_containers.py                                      # prints results

Rendered: fifty fine chips without any container, the first ones from a seed that nothing else
uses (see synthetic_evaluation.without_containers). Real: labelled regions without containers, and
60 m windows without containers in the other regions. The area includes water. The limit is one
false container a hectare.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cv import Detector
from cv.evaluation.image_evaluation import ImageEvaluation

sys.path.insert(0, str(Path(__file__).resolve().parent))
from csv_records import replace_model_rows, rows_of_model
from labelled_scenes import CONTAINER, evaluate_all, labelled_samples
from script_runner import run
from synthetic_evaluation import without_containers

RESULTS_CSV = Path(__file__).resolve().parent / "false_containers.csv"
LIMIT = 1.0
"""False containers a hectare."""
WINDOW_M = 60.0
"""Side of the windows in which real regions are searched for empty parts, metres."""


@dataclass(frozen=True)
class ResultRow:
    """False containers on one set of samples. The fields are the columns of the CSV file."""

    looks: str
    """The samples."""
    date: str
    model: str
    """sha256 of the model file, hexadecimal."""
    number: int
    """Number of samples."""
    hectares: float
    """Evaluated area."""
    false: int
    """Containers counted, all of them false."""
    most: int
    """Largest count of one sample."""

    @property
    def per_hectare(self) -> float:
        """False containers a hectare."""
        return self.false / self.hectares if self.hectares else float("nan")


def result_row(evaluations: Sequence[ImageEvaluation], samples: str, model: str) -> ResultRow:
    """Return the row of `evaluations` of samples without containers."""
    counts = [evaluation.counted for evaluation in evaluations]
    hectares = 100 * sum(evaluation.area_km2 for evaluation in evaluations)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return ResultRow(
        samples, today, model, len(evaluations), hectares, sum(counts), max(counts, default=0)
    )


def measured(detector: Detector, root: Path, work: Path, chips: int) -> list[ResultRow]:
    """Return all rows."""
    fresh = evaluate_all(list(without_containers(work, chips)), detector)
    real = evaluate_all([q for q in labelled_samples(root) if q.kind == CONTAINER], detector)
    empty = [evaluation for evaluation in real if not evaluation.true]
    busy = [evaluation for evaluation in real if evaluation.true]
    windows = [part for evaluation in busy for part in evaluation.windows(WINDOW_M)]
    sets = (
        ("rendered chips", fresh),
        ("real regions", empty),
        (f"real windows of {WINDOW_M:g} m", [part for part in windows if not part.true]),
    )
    return [result_row(evaluations, name, detector.digest) for name, evaluations in sets]


def table(lines: Sequence[ResultRow]) -> str:
    """Format the rows as a table."""
    head = f"{'without containers':<24} {'n':>5} {'ha':>7} {'false':>6} {'a ha':>6} {'most':>5}"
    rows = [
        f"{one.looks:<24} {one.number:>5} {one.hectares:>7.1f} {one.false:>6} "
        f"{one.per_hectare:>6.2f} {one.most:>5}"
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
    parser.add_argument("--work", type=Path, default=Path("runs/empty"), help="for the chips")
    parser.add_argument("--chips", type=int, default=50)
    args = parser.parse_args()
    detector = Detector.load(args.model)
    if args.root:
        next(labelled_samples(args.root))  # refuses a wrong folder before chips are rendered
        replace_model_rows(measured(detector, args.root, args.work, args.chips), RESULTS_CSV)
    lines = rows_of_model(ResultRow, RESULTS_CSV, detector.digest)
    if not lines:
        sys.exit("not measured for this model: name the folder of real scenes")
    print(table(lines))
    worst = max(one.per_hectare for one in lines)
    print(f"at most {worst:.2f} a hectare; the limit is {LIMIT:g}")


if __name__ == "__main__":
    run(main)
