"""A released model becomes one that works in 8-bit integers, with a card of its own.

    python -m cv.export.quantization weights/pierwatch-n.onnx weights/pierwatch-n-int8.onnx

What is measured on rendered chips decides, nothing about one network is written here: how the
ranges of its tensors are found, which of its convolutions stay in float, and its thresholds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from cv.detector.model_card import FP32, INT8, ModelCard, OutputLayout
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.export.activation_ranges import METHODS, activation_ranges
from cv.export.onnx_graph import ConvolutionUnit, units_by_module
from cv.export.output_agreement import OutputAgreement
from cv.export.qdq_quantizer import QdqQuantizer, collect_histograms, load_float_graph
from cv.export.release import write_model
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD, RenderedChip, render_chip

FIRST_SEED = 8_500_000
"""Of the chips that are looked at; no training and no measurement uses them."""
FINEST = 0.05
"""A module with more than this part of all harm is looked at part by part."""
FLOAT_SHARE = 0.2
"""Part of all multiplications that may stay in float, at most: that costs speed."""
ENOUGH = 0.005
"""Difference in counts, as a part of them, at which nothing more is kept in float."""
WORTH = 0.003
"""Difference in counts, as a part of them, for which a choice that costs less time is taken."""
TRIALS = 12
"""Choices of what stays in float that are tried, at most."""


@dataclass(frozen=True)
class QuantizationCost:
    """What 8 bits in some units, and nowhere else, do to the answers."""

    name: str
    """Of the module or node."""
    units: tuple[ConvolutionUnit, ...]
    harm: float
    """See `Likeness.harm`."""

    @property
    def products(self) -> int:
        """Multiplications for one tile."""
        return sum(unit.products for unit in self.units)


@dataclass(frozen=True)
class PrecisionChoice:
    """What stays in float, and how that counts."""

    floats: frozenset[str]
    """Names of the units."""
    thresholds: tuple[float, ...]
    """By class, so that as much is counted as by the float model."""
    disagreement: tuple[float, ...]
    """By class, see `Likeness.disagreement`."""


def quantize_model(
    source: Path, target: Path, chips: int, checks: int, seed: int, method: str
) -> PrecisionChoice:
    """Writes the 8-bit model of `source`, and its card, to `target`.

    `chips` rendered chips tell the ranges, `checks` others decide, at the scales of its passes.
    `method`: of `METHODS`, or "best" for the one that does least harm. Raises ModelError.
    """
    network = OnnxModel.load(source)
    card = _fit(source, network.card)
    first = FIRST_SEED + seed * (chips + checks)
    scales = _scales(card)
    images = [vary_image(one.image, i) for i, one in enumerate(_rendered(first, chips, scales))]
    likeness = OutputAgreement.of(network, _rendered(first + chips, checks, scales))
    wiring = load_float_graph(source)
    seen = collect_histograms(wiring, images)
    methods = METHODS if method == "best" else (method,)
    ranges = [activation_ranges(seen, one, wiring.activated) for one in methods]
    tried = [QdqQuantizer(wiring, one, card) for one in ranges]
    with tempfile.TemporaryDirectory() as folder:
        harms = [likeness.error(one.answers((), likeness, Path(folder))) for one in tried]
        print("harm by range:", dict(zip(methods, np.round(harms, 4).tolist(), strict=True)))
        best = tried[int(np.argmin(harms))]
        choice = choose_precision(
            best, quantization_costs(best, likeness.part(8), Path(folder)), likeness, Path(folder)
        )
    final = replace(card, name=target.stem, precision=INT8, thresholds=choice.thresholds)
    write_model(best.model(choice.floats), target, final)
    return choice


def _fit(source: Path, card: ModelCard) -> ModelCard:
    """The card of a model that can be quantized, without calibrations: they are not its own."""
    if card.layout is not OutputLayout.RAW or card.precision != FP32:
        raise ModelError(
            source,
            f"its layout is {card.layout}, its precision {card.precision}",
            f"layout {OutputLayout.RAW} and precision {FP32} are quantized",
            "Release it so from its checkpoint.",
        )
    return replace(card, calibrations=())


def _scales(card: ModelCard) -> list[bool]:
    """Whether chips are coarse, for each scale at which the network looks."""
    return sorted({look.gsd_m**2 > FINE_GSD * COARSE_GSD for look in card.passes})


def _rendered(first: int, count: int, scales: Sequence[bool]) -> list[RenderedChip]:
    """Chips of `count` seeds, of the `scales` (whether coarse) in turn."""
    seeds = tqdm(range(first, first + count), unit="chip", disable=None, leave=False)
    return [render_chip(seed, coarse=scales[seed % len(scales)]) for seed in seeds]


def vary_image(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """`image` as it is for even seeds, else in another light and focus."""
    if seed % 4 < 2:
        return image
    rng = np.random.default_rng(seed)
    gain, gamma = rng.uniform(0.6, 1.5), rng.uniform(0.7, 1.4)
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.3)).astype(np.float64)
    lit: NDArray[np.uint8] = np.clip(255 * (soft / 255) ** gamma * gain, 0, 255).astype(np.uint8)
    return lit


def quantization_costs(
    quantizer: QdqQuantizer, likeness: OutputAgreement, folder: Path
) -> list[QuantizationCost]:
    """The harm of each part: of whole modules first, then of the parts of those that do much."""

    def cost(name: str, units: Sequence[ConvolutionUnit]) -> QuantizationCost:
        floats = {unit.name for unit in quantizer.wiring.units} - {unit.name for unit in units}
        harm = likeness.error(quantizer.answers(floats, likeness, folder))
        print(f"  {harm:8.4f}  {name}", flush=True)
        return QuantizationCost(name, tuple(units), harm)

    found = [cost(*one) for one in units_by_module(quantizer.wiring.units).items()]
    while True:
        total = sum(one.harm for one in found)
        large = [one for one in found if len(one.units) > 1 and one.harm > FINEST * total]
        if not large:
            return found
        for one in large:
            found.remove(one)
            found += [cost(*part) for part in units_by_module(one.units, one.name).items()]


def choose_precision(
    quantizer: QdqQuantizer,
    parts: Sequence[QuantizationCost],
    likeness: OutputAgreement,
    folder: Path,
) -> PrecisionChoice:
    """The cheapest choice whose counts differ hardly more than those of the best one.

    Parts are kept in float one after another, those first that do most for their cost.
    """
    most = FLOAT_SHARE * sum(unit.products for unit in quantizer.wiring.units)
    ranked = sorted(parts, key=lambda one: one.harm / one.products, reverse=True)
    floats: list[QuantizationCost] = []
    trials: list[PrecisionChoice] = []
    for part in (None, *ranked):
        if part and sum(one.products for one in (*floats, part)) > most:
            continue
        floats += [part] if part else []
        names = frozenset(unit.name for one in floats for unit in one.units)
        answers = quantizer.answers(names, likeness, folder)
        thresholds = likeness.thresholds(answers)
        differ = tuple(likeness.disagreement(answers, thresholds))
        trials.append(PrecisionChoice(names, thresholds, differ))
        print(f"  {np.round(differ, 4).tolist()} with {[one.name for one in floats]}", flush=True)
        if max(differ) <= ENOUGH or len(trials) >= TRIALS:
            break
    least = min(sum(one.disagreement) for one in trials)
    return next(one for one in trials if sum(one.disagreement) <= least + WORTH)


def main(arguments: list[str] | None = None) -> int:
    """Quantize a released model from the shell."""
    parser = argparse.ArgumentParser(
        prog="python -m cv.export.quantization",
        description="Write an 8-bit model of a released float one, with its card.",
        epilog="example: python -m cv.export.quantization weights/pierwatch-n.onnx "
        "weights/pierwatch-n-int8.onnx; then calibrate it (datasets/real/calibrate.py)",
    )
    parser.add_argument("source", type=Path, help="float ONNX model")
    parser.add_argument("target", type=Path, help="ONNX model to write; its name is the card's")
    parser.add_argument("--chips", type=int, default=32, help="that tell the ranges")
    parser.add_argument("--checks", type=int, default=48, help="chips that decide")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other chips")
    parser.add_argument("--method", default="best", choices=("best", *METHODS), help="of ranges")
    given = parser.parse_args(arguments)
    try:
        choice = quantize_model(
            given.source, given.target, given.chips, given.checks, given.seed, given.method
        )
    except ModelError as error:
        print(f"quantize: {error}", file=sys.stderr)
        return 2
    print(f"{given.target}: {len(choice.floats)} convolutions in float")
    print(f"thresholds {choice.thresholds}; on the chips that decided counts differ by", end=" ")
    print(", ".join(f"{part:.4f}" for part in choice.disagreement))
    return 0


if __name__ == "__main__":
    sys.exit(main())
