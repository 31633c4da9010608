"""TEU and containers of the labelled real scenes as a coarse camera would show them.

    python datasets/real/coarse_accuracy.py ../shared/real --model coarse.onnx
    python datasets/real/coarse_accuracy.py ../shared/real --model coarse.onnx --held work/held

The scenes (0.15 to 0.8 m a pixel) are seen through a Gaussian point spread of 0.5 GSD and averaged
over square pixels of 3 m, at three phases: 0, 1/3 and 2/3 of a pixel down and right. Their own
blur, which is small beside that, comes on top; stored values are averaged, or light where
`--gamma` states the exponent from values to light. No labelled scene trained the model. The number
of containers follows from the TEU by the TEU of a container in the other scenes, and the corrected
TEU by a factor that the other scenes give. Errors are summed over regions and phases and divided
by the sum of the truth (nMAE, bias). `--window` divides the regions into squares of that side.
`--held` evaluates rendered grounds that did not train either, whole, at `--gsd`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import shapely
from affine import Affine

from cv import Scene
from cv.coarse_training.coarse_cameras import random_camera
from cv.coarse_training.coarse_samples import ENLARGEMENT, coarse_sample
from cv.coarse_training.rendered_grounds import GROUND_GSD, RenderedGround
from cv.evaluation.image_evaluation import EvaluationSample
from cv.geometry.arrays import Float32Array
from cv.geometry.container_sizes import teu_of_lengths
from cv.rendering.renderer import Bytes
from cv.rendering.sensor_sampling import PixelAxis, PixelSampler

sys.path.insert(0, str(Path(__file__).resolve().parent))
from coarse_estimates import CoarseModel, TeuEstimate
from labelled_scenes import CONTAINER, labelled_samples
from script_runner import run

PSF = 0.5
"""Deviation of the optics' point spread, GSDs."""
PHASES = (0.0, 1 / 3, 2 / 3)
"""Of the first pixel, down and right, pixels."""
LEAST_TEU = 50.0
"""Regions with fewer TEU are left out of the errors."""


@dataclass(frozen=True)
class RegionResult:
    """One region of a scene at one phase."""

    scene: str
    phase: float
    containers: float
    """True number of containers; one at the edge counts by its part inside."""
    teu: float
    """True TEU."""
    estimate: TeuEstimate


@dataclass(frozen=True, eq=False)
class FineScene:
    """A labelled scene before it is degraded."""

    name: str
    image: Bytes
    gsd_m: tuple[float, float]
    """Along x and y, metres."""
    outlines: np.ndarray
    """Polygons of the containers, pixels."""
    teu: np.ndarray
    """TEU of each."""
    regions: tuple[shapely.Geometry, ...]
    """What is evaluated, pixels."""


def read_scene(sample: EvaluationSample, window_m: float) -> FineScene:
    """Read a labelled scene; its region is divided into squares of `window_m`, 0 for the whole."""
    with Scene.open(sample.path, sample.gsd_m) as scene:
        gsd = np.array(scene.grid.local_plane().gsd_m)
        rows, columns = scene.grid.shape
        image = scene.read(Affine.identity(), (rows, columns)).rgb
    corners = sample.truth.corners()
    sides = np.stack([corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]], 1) * gsd
    lengths = np.hypot(sides[..., 0], sides[..., 1]).max(1) if len(corners) else np.zeros(0)
    region = sample.region if sample.region is not None else shapely.box(0, 0, columns, rows)
    return FineScene(
        sample.name,
        image,
        (float(gsd[0]), float(gsd[1])),
        shapely.polygons(corners),
        teu_of_lengths(lengths),
        tuple(_windows(region, window_m / gsd) if window_m else [region]),
    )


def evaluate_scene(
    scene: FineScene, model: CoarseModel, gsd_m: float, gamma: float
) -> Iterator[RegionResult]:
    """Yield the results of all regions at all phases."""
    step_x, step_y = (gsd_m / own for own in scene.gsd_m)
    shape = (scene.image.shape[0], scene.image.shape[1])
    light = (scene.image.astype(np.float32) / 255) ** np.float32(gamma)
    for phase in PHASES:
        rows = PixelAxis(int(shape[0] / step_y - phase), step_y, phase * step_y)
        columns = PixelAxis(int(shape[1] / step_x - phase), step_x, phase * step_x)
        # the point spread is round on the ground, and so are pixels, to within a fifth
        sampler = PixelSampler(rows, columns, shape, PSF * (step_x + step_y) / 2)
        seen = np.stack([sampler.means(light[..., band]) for band in range(3)], 2)
        image = (np.clip(seen, 0, 1) ** np.float32(1 / gamma) * 255 + 0.5).astype(np.uint8)
        maps = model.maps(np.ascontiguousarray(image), gsd_m)
        for region in scene.regions:
            parts = shapely.area(shapely.intersection(scene.outlines, region))
            parts = parts / np.maximum(shapely.area(scene.outlines), 1e-9)
            estimate = maps.teu(_shares(region, shape, rows, columns))
            yield RegionResult(
                scene.name, phase, float(parts.sum()), float(parts @ scene.teu), estimate
            )


def _shares(
    region: shapely.Geometry, shape: tuple[int, int], rows: PixelAxis, columns: PixelAxis
) -> Float32Array:
    """Return the share of each cell inside a region."""
    mask = np.zeros(shape, np.uint8)
    parts = region.geoms if hasattr(region, "geoms") else [region]
    for part in parts:
        cv2.fillPoly(mask, [_ring(part.exterior)], 1, cv2.LINE_8, 4)
        for hole in part.interiors:
            cv2.fillPoly(mask, [_ring(hole)], 0, cv2.LINE_8, 4)
    down, across = (
        PixelAxis(axis.number * ENLARGEMENT, axis.step / ENLARGEMENT, axis.start)
        for axis in (rows, columns)
    )
    return PixelSampler(down, across, shape).means(mask)


def _ring(ring: shapely.LinearRing) -> np.ndarray:
    return np.rint((np.array(ring.coords) - 0.5) * 16).astype(np.int32)


def _windows(region: shapely.Geometry, side: np.ndarray) -> Iterator[shapely.Geometry]:
    left, top, right, bottom = region.bounds
    for x, y in product(np.arange(left, right, side[0]), np.arange(top, bottom, side[1])):
        part = region.intersection(shapely.box(x, y, x + side[0], y + side[1]))
        if part.area > 0.3 * side[0] * side[1]:
            polygons = [one for one in getattr(part, "geoms", [part]) if one.geom_type == "Polygon"]
            yield shapely.MultiPolygon(polygons)


def corrected(results: Sequence[RegionResult]) -> list[RegionResult]:
    """Return the results with the factor from estimate to truth that the other scenes give."""
    out = []
    for one in results:
        others = [other for other in results if other.scene != one.scene]
        factor = sum(o.teu for o in others) / max(1.0, sum(o.estimate.value for o in others))
        value, deviation = one.estimate.value * factor, one.estimate.deviation * factor
        out.append(replace(one, estimate=TeuEstimate(value, deviation)))
    return out


def container_errors(results: Sequence[RegionResult]) -> list[float]:
    """Return the errors of the numbers of containers, by the TEU of one in the other scenes."""
    errors = []
    for one in results:
        others = [other for other in results if other.scene != one.scene]
        each = sum(o.teu for o in others) / max(1.0, sum(o.containers for o in others))
        errors.append(one.estimate.value / each - one.containers)
    return errors


def summary(title: str, results: Sequence[RegionResult]) -> str:
    """Return the errors over regions of LEAST_TEU and more."""
    full = [one for one in results if one.teu >= LEAST_TEU]
    if not full:
        return f"{title}: no regions"
    total, boxes = sum(one.teu for one in full), sum(one.containers for one in full)
    errors = np.array([one.estimate.value - one.teu for one in full])
    text = (
        f"{title}: {len(full)} regions and phases, TEU nMAE {np.abs(errors).sum() / total:.3f}, "
        f"bias {errors.sum() / total:+.3f}"
    )
    if len({one.scene for one in full}) > 1:
        text += f", container nMAE {np.abs(container_errors(full)).sum() / boxes:.3f}"
    held = np.mean([one.estimate.low <= one.teu <= one.estimate.high for one in full])
    return f"{text}, 90 % intervals hold {held:.2f}"


def scenes_table(results: Sequence[RegionResult]) -> str:
    """Return a line per scene: the means over its regions and phases."""
    lines = [
        "scene                            TEU   estimate    bias   phases apart   90 % interval"
    ]
    for name in dict.fromkeys(one.scene for one in results):
        own = [one for one in results if one.scene == name]
        teu = float(np.mean([one.teu for one in own]))
        values = [one.estimate.value for one in own]
        low = float(np.mean([one.estimate.low for one in own]))
        high = float(np.mean([one.estimate.high for one in own]))
        bias = f"{np.mean(values) / teu - 1:+.2f}" if teu else "-"
        lines.append(
            f"{name:30} {teu:6.0f} {np.mean(values):9.0f} {bias:>9} {np.ptp(values):11.0f}"
            f"     {low:7.0f} to {high:.0f}"
        )
    return "\n".join(lines)


def held_results(folder: Path, model: CoarseModel, gsd_m: float) -> Iterator[RegionResult]:
    """Yield the results of rendered grounds as random cameras show them."""
    for path in sorted(folder.glob("*.npz")):
        ground = RenderedGround.load(path)
        rng = np.random.default_rng(int(path.stem))
        camera = replace(random_camera(rng), gsd_m=gsd_m)
        size = int(ground.pixels.shape[0] * GROUND_GSD / gsd_m) // 8 * 8
        sample = coarse_sample(ground, camera, size, rng)
        whole = np.ones((size * ENLARGEMENT,) * 2, np.float32)
        teu = float((sample.targets.teu_ashore + sample.targets.teu_aboard).sum())
        yield RegionResult(path.stem, 0.0, teu, teu, model.maps(sample.image, gsd_m).teu(whole))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder of real scenes")
    parser.add_argument("--model", type=Path, required=True, help="ONNX model")
    parser.add_argument("--gsd", type=float, default=3.0, help="metres a pixel")
    parser.add_argument("--gamma", type=float, default=1.0, help="exponent from values to light")
    parser.add_argument("--window", type=float, default=0.0, help="metres; 0 for whole regions")
    parser.add_argument("--held", type=Path, help="folder of rendered grounds")
    args = parser.parse_args()
    model = CoarseModel(args.model)
    results: list[RegionResult] = []
    for sample in labelled_samples(args.root):
        if sample.kind == CONTAINER:
            scene = read_scene(sample, args.window)
            results += evaluate_scene(scene, model, args.gsd, args.gamma)
    print(scenes_table(results))
    print(summary(f"real at {args.gsd:g} m", results))
    print(summary("with the factor of the other scenes", corrected(results)))
    if args.held:
        print(summary("rendered", list(held_results(args.held, model, args.gsd))))


if __name__ == "__main__":
    run(main)
