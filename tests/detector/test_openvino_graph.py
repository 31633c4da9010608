"""The graph that OpenVINO compiles: no rounding inside of a SiLU, the same answers nearly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cv.detector.openvino_graph import join_silus
from cv.training.render import render_chip

openvino = pytest.importorskip("openvino")
WEIGHTS = Path(__file__).resolve().parents[2] / "weights"


def read(name):
    return openvino.Core().read_model(WEIGHTS / f"{name}.onnx")


def scores(model, image):
    """Of containers, by place."""
    compiled = openvino.Core().compile_model(model, "CPU")
    return compiled(image[None])[0][0, 4]


def test_a_network_in_float_stays_as_it_is():
    assert join_silus(read("pierwatch-n")) == 0


def test_every_silu_of_a_network_in_8_bits_is_joined_once():
    model = read("pierwatch-n-int8")
    kinds = [node.get_type_name() for node in model.get_ordered_ops()]
    assert 0.95 * kinds.count("Sigmoid") < join_silus(model) <= kinds.count("Sigmoid")
    assert join_silus(model) == 0


def test_answers_come_nearer_to_those_in_float():
    image = render_chip(2, False).image
    joined = read("pierwatch-n-int8")
    join_silus(joined)
    exact = scores(read("pierwatch-n"), image)
    sure = exact > 0.5
    before, now = (
        np.abs(scores(model, image) - exact)[sure].mean()
        for model in (read("pierwatch-n-int8"), joined)
    )
    assert sure.sum() > 20
    assert now < before < 0.1
