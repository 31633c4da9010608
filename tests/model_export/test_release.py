"""Releasing a checkpoint: the model gives the network's output and reveals nothing of its maker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.detector.model_card import ModelCard, OutputLayout
from cv.detector.model_zoo import FITNESS_MODEL, default_model
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.model_export.model_release import release_checkpoint, replace_model_card, two_class_card
from cv.model_export.onnx_export import load_network
from cv.training.initial_weights import read_architecture, read_checkpoint
from cv.training.onnx_to_torch import drop_one_to_one_head
from tests.fixtures.small_network import SMALL, small_network

RAW, END_TO_END = OutputLayout.RAW, OutputLayout.END_TO_END


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights, scaled so that scores differ between places."""
    torch.manual_seed(0)
    network = read_architecture(Path("yolo26n-obb.yaml"), 2)
    network.names = {0: "container", 1: "hull"}
    for part in network.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
    path = tmp_path_factory.mktemp("checkpoint") / "last.pt"
    torch.save({"model": network, "train_args": {}}, path)
    return path


@pytest.mark.parametrize("layout", [RAW, END_TO_END])
def test_a_released_model_has_the_networks_output_and_no_local_names(
    checkpoint: Path, tmp_path: Path, layout: OutputLayout
) -> None:
    card = two_class_card("tiny", "0", layout, (0.3, 0.4), "five rendered chips")
    model = release_checkpoint(checkpoint, tmp_path, card)
    network = OnnxModel.load(model)
    assert network.card == card
    content = model.read_bytes()
    for name in (str(Path.cwd()), str(checkpoint.parent), "site-packages", Path.home().name + "/"):
        assert name.encode() not in content

    tile = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    planes = torch.from_numpy(tile).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = load_network(checkpoint, layout)(planes).numpy()
    found = network.run(tile)
    assert found.shape == expected.shape
    assert found.shape == ((1, 7, 8400) if layout == RAW else (1, 1500, 7))
    if layout == RAW:
        assert expected[:, 4:6].std() > 1e-3  # so that agreement proves something
        assert np.allclose(found[:, :4], expected[:, :4], atol=0.5)
        assert np.allclose(found[:, 4:6], expected[:, 4:6], atol=1e-3)
    else:
        assert np.allclose(found[..., 4], expected[..., 4], atol=1e-3)


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (("hull", "container"), "in this order"),
        (("container", "hull", "car"), "its classes are container, hull, car"),
    ],
)
def test_a_checkpoint_of_other_classes_is_not_released(tmp_path, classes, words):
    network = read_architecture(Path("yolo26n-obb.yaml"), len(classes))
    network.names = dict(enumerate(classes))
    torch.save({"model": network, "train_args": {}}, tmp_path / "other.pt")
    card = two_class_card("x", "0", RAW, (0.3, 0.4), "chips")
    with pytest.raises(ModelError, match=words):
        release_checkpoint(tmp_path / "other.pt", tmp_path / "out", card)
    assert not (tmp_path / "out").exists()


def test_a_model_whose_output_contradicts_its_card_is_not_released(checkpoint, tmp_path):
    """The checkpoint has the raw head only, the card says end-to-end."""
    raw = read_checkpoint(checkpoint)
    drop_one_to_one_head(raw.model[-1])
    torch.save({"model": raw, "train_args": {}}, tmp_path / "raw.pt")
    card = two_class_card("x", "0", END_TO_END, (0.3, 0.4), "chips")
    with pytest.raises(ModelError):
        release_checkpoint(tmp_path / "raw.pt", tmp_path / "out", card)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "taken"])
def test_a_model_is_a_new_file_in_its_folder(tmp_path, name):
    (tmp_path / "taken.onnx").write_text("a model")
    card = two_class_card(name, "1", "raw", (0.3, 0.3), "none")
    with pytest.raises(ModelError, match=r"name of a file|it exists"):
        release_checkpoint(tmp_path / "none.pt", tmp_path, card)
    assert (tmp_path / "taken.onnx").read_text() == "a model"


def test_thresholds_outside_0_to_1_are_refused() -> None:
    with pytest.raises(ModelError):
        two_class_card("bad", "0", RAW, (0.3, 1.4), "none")
    assert isinstance(two_class_card("good", "0", RAW, (0.3, 0.4), "none"), ModelCard)


def test_a_card_of_version_0_1_0_is_read_and_can_be_replaced(tmp_path):
    """Cards of 0.1.0 call the passes "looks", in the model and beside it."""
    model = small_network(tmp_path / "small.onnx")
    proto = onnx.load(str(model))
    for entry in proto.metadata_props:
        if entry.key == "pierwatch":
            record = json.loads(entry.value)
            record["looks"] = record.pop("passes")
            entry.value = json.dumps(record)
    onnx.save(proto, str(model))
    (tmp_path / "small.card.json").unlink()
    old = OnnxModel.load(model).card
    assert old == SMALL
    replace_model_card(model, old)
    record = json.loads((tmp_path / "small.card.json").read_text())
    assert [one["gsd_m"] for one in record["passes"]] == [one.gsd_m for one in SMALL.passes]
    assert OnnxModel.load(model).card == SMALL


def test_the_released_models_have_the_digest_of_their_card():
    """Counts are identified by these digests, so that the files must not change."""
    digests = {}
    for path in sorted(default_model().parent.glob("*.card.json")):
        if path.name.startswith(FITNESS_MODEL):
            continue  # it detects nothing: see tests/image_fitness
        digests[path.name.removesuffix(".card.json")] = json.loads(path.read_text())["sha256"][:12]
        model = path.with_name(path.name.replace(".card.json", ".onnx"))
        OnnxModel.load(model)
        metadata = {entry.key: entry.value for entry in onnx.load(str(model)).metadata_props}
        beside = json.loads(path.read_text())
        del beside["sha256"]
        assert json.loads(metadata["pierwatch"]) == beside
    assert digests == {
        "pierwatch-n": "da1e69921f9b",
        "pierwatch-n-hulls": "cbffa5ae2db7",
        "pierwatch-n-int8": "54a5014c363e",
    }
