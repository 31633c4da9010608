"""Files that would lead to other files, or run code, are not followed, opened or run."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cv.cli import main
from cv.detector.model_zoo import default_model
from cv.detector.onnx_external_data import InvalidOnnx, has_external_data
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from tests.fixtures.fake_detectors import constant_model

ROWS = np.array([[[320, 320, 40, 8, 0.9, 0, 0.0]]])


class Canary:
    """Writes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.write_text, (self.path, "sung"))


def pickled(path, canary, protocol):
    path.write_bytes(pickle.dumps(Canary(canary), protocol))


def zipped(path, canary, protocol):
    """As torch.save does it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Canary(canary), protocol))


@pytest.mark.parametrize("name", ["best.pt", "model.onnx", "model.pkl"])
@pytest.mark.parametrize("write", [pickled, zipped])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_checkpoint_is_refused_in_one_line_and_never_runs(
    tmp_path, capsys, name, write, protocol
):
    canary = tmp_path / "canary"
    write(tmp_path / name, canary, protocol)
    pickle.loads(pickle.dumps(Canary(canary), protocol))
    assert canary.exists()  # it can sing
    canary.unlink()
    assert main(["doctor", "--model", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert name in said
    assert not canary.exists()
    if write is zipped or protocol:
        assert "PyTorch checkpoint or a pickle" in said


def elsewhere(tensor, location):
    """`tensor` as one whose values lie in the file `location`."""
    moved = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    moved.data_location = TensorProto.EXTERNAL
    entry = moved.external_data.add()
    entry.key, entry.value = "location", location
    return moved


def in_initializer(model, tensor):
    model.graph.initializer.append(tensor)


def in_attribute(model, tensor):
    model.graph.node.append(helper.make_node("Constant", [], ["secret"], value=tensor))


def in_branch(model, tensor):
    info = [helper.make_tensor_value_info("b", TensorProto.FLOAT, [4])]
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["b"], value=tensor)], "b", [], info
    )
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    model.graph.node.append(node)


def in_function(model, tensor):
    constant = helper.make_node("Constant", [], ["b"], value=tensor)
    opset = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "F", [], ["b"], [constant], opset))


def in_sparse(model, tensor):
    model.graph.sparse_initializer.add().values.CopyFrom(tensor)


@pytest.mark.parametrize("place", [in_initializer, in_attribute, in_branch, in_function, in_sparse])
def test_weights_in_another_file_are_not_read(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    Path("secret.bin").write_bytes(bytes(16))
    path = constant_model(tmp_path / "m.onnx", ROWS)
    model = onnx.load(str(path))
    place(model, elsewhere(numpy_helper.from_array(np.zeros(4, np.float32), "w"), "secret.bin"))
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="weights lie in another file"):
        OnnxModel.load(path)


def test_a_complete_model_has_no_external_data_and_every_part_of_it_is_invalid():
    content = default_model().read_bytes()
    assert not has_external_data(content)
    for cut in (1, 7, 100, len(content) // 2, len(content) - 1):
        with pytest.raises(InvalidOnnx):
            has_external_data(content[:cut])


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_not_a_model(seed):
    noise = np.random.default_rng(seed).integers(0, 256, 500, dtype=np.uint8).tobytes()
    with pytest.raises(InvalidOnnx):
        has_external_data(noise)


def test_the_depth_of_nested_graphs_is_limited():
    assert not has_external_data(nested(10))
    with pytest.raises(InvalidOnnx, match="nested"):
        has_external_data(nested(10_000))


def nested(depth):
    """A graph in an attribute of a node of a graph, and so on."""
    content = b""
    for _ in range(depth):
        for number in (6, 5, 1):
            content = bytes([number << 3 | 2]) + length(len(content)) + content
    return bytes([7 << 3 | 2]) + length(len(content)) + content


def length(value):
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def test_sizes_of_model_and_card_are_limited(tmp_path, monkeypatch):
    path = constant_model(tmp_path / "m.onnx", ROWS)
    path.with_suffix(".card.json").write_text(" " * (2**20 + 1))
    with pytest.raises(ModelError, match="not a card"):
        OnnxModel.load(path)
    monkeypatch.setattr("cv.detector.onnx_model.MAX_BYTES", 100)
    with pytest.raises(ModelError, match="1 to 100 bytes are read"):
        OnnxModel.load(path)
