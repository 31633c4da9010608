from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fixtures.small_chips import paint_chips

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.detector.model_card import ModelCard
from cv.detector.model_zoo import default_model
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.export.onnx_export import END_TO_END, RAW, load_network
from cv.export.release import main as release_command
from cv.export.release import release_checkpoint, two_class_card
from cv.synthetic.chip_dataset import write_dataset
from cv.synthetic.chip_renderer import render_chip
from cv.training.augmentation import relight_batch, rotate_batch
from cv.training.initial_weights import read_architecture, read_checkpoint
from cv.training.losses import ImageWiseAssigner
from cv.training.onnx_to_torch import drop_one_to_one_head
from cv.training.train import TrainingConfig, train_model
from cv.training.ultralytics_setup import isolate_ultralytics


def painted(box: tuple[float, float, float, float, float], side: int = 240) -> torch.Tensor:
    x, y, w, h, angle = box
    image = np.zeros((side, side, 3), np.uint8)
    corners = cv2.boxPoints(((x * side, y * side), (w * side, h * side), math.degrees(angle)))
    cv2.fillPoly(image, [np.rint(corners).astype(np.int32)], (200, 200, 200))
    return torch.from_numpy(image.transpose(2, 0, 1).copy())


def test_turned_boxes_cover_turned_pixels() -> None:
    box = (0.35, 0.6, 0.4, 0.12, 0.5)
    images = torch.stack([painted(box)] * 12)
    generator = torch.Generator().manual_seed(3)
    boxes = torch.tensor([box] * 12)
    turned, moved = rotate_batch(images, boxes, torch.arange(12), generator)
    assert len({tuple(np.round(row, 4)) for row in moved.tolist()}) > 4
    for image, row in zip(turned, moved.tolist(), strict=True):
        again = painted(tuple(row))
        both = ((image > 0) & (again > 0)).sum()
        either = ((image > 0) | (again > 0)).sum()
        assert float(both) / float(either) > 0.9
        assert -math.pi / 4 <= row[4] < 3 * math.pi / 4


def test_light_keeps_order_of_brightness_and_range() -> None:
    ramp = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).repeat(4, 3, 1, 1)
    lit = relight_batch(ramp, torch.Generator().manual_seed(0))
    assert lit.dtype == torch.float32
    assert float(lit.min()) >= 0
    assert float(lit.max()) <= 1
    assert bool((lit.flatten(2).diff(dim=2) >= -1e-6).all())
    assert not torch.equal(lit[0], lit[1])


def test_assigning_image_by_image_equals_the_padded_batch() -> None:
    from ultralytics.utils.tal import RotatedTaskAlignedAssigner

    torch.manual_seed(0)
    assigner = RotatedTaskAlignedAssigner(
        topk=10, num_classes=2, alpha=0.5, beta=6.0, stride=[8, 16, 32]
    )
    spots = torch.arange(20) * 8 + 4.0
    anchors = torch.stack(torch.meshgrid(spots, spots, indexing="ij"), -1).reshape(-1, 2)
    count = len(anchors)
    scores = torch.rand(3, count, 2)
    sizes = torch.rand(3, count, 2) * 30 + 5
    predicted = torch.cat([anchors[None].repeat(3, 1, 1), sizes, torch.rand(3, count, 1)], 2)
    shapes = torch.cat([torch.rand(3, 7, 2) * 160, torch.rand(3, 7, 2) * 30 + 8], 2)
    boxes = torch.cat([shapes, torch.rand(3, 7, 1)], 2)
    labels, valid = torch.randint(2, (3, 7, 1)).float(), torch.ones(3, 7, 1)
    valid[0, 3:], boxes[0, 3:], valid[2], boxes[2] = 0, 0, 0, 0
    padded = assigner(scores, predicted, anchors, labels, boxes, valid)
    single = ImageWiseAssigner(assigner)(scores, predicted, anchors, labels, boxes, valid)
    chosen = padded[3].bool()
    assert torch.equal(chosen, single[3].bool())
    assert int(chosen.sum()) > 20
    for left, right in zip(padded[:3], single[:3], strict=True):
        assert torch.allclose(left[chosen].float(), right[chosen].float(), atol=1e-6)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From a checkpoint, with a stem that does not learn."""
    home = tmp_path_factory.mktemp("training")
    data = paint_chips(home / "chips")
    scratch = TrainingConfig(data, Path("yolo26n-obb.yaml"), home / "scratch", 1, 4, side=64)
    start = train_model(scratch)
    return train_model(
        TrainingConfig(data, start, home / "run", 1, 2, 1e-2, freeze=5, side=64)
    ).parents[1]


def test_training_keeps_every_epoch(run: Path) -> None:
    assert (run / "weights" / "epoch0.pt").is_file()


def test_frozen_layers_keep_weights_and_statistics_and_the_others_do_not(run: Path) -> None:
    paths = (run.parent / "scratch" / "weights" / "last.pt", run / "weights" / "last.pt")
    before, after = (read_checkpoint(path).state_dict() for path in paths)
    for name, value in before.items():
        layer = int(name.split(".")[1])
        if layer < 5:
            assert torch.equal(value, after[name]), name
    moved = [k for k, v in before.items() if int(k.split(".")[1]) == 5 and "num" not in k]
    assert len(moved) == 5
    assert not any(torch.equal(before[name], after[name]) for name in moved)


@pytest.mark.parametrize("layout", [RAW, END_TO_END])
def test_released_model_loads_agrees_and_says_nothing_of_this_machine(
    run: Path, tmp_path: Path, layout: str
) -> None:
    checkpoint = run / "weights" / "last.pt"
    card = two_class_card("tiny", "0", layout, (0.3, 0.4), "five rendered chips")
    model = release_checkpoint(checkpoint, tmp_path, card)
    network = OnnxModel.load(model)
    assert network.card == card
    text = model.read_bytes()
    for secret in (str(Path.cwd()), str(run), "site-packages", Path.home().name + "/"):
        assert secret.encode() not in text

    tile = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    planes = torch.from_numpy(tile).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = load_network(checkpoint, layout)(planes)
    found = network.run(tile)
    expected = expected.numpy()
    assert found.shape == expected.shape
    assert found.shape == ((1, 7, 8400) if layout == RAW else (1, 1500, 7))
    if layout == RAW:
        assert np.allclose(found[:, :4], expected[:, :4], atol=0.5)
        assert np.allclose(found[:, 4:6], expected[:, 4:6], atol=1e-3)
    else:
        assert np.allclose(found[..., 4], expected[..., 4], atol=1e-3)


@pytest.mark.parametrize(
    ("classes", "layout", "words"),
    [
        (("hull", "container"), RAW, "in this order"),
        (("container", "hull", "car"), RAW, "its classes are container, hull, car"),
    ],
)
def test_a_checkpoint_of_other_classes_is_not_released(tmp_path, classes, layout, words):
    network = read_architecture(Path("yolo26n-obb.yaml"), len(classes))
    network.names = dict(enumerate(classes))
    torch.save({"model": network, "train_args": {}}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=words):
        release_checkpoint(
            tmp_path / "other.pt",
            tmp_path / "out",
            two_class_card("x", "0", layout, (0.3, 0.4), "chips"),
        )
    assert not (tmp_path / "out").exists()


def test_a_model_that_does_not_answer_as_its_card_says_is_not_released(run, tmp_path):
    """Its checkpoint has the raw head only."""
    released = release_checkpoint(
        run / "weights" / "last.pt", tmp_path, two_class_card("x", "0", RAW, (0.3, 0.4), "chips")
    )
    before = released.read_bytes()
    raw = read_checkpoint(run / "weights" / "last.pt")
    drop_one_to_one_head(raw.model[-1])
    torch.save({"model": raw, "train_args": {}}, tmp_path / "raw.pt")
    with pytest.raises(ModelError):
        release_checkpoint(
            tmp_path / "raw.pt", tmp_path, two_class_card("x", "0", END_TO_END, (0.3, 0.4), "chips")
        )
    assert released.read_bytes() == before


@pytest.mark.parametrize("options", [[], ["--container", "40"]])
def test_release_says_what_is_wrong_with_its_options(run, tmp_path, capsys, options):
    arguments = [str(run / "weights" / "last.pt"), str(tmp_path / "out"), "--name", "x"]
    with pytest.raises(SystemExit) as ended:
        release_command([*arguments, "--version", "1", "--data", "chips", *options])
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_card_refuses_thresholds_outside_0_to_1() -> None:
    from cv.errors import ModelError

    with pytest.raises(ModelError):
        two_class_card("bad", "0", RAW, (0.3, 1.4), "none")
    assert isinstance(two_class_card("good", "0", RAW, (0.3, 0.4), "none"), ModelCard)


def test_training_goes_on_from_a_released_model(tmp_path: Path) -> None:
    """With hardly a step made, it answers about as the model that it came from."""
    data = write_dataset(tmp_path / "chips", 22, 26).folder / "dataset.yaml"  # 23 is in val
    recipe = TrainingConfig(data, default_model(), tmp_path / "on", 1, 3, 1e-7, heads="raw")
    card = two_class_card("on", "1", RAW, (0.3, 0.4), "three rendered chips")
    tuned = OnnxModel.load(release_checkpoint(train_model(recipe), tmp_path, card))
    image = render_chip(24).image
    scores = [network.run(image)[0, 4] for network in (tuned, OnnxModel.load(default_model()))]
    assert scores[1].max() > 0.4
    assert np.abs(scores[0] - scores[1]).mean() < 0.02
    assert np.corrcoef(scores[0], scores[1])[0, 1] > 0.95


def test_ultralytics_finds_the_chips_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_dataset(tmp_path / "chips", 22, 24).folder / "dataset.yaml"  # 23 is in val
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    isolate_ultralytics()
    from ultralytics.data.utils import check_det_dataset

    found = check_det_dataset(str(data), autodownload=False)
    assert Path(found["val"]) == tmp_path / "chips" / "images" / "val"
