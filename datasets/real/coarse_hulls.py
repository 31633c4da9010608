"""Precision and recall of the hulls that a coarse model finds in rendered grounds.

    python datasets/real/coarse_hulls.py work/held --model coarse.onnx

The grounds did not train the model; random cameras show them at `--gsd`. Hulls of `--least` metres
and more that lie in the picture by nine tenths are to be found, at a rotated IoU of 0.5; finds of
others and finds shorter than that are left out.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from cv.coarse_training.coarse_cameras import random_camera
from cv.coarse_training.coarse_samples import ENLARGEMENT, taken_sample
from cv.coarse_training.rendered_grounds import GROUND_GSD, RenderedGround
from cv.evaluation.box_matching import UNMATCHED, DetectionMatches
from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.rendering.sensor_sampling import PixelAxis

sys.path.insert(0, str(Path(__file__).resolve().parent))
from coarse_estimates import CoarseModel
from script_runner import run

_INSIDE = 0.9


def match_ground(
    path: Path, model: CoarseModel, gsd_m: float, least_m: float
) -> tuple[DetectionMatches, Float64Array]:
    """Return the matches of one ground, and the relative errors of the lengths of matched hulls."""
    ground = RenderedGround.load(path)
    rng = np.random.default_rng(int(path.stem))
    camera = replace(random_camera(rng), gsd_m=gsd_m)
    size = int(ground.pixels.shape[0] * GROUND_GSD / gsd_m) // 8 * 8
    axis = PixelAxis(size, gsd_m / GROUND_GSD, 0.0)
    found, scores = model.maps(taken_sample(ground, camera, axis, axis, rng).image, gsd_m).hulls()
    cell = gsd_m / ENLARGEMENT
    truth = OrientedBoxes.from_corners(ground.hulls * (GROUND_GSD / cell))
    outlines = truth.polygons()
    frame = shapely.box(0, 0, size * ENLARGEMENT, size * ENLARGEMENT)
    inside = shapely.area(shapely.intersection(outlines, frame)) / shapely.area(outlines)
    wanted = (truth.lengths * cell >= least_m) & (inside >= _INSIDE)
    order = np.argsort(-scores, kind="stable")
    matches = DetectionMatches.of(found, scores, truth)
    partial = _touches_hidden_part(found[order], truth[(inside < _INSIDE) & (inside > 0)])
    kept = (found[order].lengths * cell >= least_m) & ~partial
    objects = matches.objects[0]
    right = objects != UNMATCHED
    right[right] = wanted[objects[right]]
    errors = found[order].lengths[right] / truth.lengths[objects[right]] - 1
    return matches.only(wanted, kept), errors


def _touches_hidden_part(found: OrientedBoxes, cut: OrientedBoxes) -> np.ndarray:
    """Return which finds overlap a hull that the edge of the picture cuts."""
    if not len(found) or not len(cut):
        return np.zeros(len(found), bool)
    areas = shapely.area(shapely.intersection(found.polygons()[:, None], cut.polygons()[None]))
    return np.asarray((areas > 0.3 * found.areas[:, None]).any(1))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grounds", type=Path, help="folder of rendered grounds")
    parser.add_argument("--model", type=Path, required=True, help="ONNX model")
    parser.add_argument("--gsd", type=float, default=3.0, help="metres a pixel")
    parser.add_argument("--least", type=float, default=60.0, help="metres")
    args = parser.parse_args()
    model = CoarseModel(args.model)
    parts = [
        match_ground(path, model, args.gsd, args.least)
        for path in sorted(args.grounds.glob("*.npz"))
    ]
    matches = DetectionMatches.joined([part for part, _ in parts])
    errors = np.concatenate([own for _, own in parts])
    print(
        f"{len(matches)} hulls of {args.least:g} m and more at {args.gsd:g} m: "
        f"recall {matches.recall(0):.2f}, precision {matches.precision(0):.2f}, "
        f"AP {matches.average_precision():.2f}, "
        f"length off by {np.median(np.abs(errors)):.1%} (median)"
    )


if __name__ == "__main__":
    run(main)
