"""Training, augmentation and assignment; what becomes of checkpoints when they are released."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.detector.model_card import OutputLayout
from cv.detector.model_zoo import default_model
from cv.detector.onnx_model import OnnxModel
from cv.model_export.model_release import release_checkpoint, two_class_card
from cv.synthetic.chip_dataset import write_dataset
from cv.synthetic.chip_renderer import render_chip
from cv.training.augmentation import relight_batch, rotate_batch
from cv.training.config import TrainingConfig
from cv.training.initial_weights import read_checkpoint
from cv.training.losses import ImageWiseAssigner
from cv.training.train import train_model
from cv.training.ultralytics_setup import isolate_ultralytics


def painted(box: tuple[float, float, float, float, float], side: int = 240) -> torch.Tensor:
    x, y, w, h, angle = box
    image = np.zeros((side, side, 3), np.uint8)
    corners = cv2.boxPoints(((x * side, y * side), (w * side, h * side), math.degrees(angle)))
    cv2.fillPoly(image, [np.rint(corners).astype(np.int32)], (200, 200, 200))
    return torch.from_numpy(image.transpose(2, 0, 1).copy())


def test_rotated_boxes_cover_rotated_pixels() -> None:
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


def test_exposure_keeps_the_order_of_brightness_and_the_range() -> None:
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


def test_frozen_layers_keep_weights_and_statistics_and_the_others_do_not(
    scratch_run: Path, small_chips: Path, tmp_path: Path
) -> None:
    start = scratch_run / "weights" / "last.pt"
    config = TrainingConfig(
        data=small_chips,
        weights=start,
        out=tmp_path / "run",
        epochs=1,
        batch=2,
        rate=1e-2,
        freeze=5,
        side=64,
    )
    last = train_model(config)
    assert (tmp_path / "run" / "weights" / "epoch0.pt").read_bytes() == last.read_bytes()
    before, after = (read_checkpoint(path).state_dict() for path in (start, last))
    for name, value in before.items():
        layer = int(name.split(".")[1])
        if layer < 5:
            assert torch.equal(value, after[name]), name
    moved = [k for k, v in before.items() if int(k.split(".")[1]) == 5 and "num" not in k]
    assert len(moved) == 5
    assert not any(torch.equal(before[name], after[name]) for name in moved)


def test_fine_tuning_starts_from_a_released_model(small_chips: Path, tmp_path: Path) -> None:
    """With hardly a step made, the output is about that of the model it started from."""
    config = TrainingConfig(
        data=small_chips,
        weights=default_model(),
        out=tmp_path / "on",
        epochs=1,
        batch=6,
        rate=1e-7,
        heads="raw",
        side=64,
    )
    card = two_class_card("on", "1", OutputLayout.RAW, (0.3, 0.4), "six painted chips")
    tuned = OnnxModel.load(release_checkpoint(train_model(config), tmp_path, card))
    image = render_chip(24).image
    scores = [network.run(image)[0, 4] for network in (tuned, OnnxModel.load(default_model()))]
    assert scores[1].max() > 0.4
    assert np.abs(scores[0] - scores[1]).mean() < 0.02
    assert np.corrcoef(scores[0], scores[1])[0, 1] > 0.95


def test_float16_on_a_gpu_is_switched_on_without_the_trial_of_ultralytics(
    small_chips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job asks for it, the settings of ultralytics do not: their trial downloads a network."""
    from ultralytics.engine import trainer as engine

    from cv.labels.dataset_yaml import read_dataset_yaml
    from cv.training.torch_dataset import ChipDataset
    from cv.training.train import _ultralytics_settings
    from cv.training.trainer import PierTrainer, TrainingJob

    def no_trial(*_: object) -> bool:
        raise AssertionError("the trial of mixed precision ran")

    monkeypatch.setattr(engine, "check_amp", no_trial)
    config = TrainingConfig(
        data=small_chips, weights=Path("yolo26n-obb.yaml"), out=tmp_path / "run", side=64
    )
    job = TrainingJob(
        config=config,
        chips=ChipDataset(read_dataset_yaml(small_chips), config),
        state=None,
        callbacks=(),
        bfloat16_on_cpu=False,
        float16_on_gpu=True,
    )
    assert _ultralytics_settings(config, "cuda:0")["amp"] is False
    trainer = PierTrainer(_ultralytics_settings(config, "cpu"), job)
    trainer._setup_train()
    assert trainer.amp is True
    assert isinstance(trainer.scaler, torch.amp.GradScaler)
    assert trainer.scaler.is_enabled() == torch.cuda.is_available()


def test_ultralytics_finds_the_chips_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_dataset(tmp_path / "chips", 23, 24, 1).folder / "dataset.yaml"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    isolate_ultralytics()
    from ultralytics.data.utils import check_det_dataset

    found = check_det_dataset(str(data), autodownload=False)
    assert Path(found["val"]) == tmp_path / "chips" / "images" / "val"
