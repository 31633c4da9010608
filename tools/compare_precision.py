"""Compares released models of different precision: counts, boxes, time and size.

    python tools/compare_precision.py --work runs/c --real ../shared/real

Prints, for each model, what it costs and what it loses: nMAE, bias and AP50 on rendered chips that
no training and no choice used and, where the folder of real scenes is given, on those; milliseconds
a tile on one thread (the median, the models taking turns, with all that is done for a tile: its
input, the network, decoding); and megabytes. The first model is what the others are compared with.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cv import Detector
from cv.detector.decode import decode_output
from cv.detector.model_zoo import model_files, released_models
from cv.evaluation.image_evaluation import EvaluationSample
from cv.evaluation.metrics import CountMetrics

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "datasets" / "real"))
from labelled_scenes import evaluate_all, labelled_samples
from script_runner import run
from synthetic_evaluation import COMPARING, rendered

WARM_UP = 3
"""Rounds that are not timed."""


@dataclass(frozen=True)
class Speed:
    """How long one tile takes."""

    own_ms: float
    """Median, milliseconds of one thread's own time: other work on the machine counts little."""
    ratio: float
    """Median of the first model's time over this one's, round by round."""


def speeds(detectors: Sequence[Detector], rounds: int) -> list[Speed]:
    """Of the first network of each detector, all of them on one thread, taking turns."""
    rng = np.random.default_rng(0)
    times = np.zeros((rounds, len(detectors)))
    for i in range(-WARM_UP, rounds):
        for j, detector in enumerate(detectors):
            card = detector.models[0].card
            tile = rng.integers(0, 256, (card.tile_px, card.tile_px, 3), dtype=np.uint8)
            start = time.thread_time()
            decode_output(detector.models[0].run(tile), card.layout, card.thresholds)
            if i >= 0:
                times[i, j] = 1000 * (time.thread_time() - start)
    return [
        Speed(float(np.median(times[:, j])), float(np.median(times[:, 0] / times[:, j])))
        for j in range(len(detectors))
    ]


def table(title: str, names: Sequence[str], metrics: Sequence[CountMetrics]) -> str:
    """A line per model: its metrics, and how they differ from the first one's."""
    head = (
        f"{title:<30} {'true':>6} {'count':>6} {'nMAE':>6} {'lost':>7} {'bias':>7} "
        f"{'AP50':>6} {'lost':>7}"
    )
    lines = [
        f"{Path(name).stem[:30]:<30} {m.true:>6} {m.counted:>6} {m.nmae:>6.3f} "
        f"{m.nmae - metrics[0].nmae:>+7.3f} {m.bias:>+7.3f} {m.ap50:>6.3f} "
        f"{metrics[0].ap50 - m.ap50:>+7.3f}"
        for name, m in zip(names, metrics, strict=True)
    ]
    return "\n".join([head, *lines])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=released_models(), help="names or ONNX files")
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered chips")
    parser.add_argument("--chips", type=int, default=100, help="rendered chips of each class")
    parser.add_argument("--real", type=Path, help="folder of real scenes")
    parser.add_argument("--rounds", type=int, default=30, help="timed tiles of each model")
    parser.add_argument("--workers", type=int, default=1, help="processes that render")
    args = parser.parse_args()
    names = [str(model) for model in args.models]
    detectors = [Detector.load(name, 1) for name in names]
    timed = speeds(detectors, args.rounds)
    print(f"{'one thread, ' + platform.machine():<30} {'ms':>7} {'times':>6} {'MB':>6}")
    for name, detector, speed in zip(names, detectors, timed, strict=True):
        size = sum(path.stat().st_size for path in model_files(name)) / 1e6
        print(
            f"{Path(name).stem[:30]:<30} {speed.own_ms:>7.1f} {speed.ratio:>6.2f} {size:>6.1f}  "
            f"{detector.card.precision}, thresholds {detector.card.thresholds}"
        )
    kinds = [kind for kind in detectors[0].card.classes if all_detect(kind, detectors)]
    for kind in kinds:
        sets = {"rendered": rendered(args.work, kind, COMPARING, args.chips, args.workers)}
        if args.real:
            sets["real"] = [one for one in labelled_samples(args.real) if one.kind == kind]
        for title, samples in sets.items():
            print(f"\n{compare(f'{kind}s, {len(samples)} {title}', samples, names, detectors)}")


def all_detect(kind: str, detectors: Sequence[Detector]) -> bool:
    """Return whether all `detectors` detect class `kind`."""
    return all(kind in detector.card.classes for detector in detectors)


def compare(
    title: str,
    samples: Sequence[EvaluationSample],
    names: Sequence[str],
    detectors: Sequence[Detector],
) -> str:
    """Return the table of all `detectors` on the images `samples`."""
    metrics = [CountMetrics.of(evaluate_all(samples, detector)) for detector in detectors]
    return table(title, names, metrics)


if __name__ == "__main__":
    run(main)
