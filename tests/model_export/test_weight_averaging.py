"""The mean of the weights of models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from cv.detector.onnx_model import OnnxModel
from cv.model_export.model_release import replace_model_card
from cv.model_export.weight_averaging import main
from tests.fixtures.small_network import SMALL, small_network


def tensors(path):
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(str(path)).graph.initializer}


@pytest.fixture
def pair(tmp_path):
    """A network, and the same with doubled weights."""
    models = [small_network(tmp_path / f"{name}.onnx") for name in ("one", "two")]
    proto = onnx.load(str(models[1]))
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim == 4:
            tensor.CopyFrom(numpy_helper.from_array(values * 2, tensor.name))
    models[1].with_suffix(".card.json").unlink()
    onnx.save(proto, str(models[1]))
    return models


def test_weights_are_means_and_the_card_says_of_what(pair, tmp_path):
    target = tmp_path / "mean.onnx"
    assert main([*map(str, pair), str(target), "--version", "2", "--data", "both"]) == 0
    one, two, mean = map(tensors, (*pair, target))
    assert any(not np.array_equal(one[name], two[name]) for name in one)
    for name, values in mean.items():
        np.testing.assert_allclose(values, (one[name] + two[name]) / 2, rtol=1e-6)
    card = OnnxModel.load(target).card
    assert (card.name, card.version, card.training_data) == ("mean", "2", "both")
    assert (card.passes, card.thresholds) == (SMALL.passes, SMALL.thresholds)


def test_one_model_is_not_averaged(pair, tmp_path):
    with pytest.raises(SystemExit):
        main([str(pair[0]), str(tmp_path / "mean.onnx"), "--version", "2", "--data", "one"])


def test_another_network_is_refused(pair, tmp_path, capsys):
    wide = small_network(tmp_path / "wide.onnx", 12)
    models = [str(pair[0]), str(wide), str(tmp_path / "mean.onnx")]
    assert main([*models, "--version", "2", "--data", "both"]) == 2
    assert "another network" in capsys.readouterr().err
    assert not (tmp_path / "mean.onnx").exists()


def test_models_with_other_passes_are_not_averaged(pair, tmp_path, capsys):
    card = replace(SMALL, passes=SMALL.passes[:1])
    replace_model_card(pair[1], card)
    models = [*map(str, pair), str(tmp_path / "mean.onnx")]
    assert main([*models, "--version", "2", "--data", "both"]) == 2
    assert "detects other classes" in capsys.readouterr().err


def test_an_existing_model_is_not_overwritten(pair, tmp_path, capsys):
    before = pair[1].read_bytes()
    assert main([*map(str, pair), str(pair[1]), "--version", "2", "--data", "both"]) == 2
    assert "it exists" in capsys.readouterr().err
    assert pair[1].read_bytes() == before
