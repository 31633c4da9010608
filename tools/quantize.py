"""Make an 8-bit model, with its card, from a released float model.

    python tools/quantize.py weights/pierwatch-n.onnx weights/pierwatch-n-int8.onnx

Everything is decided by measurements on rendered chips, nothing is specific to one network: the
ranges of its tensors, which convolutions stay in float, and the thresholds.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from quantization.activation_ranges import activation_ranges
from quantization.onnx_graph import ConvolutionUnit, units_by_module
from quantization.qdq_quantizer import QdqQuantizer, collect_histograms, load_float_graph
from quantization.reference_outputs import ReferenceOutputs
from tqdm import tqdm

from cv.detector.model_card import FP32, INT8, ModelCard, OutputLayout
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.model_export.model_release import write_model
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD, RenderedChip, render_chip

FIRST_SEED = 8_500_000
"""First seed of the chips used here; neither training nor evaluation uses them."""
SPLIT_SHARE = 0.05
"""A module with more than this share of the total error is measured part by part."""
MAX_FLOAT_SHARE = 0.2
"""Largest share of all multiplications that may stay in float, as that costs speed."""
GOOD_DISAGREEMENT = 0.005
"""Relative difference in counts at which the search ends."""
DISAGREEMENT_MARGIN = 0.003
"""Relative difference in counts that is accepted for a faster model."""
MAX_TRIALS = 12
"""Most choices of what stays in float that are tried."""


@dataclass(frozen=True)
class QuantizationCost:
    """The error from 8 bits in some units and float everywhere else."""

    name: str
    """Name of the module or node."""
    units: tuple[ConvolutionUnit, ...]
    error: float
    """See `ReferenceOutputs.error`."""

    @property
    def products(self) -> int:
        """Multiplications per tile."""
        return sum(unit.products for unit in self.units)


@dataclass(frozen=True)
class PrecisionChoice:
    """Which units stay in float, and the effect on the counts."""

    floats: frozenset[str]
    """Names of the units."""
    thresholds: tuple[float, ...]
    """By class; they give the total counts of the float model."""
    disagreement: tuple[float, ...]
    """By class; see `ReferenceOutputs.disagreement`."""


def quantize_model(
    source: Path, target: Path, chips: int, checks: int, seed: int
) -> PrecisionChoice:
    """Write the 8-bit model of `source`, and its card, to `target`; raises ModelError.

    Ranges are measured on `chips` rendered chips, choices on `checks` others, at the scales of the
    model's passes.
    """
    network = OnnxModel.load(source)
    card = _quantizable(source, network.card)
    first = FIRST_SEED + seed * (chips + checks)
    scales = sorted({one.gsd_m**2 > FINE_GSD * COARSE_GSD for one in card.passes})
    images = [augment_image(one.image, i) for i, one in enumerate(_rendered(first, chips, scales))]
    reference = ReferenceOutputs.of(network, _rendered(first + chips, checks, scales))
    graph = load_float_graph(source)
    histograms = collect_histograms(graph, images)
    quantizer = QdqQuantizer(graph, activation_ranges(histograms, graph.before_silu), card)
    with tempfile.TemporaryDirectory() as folder:
        costs = quantization_costs(quantizer, reference.first(8), Path(folder))
        choice = choose_precision(quantizer, costs, reference, Path(folder))
    final = replace(card, name=target.stem, precision=INT8, thresholds=choice.thresholds)
    write_model(quantizer.model(choice.floats), target, final)
    return choice


def _quantizable(source: Path, card: ModelCard) -> ModelCard:
    """Return `card` without calibrations, which do not hold in 8 bits; raises ModelError."""
    if card.layout is not OutputLayout.RAW or card.precision != FP32:
        found = f"its layout is {card.layout}, its precision {card.precision}"
        limit = f"layout {OutputLayout.RAW} and precision {FP32} are quantized"
        raise ModelError(source, found, limit, "Release it from its checkpoint with that layout.")
    return replace(card, calibrations=())


def _rendered(first: int, count: int, scales: Sequence[bool]) -> list[RenderedChip]:
    """Render chips of `count` seeds, alternating between the `scales` (whether coarse)."""
    seeds = tqdm(range(first, first + count), unit="chip", disable=None, leave=False)
    return [render_chip(seed, coarse=scales[seed % len(scales)]) for seed in seeds]


def augment_image(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Return `image` unchanged or, for half of the seeds, with other exposure and sharpness."""
    if seed % 4 < 2:
        return image
    rng = np.random.default_rng(seed)
    gain, gamma = rng.uniform(0.6, 1.5), rng.uniform(0.7, 1.4)
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.3)).astype(np.float64)
    lit: NDArray[np.uint8] = np.clip(255 * (soft / 255) ** gamma * gain, 0, 255).astype(np.uint8)
    return lit


def quantization_costs(
    quantizer: QdqQuantizer, reference: ReferenceOutputs, folder: Path
) -> list[QuantizationCost]:
    """Measure the error of each module, and of the parts of modules with much of it."""

    def cost(name: str, units: Sequence[ConvolutionUnit]) -> QuantizationCost:
        floats = {unit.name for unit in quantizer.graph.units} - {unit.name for unit in units}
        error = reference.error(quantizer.outputs(floats, reference, folder))
        print(f"  {error:8.4f}  {name}", flush=True)
        return QuantizationCost(name, tuple(units), error)

    found = [cost(*one) for one in units_by_module(quantizer.graph.units).items()]
    while True:
        total = sum(one.error for one in found)
        large = [one for one in found if len(one.units) > 1 and one.error > SPLIT_SHARE * total]
        if not large:
            return found
        for one in large:
            found.remove(one)
            found += [cost(*part) for part in units_by_module(one.units, one.name).items()]


def choose_precision(
    quantizer: QdqQuantizer,
    parts: Sequence[QuantizationCost],
    reference: ReferenceOutputs,
    folder: Path,
) -> PrecisionChoice:
    """Return the fastest choice whose counts differ hardly more than those of the best one.

    Parts are kept in float one after another, those with the most error per multiplication first.
    """
    most = MAX_FLOAT_SHARE * sum(unit.products for unit in quantizer.graph.units)
    ranked = sorted(parts, key=lambda one: one.error / one.products, reverse=True)
    floats: list[QuantizationCost] = []
    trials: list[PrecisionChoice] = []
    for part in (None, *ranked):
        if part and sum(one.products for one in (*floats, part)) > most:
            continue
        floats += [part] if part else []
        names = frozenset(unit.name for one in floats for unit in one.units)
        outputs = quantizer.outputs(names, reference, folder)
        thresholds = reference.thresholds(outputs)
        differ = tuple(reference.disagreement(outputs, thresholds))
        trials.append(PrecisionChoice(names, thresholds, differ))
        print(f"  {np.round(differ, 4).tolist()} with {[one.name for one in floats]}", flush=True)
        if max(differ) <= GOOD_DISAGREEMENT or len(trials) >= MAX_TRIALS:
            break
    best = min(sum(one.disagreement) for one in trials)
    return next(one for one in trials if sum(one.disagreement) <= best + DISAGREEMENT_MARGIN)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python tools/quantize.py",
        description="Write an 8-bit model of a released float one, with its card.",
        epilog="example: python tools/quantize.py weights/pierwatch-n.onnx "
        "weights/pierwatch-n-int8.onnx; then calibrate it (datasets/real/calibrate.py)",
    )
    parser.add_argument("source", type=Path, help="float ONNX model")
    parser.add_argument("target", type=Path, help="ONNX model to write; names the card")
    parser.add_argument("--chips", type=int, default=32, help="chips to measure ranges on")
    parser.add_argument("--checks", type=int, default=48, help="chips to compare choices on")
    parser.add_argument("--seed", type=int, default=0, help="of the chips")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)  # onnxruntime recommends steps that were done
    try:
        choice = quantize_model(given.source, given.target, given.chips, given.checks, given.seed)
    except ModelError as error:
        print(f"quantize: {error}", file=sys.stderr)
        return 2
    print(f"{given.target}: {len(choice.floats)} convolutions in float")
    print(f"thresholds {choice.thresholds}; on the chips compared, counts differ by", end=" ")
    print(", ".join(f"{part:.4f}" for part in choice.disagreement))
    return 0


if __name__ == "__main__":
    sys.exit(main())
