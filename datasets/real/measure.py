"""Count the labelled real images and compare the counts with the labels.

    python datasets/real/measure.py ../shared/real

The images cannot be redistributed and do not come with the repository. Prints, per image and for
all together, the true number, the count with its interval, and the matches at a rotated IoU of at
least 0.5. nMAE is the sum of the absolute errors over the sum of the true numbers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cv import Detector
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.metrics import CountMetrics
from cv.evaluation.metrics_table import bands_table, images_table, metrics_table

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labelled_scenes import CONTAINER, HULL, evaluate_all, labelled_samples
from script_runner import run

FINE_M = 0.6
"""Up to this ground sampling distance single containers are resolved reliably, metres."""


def evaluate_scenes(
    root: Path, detector: Detector, kinds: tuple[str, ...]
) -> list[ImageEvaluation]:
    """Evaluate `detector` on all images under `root` with labels of `kinds`."""
    return evaluate_all([one for one in labelled_samples(root) if one.kind in kinds], detector)


def summary(evaluations: list[ImageEvaluation]) -> str:
    """Return a table of the metrics over all images, and of containers by coarseness."""
    rows = []
    for kind in (CONTAINER, HULL):
        chosen = [evaluation for evaluation in evaluations if evaluation.sample.kind == kind]
        if not chosen:
            continue
        rows.append((f"{kind}, all", CountMetrics.of(chosen)))
        if kind == CONTAINER:
            fine = [evaluation for evaluation in chosen if evaluation.gsd_m <= FINE_M]
            coarse = [evaluation for evaluation in chosen if evaluation.gsd_m > FINE_M]
            rows.append((f"{kind}, up to {FINE_M:g} m", CountMetrics.of(fine)))
            rows.append((f"{kind}, above {FINE_M:g} m", CountMetrics.of(coarse)))
    return metrics_table(rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder with images/, geotiff/, labels/, ships/")
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    parser.add_argument("--kind", choices=[CONTAINER, HULL], help="only these")
    args = parser.parse_args()
    detector = Detector.load(args.model)
    kinds = (args.kind,) if args.kind else detector.card.classes
    evaluations = evaluate_scenes(args.root, detector, kinds)
    for kind in kinds:
        chosen = [evaluation for evaluation in evaluations if evaluation.sample.kind == kind]
        print(f"{kind}s\n{images_table(chosen)}\n")
        print(f"{bands_table(chosen)}\n")
    print(summary(evaluations))
    for kind in kinds:
        chosen = [evaluation for evaluation in evaluations if evaluation.sample.kind == kind]
        error = CountMetrics.of(chosen).length_error
        print(f"lengths of {kind}s that were found are off by {error:.1%} (median)")


if __name__ == "__main__":
    run(main)
