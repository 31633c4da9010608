"""Count containers in the real scenes as a coarser camera would have recorded them.

    python datasets/real/gsd_sensitivity.py ../shared/real --gsd 0.75

Only one labelled scene is coarser than 0.6 m. Therefore the finer ones are blurred like a camera
of that sampling distance (a Gaussian whose modulation at its Nyquist frequency is 0.2), averaged
over its pixels, and evaluated with the same labels. Real coarse products are harder: their colour
is coarser than their brightness, and their edges are oversharpened.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from affine import Affine

from cv import Detector, Scene
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.evaluation.metrics import CountMetrics
from cv.evaluation.metrics_table import images_table, metrics_table
from cv.geometry.oriented_boxes import OrientedBoxes, map_points, transform_geometry

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labelled_scenes import CONTAINER, evaluate_all, labelled_samples
from script_runner import run

BLUR_PX = 0.57
"""Sigma of the camera's blur in its own pixels: exp(-2 (pi sigma / 2)^2) is 0.2."""


def coarser(sample: EvaluationSample, gsd_m: float, folder: Path) -> EvaluationSample | None:
    """Return `sample` at `gsd_m` metres a pixel, or None where it is at least as coarse already."""
    with Scene.open(sample.path, sample.gsd_m) as scene:
        own = np.array(scene.grid.local_plane().gsd_m)
        rows, columns = scene.grid.shape
        image = scene.read(Affine.identity(), (rows, columns)).rgb
    if own.max() >= gsd_m:
        return None
    shrink = own / gsd_m
    size = np.maximum(1, np.rint([columns, rows] * shrink)).astype(int)
    blurred = cv2.GaussianBlur(image, (0, 0), BLUR_PX / shrink[0], sigmaY=BLUR_PX / shrink[1])
    path = folder / f"{sample.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    small = cv2.resize(blurred, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), small[..., ::-1])
    scale = Affine.scale(*(size / [columns, rows]))
    region = None if sample.region is None else transform_geometry(sample.region, scale)
    truth = OrientedBoxes.from_corners(map_points(scale, sample.truth.corners()))
    gsd = (float(own[0] * columns / size[0]), float(own[1] * rows / size[1]))
    return replace(sample, path=path, gsd_m=gsd, truth=truth, region=region)


def evaluate_coarser(root: Path, detector: Detector, gsd_m: float) -> list[ImageEvaluation]:
    """Evaluate `detector` on the scenes under `root` that are finer than `gsd_m`, at that GSD."""
    with tempfile.TemporaryDirectory() as folder:
        samples = [
            coarser(sample, gsd_m, Path(folder))
            for sample in labelled_samples(root)
            if sample.kind == CONTAINER
        ]
        return evaluate_all([sample for sample in samples if sample is not None], detector)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder of real scenes")
    parser.add_argument("--gsd", type=float, default=0.75, help="metres a pixel")
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    args = parser.parse_args()
    evaluations = evaluate_coarser(args.root, Detector.load(args.model), args.gsd)
    print(f"{images_table(evaluations)}\n")
    print(metrics_table([(f"container, as at {args.gsd:g} m", CountMetrics.of(evaluations))]))


if __name__ == "__main__":
    run(main)
