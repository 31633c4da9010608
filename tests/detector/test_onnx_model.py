"""Loading models: digests, metadata, shapes, broken files."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import onnx
import pytest
import shapely
from affine import Affine

from cv.detector.detector import Detector
from cv.detector.model_card import OutputLayout
from cv.detector.onnx_model import OnnxModel
from cv.errors import InferenceError, ModelError
from cv.geometry.image_patch import Patch
from tests.fixtures.fake_detectors import CARD, card_file, constant_model

ROWS = np.array([[[320, 320, 40, 8, 0.9, 0, 0.0]]])
SMALL = replace(CARD, tile_px=64)


class Grey:
    """A raster of grey pixels that were all seen, or none of them."""

    def __init__(self, seen=True):
        self.seen = seen

    def read(self, to_pixel, shape):
        return Patch(np.full((*shape, 3), 128, np.uint8), np.full(shape, self.seen))


def test_a_model_is_loaded_with_card_and_digest(tmp_path):
    path = constant_model(tmp_path / "m.onnx", ROWS)
    network = OnnxModel.load(path)
    assert network.card == CARD
    assert network.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert network.run(np.zeros((640, 640, 3), np.uint8)) == pytest.approx(ROWS)


def test_the_card_beside_it_must_state_its_digest(tmp_path):
    path = constant_model(tmp_path / "m.onnx", ROWS)
    card_file(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert OnnxModel.load(path).card == CARD
    card_file(path, "f" * 64)
    with pytest.raises(ModelError, match="its card says ffff"):
        OnnxModel.load(path)
    path.with_suffix(".card.json").write_text("{")
    with pytest.raises(ModelError, match="not a card with a sha256"):
        OnnxModel.load(path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 400])
def test_broken_files_are_refused(tmp_path, content):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        OnnxModel.load(path)


def test_truncated_and_missing_files_are_refused(tmp_path):
    path = constant_model(tmp_path / "m.onnx", ROWS)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ModelError):
        OnnxModel.load(path)
    with pytest.raises(ModelError, match="No such file"):
        OnnxModel.load(tmp_path / "none.onnx")
    with pytest.raises(ModelError):
        OnnxModel.load(tmp_path)


def test_a_model_without_metadata_is_refused(tmp_path):
    with pytest.raises(ModelError, match="lacks 'pierwatch'"):
        OnnxModel.load(constant_model(tmp_path / "m.onnx", ROWS, metadata={}))


def test_shapes_must_be_those_of_the_card(tmp_path):
    with pytest.raises(ModelError, match="it takes"):
        OnnxModel.load(constant_model(tmp_path / "a.onnx", ROWS, size=320))
    with pytest.raises(ModelError, match="it answers"):
        OnnxModel.load(constant_model(tmp_path / "b.onnx", np.zeros((1, 5, 6))))
    raw = replace(CARD, layout=OutputLayout.RAW)
    with pytest.raises(ModelError, match="it answers"):
        OnnxModel.load(constant_model(tmp_path / "c.onnx", np.zeros((1, 6, 8400)), raw))
    assert OnnxModel.load(constant_model(tmp_path / "d.onnx", np.zeros((1, 7, 84)), raw))


def test_not_finite_is_an_error_through_the_whole_detector(tmp_path):
    path = constant_model(tmp_path / "m.onnx", ROWS * np.nan, SMALL)
    card = replace(SMALL, passes=tuple(replace(one, overlap_px=8) for one in SMALL.passes))
    constant_model(path, ROWS * np.nan, card)
    with pytest.raises(InferenceError, match="not finite"):
        Detector.load(path, 2).detect(
            card.passes[0], Grey(), Affine.identity(), shapely.box(0, 0, 50, 50)
        )


def test_tiles_without_valid_pixels_are_not_inferred(tmp_path):
    card = replace(SMALL, passes=tuple(replace(one, overlap_px=8) for one in SMALL.passes))
    path = constant_model(tmp_path / "m.onnx", ROWS * np.nan, card)
    found = Detector.load(path, 1).detect(
        card.passes[0], Grey(False), Affine.identity(), shapely.box(0, 0, 50, 50)
    )
    assert len(found) == 0


def test_threads_must_be_positive(tmp_path):
    with pytest.raises(ModelError, match="threads"):
        Detector.load(constant_model(tmp_path / "m.onnx", ROWS), 0)


def test_a_model_that_cannot_run_is_refused_when_it_is_loaded(tmp_path):
    path = constant_model(tmp_path / "m.onnx", ROWS)
    model = onnx.load(path)
    graph = model.graph
    graph.initializer.append(onnx.helper.make_tensor("five", onnx.TensorProto.INT64, [], [5]))
    graph.initializer.append(onnx.helper.make_tensor("one", onnx.TensorProto.FLOAT, [1], [0.0]))
    graph.node.remove(graph.node[2])
    for i, node in enumerate(
        [
            onnx.helper.make_node("Cast", ["mean"], ["whole"], to=onnx.TensorProto.INT64),
            onnx.helper.make_node("Add", ["whole", "five"], ["place"]),
            onnx.helper.make_node("Gather", ["one", "place"], ["nothing"]),  # beyond its end
        ]
    ):
        graph.node.insert(2 + i, node)
    onnx.save(model, path)
    with pytest.raises(ModelError, match="has to answer"):
        Detector.load(path)
