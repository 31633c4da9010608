"""Chips for the network: boxes as ultralytics has them, an order by seed and epoch."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fixtures.small_chips import paint_chips

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.labels.dataset_yaml import read_dataset_yaml
from cv.training.config import TrainingConfig
from cv.training.dataset_checks import dataset_sha256
from cv.training.torch_dataset import (
    ChipDataset,
    ChipIndex,
    SeededSampler,
    make_loader,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paint_chips(tmp_path_factory.mktemp("chips"))


def chips_of(data: Path, side: int = 64, jitter: float = 0.0, seed: int = 0) -> ChipDataset:
    config = TrainingConfig(
        data=data, weights=Path("a.onnx"), out=Path("run"), side=side, jitter=jitter, seed=seed
    )
    return ChipDataset(read_dataset_yaml(data), config)


def test_boxes_are_those_of_ultralytics(data):
    from ultralytics.utils.ops import xyxyxyxy2xywhr

    for index in range(6):
        item = chips_of(data)[ChipIndex(0, index)]
        rows = np.loadtxt(data.parent / f"labels/train/{index}.txt")
        assert item["cls"].ravel().tolist() == rows[:, 0].tolist()
        theirs = np.asarray(xyxyxyxy2xywhr(rows[:, 1:].astype(np.float32) * 64))
        ours = item["bboxes"].numpy() * (64, 64, 64, 64, 1)
        assert np.abs(ours[:, :4] - theirs[:, :4]).max() < 0.01
        assert np.abs(np.sin(ours[:, 4] - theirs[:, 4])).max() < 1e-3
        assert (ours[:, 4] >= -math.pi / 4).all()
        assert (ours[:, 4] < 3 * math.pi / 4).all()


def test_an_image_has_the_pixels_of_its_file_red_first(data):
    image = chips_of(data)[ChipIndex(0, 2)]["img"]
    blue_first = cv2.imread(str(data.parent / "images/train/2.png"))
    assert torch.equal(image, torch.from_numpy(blue_first[..., ::-1].transpose(2, 0, 1).copy()))


def test_an_image_of_another_shape_is_scaled_and_its_boxes_with_it(tmp_path):
    data = paint_chips(tmp_path, 1, 96)
    path = tmp_path / "images/train/0.png"
    whole = cv2.imread(str(path))
    cv2.imwrite(str(path), np.ascontiguousarray(whole[:48]))  # 96 wide, 48 high
    label = tmp_path / "labels/train/0.txt"
    label.write_text("0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n")
    item = chips_of(data, side=64)[ChipIndex(0, 0)]
    assert item["img"].shape == (3, 64, 64)
    assert not item["img"][:, :16].any()
    assert not item["img"][:, 48:].any()
    assert item["img"][:, 16:48].float().mean() > 30
    middle_and_size = item["bboxes"][0, :4] * 64
    assert torch.allclose(middle_and_size, torch.tensor([32.0, 32.0, 32.0, 16.0]))


def test_outlines_that_are_no_rectangles_become_the_smallest_around_them(tmp_path):
    data = paint_chips(tmp_path, 1, 64)
    quad = np.array([[0.2, 0.2], [0.8, 0.25], [0.75, 0.5], [0.25, 0.5]])
    words = " ".join(f"{v}" for v in quad.ravel())
    (tmp_path / "labels/train/0.txt").write_text(f"1 {words}\n")
    (box,) = chips_of(data)[ChipIndex(0, 0)]["bboxes"].numpy()
    (_, _), (w, h), _ = cv2.minAreaRect((quad * 64).astype(np.float32))
    assert sorted(box[2:4] * 64) == pytest.approx(sorted((w, h)), abs=0.01)


def test_each_epoch_has_all_chips_in_an_order_of_its_own():
    order = SeededSampler(50, 3)
    epochs = []
    for epoch in (0, 1, 2):
        order.epoch = epoch
        places = list(order)
        assert all(place.epoch == epoch for place in places)
        assert sorted(place.chip for place in places) == list(range(50))
        epochs.append([place.chip for place in places])
    assert epochs[0] != epochs[1] != epochs[2]
    later = SeededSampler(50, 3)
    later.epoch = 2  # a resumed run skips the first two
    assert [place.chip for place in later] == epochs[2]
    assert [place.chip for place in SeededSampler(50, 4)] != epochs[0]


def test_batches_do_not_depend_on_worker_processes(data):
    found = []
    for workers in (0, 1):
        loader = make_loader(chips_of(data, jitter=1.0), 4, workers, False)
        epochs = []
        for epoch in (0, 1):
            assert isinstance(loader.sampler, SeededSampler)
            loader.sampler.epoch = epoch
            epochs.append(list(loader))
        found.append(epochs)
    alone, with_workers = found
    for epoch in (0, 1):
        assert [len(batch["img"]) for batch in alone[epoch]] == [4, 2]
        for one, other in zip(alone[epoch], with_workers[epoch], strict=True):
            assert all(torch.equal(one[key], other[key]) for key in one)
    assert alone[0][0]["batch_idx"].tolist() == sorted(alone[0][0]["batch_idx"].tolist())
    assert not torch.equal(alone[0][0]["img"], alone[1][0]["img"])


def test_the_digest_of_the_data_follows_every_file(tmp_path):
    data = paint_chips(tmp_path / "a")
    digest = dataset_sha256(read_dataset_yaml(data))
    assert digest == dataset_sha256(read_dataset_yaml(paint_chips(tmp_path / "elsewhere" / "b")))
    for name in ("images/train/3.png", "labels/train/3.txt", "labels/val/6.txt"):
        path = data.parent / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        assert dataset_sha256(read_dataset_yaml(data)) != digest
        path.write_bytes(before)
    (data.parent / "images/train/5.png").rename(data.parent / "images/train/7.png")
    assert dataset_sha256(read_dataset_yaml(data)) != digest
