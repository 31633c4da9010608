"""Calibrate a released model on rendered chips and real scenes, and cross-validate that.

    python datasets/real/calibrate.py weights/pierwatch-n.onnx ../shared/real --work runs/c

Renders chips from seeds that no training uses, counts them and the real scenes (in windows), fits
a threshold and a calibration on all of them, and writes both into the model and its card. The
printed figures of real scenes are cross-fitted: each scene is evaluated with a threshold and a
calibration fitted on the chips and all other scenes. `intervals.py` evaluates the result on fresh
chips. (Users calibrate on their own images with `pierwatch calibrate`.)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cv import Detector
from cv.detector.detector import CANDIDATE_FRACTION
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.interval_coverage import IntervalCoverage
from cv.evaluation.metrics import CountMetrics
from cv.model_export.model_release import replace_model_card

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cross_validation import WINDOW_M, Fold, cross_fitted, leave_one_out
from labelled_scenes import evaluate_all, labelled_samples
from script_runner import run
from synthetic_evaluation import CALIBRATING, rendered

MIN_SCORE = 0.05
"""Detections down to this score are considered while a threshold is searched."""


def without_calibrations(detector: Detector) -> Detector:
    """Return `detector` without calibrations, with detections down to `MIN_SCORE`."""
    low = MIN_SCORE / CANDIDATE_FRACTION
    cards = [
        replace(n.card, thresholds=(low,) * len(n.card.classes), calibrations=())
        for n in detector.models
    ]
    pairs = zip(detector.models, cards, strict=True)
    return replace(detector, models=tuple(replace(n, card=card) for n, card in pairs))


def print_cross_fitted(scenes: Sequence[ImageEvaluation], others: Sequence[Fold]) -> None:
    """Print how whole scenes, and windows of them, do with what was fitted on all others."""
    pairs = zip(scenes, others, strict=True)
    metrics = CountMetrics.of([evaluation.at(fold.threshold) for evaluation, fold in pairs])
    print(f"  nMAE {metrics.nmae:.3f}, bias {metrics.bias:+.3f}")
    print(f"  windows: {IntervalCoverage.of(cross_fitted(scenes, others, WINDOW_M))}")


def main() -> None:
    """Fit, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="ONNX model; it is rewritten")
    parser.add_argument("root", type=Path, help="folder of real scenes")
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered chips")
    parser.add_argument("--chips", type=int, default=100, help="of each class")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    detector = without_calibrations(Detector.load(args.model))
    samples = list(labelled_samples(args.root))
    fits = []
    for kind in detector.card.classes:
        fresh = rendered(args.work, kind, CALIBRATING, args.chips, args.workers)
        chips = evaluate_all(fresh, detector)
        scenes = evaluate_all([q for q in samples if q.kind == kind], detector)
        fits.append(Fold.fit(scenes, chips))
        print(f"{kind}: threshold {fits[-1].threshold}; each scene with the fit of all others:")
        print_cross_fitted(scenes, leave_one_out(scenes, chips))
    thresholds = dict(zip(detector.card.classes, (fit.threshold for fit in fits), strict=True))
    own = Detector.load(args.model).models[0].card
    own = own.measured(thresholds, [fit.calibration for fit in fits])
    print(f"{args.model}: sha256 {replace_model_card(args.model, own)}")


if __name__ == "__main__":
    run(main)
