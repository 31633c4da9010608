"""How tiles go in: bytes or floats, planes first or last; the type in the graph is the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from cv.detector.model_card import OutputLayout
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.model_export.onnx_export import accept_uint8_input
from tests.fixtures.fake_detectors import CARD

SIDE = 32
SMALL = replace(
    CARD,
    layout=OutputLayout.RAW,
    tile_px=SIDE,
    passes=tuple(replace(one, overlap_px=8) for one in CARD.passes),
)


def echo(path, kind, shape):
    """A model that answers the first rows of its input, and zeros: (1, 7, SIDE)."""
    scale = 1.0 if kind == TensorProto.FLOAT else 1 / 255
    order = [0, 1, 2, 3] if shape[1] == 3 else [0, 3, 1, 2]
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=order),
        helper.make_node("Reshape", ["planes", "flat"], ["line"]),
        helper.make_node("Slice", ["line", "first", "last", "axis"], ["part"]),
        helper.make_node("Reshape", ["part", "rows"], ["output0"]),
    ]
    numbers = {"flat": [1, -1], "first": [0], "last": [7 * SIDE], "axis": [1], "rows": [1, 7, SIDE]}
    graph = helper.make_graph(
        nodes,
        "echo",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 7, SIDE])],
        [
            helper.make_tensor("scale", TensorProto.FLOAT, [], [scale]),
            *(helper.make_tensor(k, TensorProto.INT64, [len(v)], v) for k, v in numbers.items()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, SMALL.to_metadata())
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.UINT8])
@pytest.mark.parametrize("shape", [(1, 3, SIDE, SIDE), (1, SIDE, SIDE, 3)])
def test_all_input_formats_give_the_same_tensor_values(tmp_path, kind, shape):
    network = OnnxModel.load(echo(tmp_path / "m.onnx", kind, shape))
    tile = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    red = tile[:7, :, 0] / 255
    assert np.abs(network.run(tile)[0] - red).max() < 1e-6


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (TensorProto.INT8, (1, 3, SIDE, SIDE)),
        (TensorProto.DOUBLE, (1, 3, SIDE, SIDE)),
        (TensorProto.UINT8, (1, SIDE, SIDE, 4)),
        (TensorProto.UINT8, (1, 3, SIDE, 2 * SIDE)),
    ],
)
def test_another_input_is_refused(tmp_path, kind, shape):
    with pytest.raises(ModelError, match=r"it takes .*one uint8 or float tensor"):
        OnnxModel.load(echo(tmp_path / "m.onnx", kind, shape))


def test_a_float_model_made_to_take_bytes_answers_the_same_to_the_last_bit(tmp_path):
    path = echo(tmp_path / "float.onnx", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    proto = onnx.load(str(path))
    accept_uint8_input(proto)
    other = tmp_path / "bytes.onnx"
    other.write_bytes(proto.SerializeToString())
    before, after = OnnxModel.load(path), OnnxModel.load(other)
    assert (before.input_spec.raw, after.input_spec.raw) == (False, True)
    assert (before.input_spec.channels_first, after.input_spec.channels_first) == (True, False)
    ramp = np.arange(SIDE * SIDE * 3, dtype=np.uint32).reshape(SIDE, SIDE, 3).astype(np.uint8)
    assert np.array_equal(before.run(ramp), after.run(ramp))
    with pytest.raises(ModelError, match="UINT8"):
        accept_uint8_input(proto)
