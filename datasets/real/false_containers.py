"""False containers where there are none: on rendered piers and on real ones.

    python datasets/real/false_containers.py ../shared/real --work runs/empty     # measures
    python datasets/real/false_containers.py                                      # prints what was measured

Rendered: fifty fine chips without any container, the first ones from a seed that nothing else uses
(see fresh.without_containers). Real: labelled regions without containers, and 60 m windows
without containers in the regions that have some. The area is all that was judged, water included.
The limit is one false container a hectare.
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
from calibrate import evaluate_all
from csv_records import keep, rows_of_model
from labelled_scenes import CONTAINER, labelled_samples
from script_runner import run
from synthetic_evaluation import without_containers

RESULTS_CSV = Path(__file__).resolve().parent / "false_containers.csv"
LIMIT = 1.0
"""False containers a hectare."""
WINDOW_M = 60.0
"""Side of the windows in which real regions are searched for empty parts, metres."""


@dataclass(frozen=True)
class ResultRow:
    """False containers on one set of looks without containers."""

    looks: str
    """What was looked at."""
    date: str
    model: str
    """sha256 of the model file, hexadecimal."""
    number: int
    """Looks."""
    hectares: float
    """All that was judged."""
    false: int
    """Containers that were counted."""
    most: int
    """Of one look."""

    @property
    def per_hectare(self) -> float:
        """False containers a hectare."""
        return self.false / self.hectares if self.hectares else float("nan")


def line(evaluations: Sequence[ImageEvaluation], looks: str, model: str) -> ResultRow:
    """The line of `evaluations`, none of which has a container."""
    counts = [evaluation.counted for evaluation in evaluations]
    hectares = 100 * sum(evaluation.area_km2 for evaluation in evaluations)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return ResultRow(looks, today, model, len(evaluations), hectares, sum(counts), max(counts, default=0))


def measured(detector: Detector, root: Path, work: Path, chips: int) -> list[ResultRow]:
    """All lines."""
    fresh = evaluate_all(list(without_containers(work, chips)), detector)
    real = evaluate_all([q for q in labelled_samples(root) if q.kind == CONTAINER], detector)
    empty = [evaluation for evaluation in real if not evaluation.true]
    windows = [part for evaluation in real if evaluation.true for part in evaluation.windows(WINDOW_M)]
    sets = (
        ("rendered chips", fresh),
        ("real regions", empty),
        (f"real windows of {WINDOW_M:g} m", [part for part in windows if not part.true]),
    )
    return [line(evaluations, looks, detector.digest) for looks, evaluations in sets]


def table(lines: Sequence[ResultRow]) -> str:
    """A line each."""
    head = f"{'without containers':<24} {'looks':>5} {'ha':>7} {'false':>6} {'a ha':>6} {'most':>5}"
    rows = [
        f"{one.looks:<24} {one.number:>5} {one.hectares:>7.1f} {one.false:>6} "
        f"{one.per_hectare:>6.2f} {one.most:>5}"
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
    parser.add_argument("--work", type=Path, default=Path("runs/empty"), help="for the chips")
    parser.add_argument("--chips", type=int, default=50)
    args = parser.parse_args()
    detector = Detector.load(args.model)
    if args.root:
        next(labelled_samples(args.root))  # a wrong folder is told before chips are rendered
        keep(measured(detector, args.root, args.work, args.chips), RESULTS_CSV)
    lines = rows_of_model(ResultRow, RESULTS_CSV, detector.digest)
    if not lines:
        sys.exit("not measured of this model: name the folder of real scenes")
    print(table(lines))
    worst = max(one.per_hectare for one in lines)
    print(f"at most {worst:.2f} a hectare; the limit is {LIMIT:g}")


if __name__ == "__main__":
    run(main)
