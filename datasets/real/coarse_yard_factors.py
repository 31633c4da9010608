"""Which properties of a yard change the TEU that a coarse model estimates for it.

    python datasets/real/coarse_yard_factors.py --model coarse.onnx

Renders yards that differ from a usual one in a single property, as a neutral camera of 3 m shows
them, and prints the estimate over the truth for each: 1 is right, 0 means that the yard vanishes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cv.coarse_training.coarse_cameras import CoarseCamera
from cv.coarse_training.coarse_samples import ENLARGEMENT, taken_sample
from cv.coarse_training.rendered_grounds import GROUND_GSD, RenderedGround, ground_of
from cv.rendering.canvas import Canvas
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, OneFleetPaints
from cv.rendering.renderer import Sensor, Sun, ViewingAngle, render_radiance
from cv.rendering.sensor_sampling import PixelAxis
from cv.synthetic import terrain
from cv.synthetic.container_blocks import ContainerBlock, draw_block

sys.path.insert(0, str(Path(__file__).resolve().parent))
from coarse_estimates import CoarseModel
from script_runner import run

_SIDE_M, _GSD_M = 288.0, 3.0
_PIXELS = int(_SIDE_M / _GSD_M)
_COLOURS = {
    "red": (0.55, 0.20, 0.16),
    "white": (0.86, 0.86, 0.84),
    "dark": (0.13, 0.14, 0.18),
    "grey": (0.44, 0.43, 0.42),
}


@dataclass(frozen=True, kw_only=True)
class Yard:
    """The properties of a yard."""

    colour: str = "mixed"
    """One of _COLOURS for all containers, or "mixed"."""
    tiers: int = 2
    ragged: float = 0.5
    """Deviation of the heights, containers."""
    gap_across: float = 0.3
    """Metres."""
    road_m: float = 10.0
    """Between lanes of six rows; 0 for one solid field."""
    fill: float = 0.93
    """Share of slots in use."""
    feet: int = 40
    ground: str = "worn asphalt"
    sun: float = 45.0
    """Elevation, degrees."""
    lean: float = 0.0
    """Of the view, metres a metre of height."""
    gain: float = 0.9
    """Exposure."""
    saturation: float = 0.9


VARIANTS: dict[str, Yard] = {
    "usual": Yard(),
    **{f"colour {name}": Yard(colour=name) for name in _COLOURS},
    **{f"colour {name}, solid field": Yard(colour=name, road_m=0) for name in _COLOURS},
    "solid field": Yard(road_m=0),
    "one tier": Yard(tiers=1, ragged=0),
    "one height, three tiers": Yard(tiers=3, ragged=0),
    "five tiers": Yard(tiers=5),
    "uneven heights": Yard(tiers=3, ragged=1.4),
    "gaps of 0.05 m": Yard(gap_across=0.05),
    "rows apart (1.5 m)": Yard(gap_across=1.5),
    "half empty": Yard(fill=0.5),
    "20 ft": Yard(feet=20),
    "sun at 15 degrees": Yard(sun=15),
    "sun at 70 degrees": Yard(sun=70),
    "five tiers, sun at 15 degrees": Yard(tiers=5, sun=15),
    "oblique view": Yard(lean=0.35, tiers=4),
    "concrete": Yard(ground="bright concrete"),
    "dark asphalt": Yard(ground="dark asphalt"),
    "earth": Yard(ground="red earth"),
    "under-exposed": Yard(gain=0.3),
    "without colour": Yard(saturation=0.15),
    "vivid": Yard(saturation=1.5),
}


def yard_ground(yard: Yard, seed: int) -> RenderedGround:
    """Render a yard."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(_SIDE_M, _SIDE_M, resolution=GROUND_GSD, margin=24.0)
    terrain.draw_ground(canvas, GROUND_MATERIALS[yard.ground], rng)
    mixed = yard.colour == "mixed"
    paints = ContainerPaints(rng) if mixed else OneFleetPaints(rng, _COLOURS[yard.colour])
    block = ContainerBlock(
        bays=int(150 / (yard.feet * 0.3048)),
        rows=6 if yard.road_m else 40,
        feet=yard.feet,
        gap_across=yard.gap_across,
        tiers=yard.tiers,
        ragged=yard.ragged,
        fill=yard.fill,
        runs=0.3,
    )
    angle = float(rng.uniform(0, np.pi / 2))
    across = np.array([-np.sin(angle), np.cos(angle)])
    lanes = 5 if yard.road_m else 1
    step = block.size[1] + yard.road_m
    middle = np.full(2, _SIDE_M / 2) - np.array([np.cos(angle), np.sin(angle)]) * block.size[0] / 2
    for lane in range(lanes):
        corner = middle + across * ((lane - lanes / 2) * step)
        draw_block(canvas, corner, angle, block, paints)
    view = ViewingAngle(lean_x=yard.lean)
    light, idents = render_radiance(canvas, Sun(float(rng.uniform(0, 360)), yard.sun), view)
    return ground_of(canvas, light, idents, view)


def ratios(model: CoarseModel, yard: Yard, number: int) -> Iterator[float]:
    """Yield the estimate over the truth of `number` yards."""
    sensor = Sensor(
        noise=0.004,
        gain=yard.gain,
        gamma=0.85,
        haze=(0.03, 0.035, 0.045),
        saturation=yard.saturation,
    )
    camera = CoarseCamera(gsd_m=_GSD_M, psf=0.5, band_shifts=np.zeros((3, 2)), sensor=sensor)
    axis = PixelAxis(_PIXELS, _GSD_M / GROUND_GSD, 0.0)
    whole = np.ones((_PIXELS * ENLARGEMENT,) * 2, np.float32)
    for seed in range(number):
        sample = taken_sample(
            yard_ground(yard, seed), camera, axis, axis, np.random.default_rng(seed)
        )
        truth = float(sample.targets.teu_ashore.sum())
        yield model.maps(sample.image, _GSD_M).teu(whole).value / truth


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="ONNX model")
    parser.add_argument("--number", type=int, default=4, help="yards of each kind")
    args = parser.parse_args()
    model = CoarseModel(args.model)
    print(f"{'yard':34} estimate / truth (least, greatest)")
    for name, yard in VARIANTS.items():
        found = list(ratios(model, replace(yard), args.number))
        print(f"{name:34} {np.mean(found):.2f} ({min(found):.2f}, {max(found):.2f})", flush=True)


if __name__ == "__main__":
    run(main)
