"""The graph that OpenVINO compiles: no rounding inside of a SiLU, the same answers nearly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cv.detector.runtimes.openvino_graph import fuse_silus
from cv.synthetic.chip_renderer import render_chip

openvino = pytest.importorskip("openvino")
ops = pytest.importorskip("openvino.opset13")
WEIGHTS = Path(__file__).resolve().parents[3] / "weights"


def read(name):
    return openvino.Core().read_model(WEIGHTS / f"{name}.onnx")


def scores(model, image):
    """Of containers, by place."""
    compiled = openvino.Core().compile_model(model, "CPU")
    return compiled(image[None])[0][0, 4]


def test_a_float_network_is_unchanged():
    assert fuse_silus(read("pierwatch-n")) == 0


def test_every_silu_of_an_8_bit_network_is_fused_once():
    model = read("pierwatch-n-int8")
    kinds = [node.get_type_name() for node in model.get_ordered_ops()]
    assert 0.95 * kinds.count("Sigmoid") < fuse_silus(model) <= kinds.count("Sigmoid")
    assert fuse_silus(model) == 0


@pytest.mark.parametrize(
    ("low", "zero", "scale", "joined"),
    [
        (-12.8, 128.0, 0.1, 1),
        (0.0, 0.0, 0.1, 0),  # cuts off what is negative
        (-12.8, 128.0, 0.2, 0),  # does not undo it
        (-12.8, 100.0, 0.1, 0),
    ],
)
def test_only_quantizations_are_removed(low, zero, scale, joined):
    x = ops.parameter([1, 8], np.float32)
    rounded = rounding(x, low, low + 25.5, zero, scale)
    gate = rounding(ops.sigmoid(rounded), 0.0, 1.0, 0.0, 1 / 255)
    model = openvino.Model([ops.multiply(rounded, gate)], [x])
    assert fuse_silus(model) == joined


def rounding(x, low, high, zero, scale):
    """QuantizeLinear and DequantizeLinear, as OpenVINO reads them."""
    number = np.float32
    levels = ops.fake_quantize(x, number(low), number(high), number(0), number(255), 256)
    levels = ops.convert(ops.convert(levels, "u8"), "f32")
    return ops.multiply(ops.subtract(levels, number(zero)), number(scale))


def test_outputs_are_closer_to_those_of_the_float_network():
    image = render_chip(2, False).image
    joined = read("pierwatch-n-int8")
    fuse_silus(joined)
    exact = scores(read("pierwatch-n"), image)
    sure = exact > 0.5
    before, now = (
        np.abs(scores(model, image) - exact)[sure].mean()
        for model in (read("pierwatch-n-int8"), joined)
    )
    assert sure.sum() > 20
    assert now < before < 0.1
