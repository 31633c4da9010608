"""What a run refuses before it starts, what it records, and the small parts of its steps."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.errors import DatasetError, InputError, ModelError
from cv.training import train
from cv.training.checkpoint_state import TrainingState
from cv.training.config import TrainingConfig
from cv.training.dataset_checks import require_dataset_yaml, require_valid_dataset
from cv.training.initial_weights import check_weights, read_architecture, read_checkpoint
from cv.training.losses import Float32Loss
from cv.training.run_record import RECORD_NAME, RunRecord, package_versions
from cv.training.trainer import _losses_csv, copy_class_weights
from cv.training.ultralytics_setup import available_cores
from tests.fixtures.label_files import yolo_folder


def config(**changes: object) -> TrainingConfig:
    base = TrainingConfig(data=Path("d"), weights=Path("yolo26n-obb.yaml"), out=Path("run"))
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("epochs", (1, 500), (0, -1)),
        ("batch", (1, 64), (0,)),
        ("rate", (1e-9, 1.0), (0.0, -1.0, 1.001, float("nan"))),
        ("seed", (0, 2**31 - 1), (-1, 2**31)),
        ("device", ("auto", "cpu", "0", "cuda:12"), ("gpu", "cuda", "0,1", "")),
        ("precision", ("auto", "float32", "bfloat16"), ("float16", "")),
        ("jitter", (0.0, 3.0), (-0.1, 3.1, float("nan"))),
        ("freeze", (0, 100), (-1, 101)),
        ("side", (32, 640, 4096), (0, 16, 630, 4128)),
    ],
)
def test_options_out_of_range_are_refused_by_name(name, allowed, refused):
    for value in allowed:
        assert getattr(config(**{name: value}).checked(), name) == value
    for value in refused:
        with pytest.raises(InputError, match=f"Correct --{name}"):
            config(**{name: value}).checked()


def record(out: Path, **changes: object) -> RunRecord:
    run = RunRecord(
        command=("pierwatch", "train"), config=config(out=out), weights_sha256="", data_sha256="",
        device="cpu", threads=train.cpu_threads(), versions=package_versions(),
    )  # fmt: skip
    return replace(run, **changes)  # type: ignore[arg-type]


def test_only_what_changed_since_the_run_began_is_reported(tmp_path):
    assert train._environment_changes(record(tmp_path)) == []
    older = tuple((n, "0.1" if n == "torch" else v) for n, v in package_versions())
    lines = train._environment_changes(record(tmp_path, threads=99, versions=older))
    assert lines == [
        f"warning: the run began with torch 0.1, this is {version('torch')}",
        f"warning: the run began with threads 99, this is {train.cpu_threads()}",
    ]


@pytest.mark.parametrize(
    "change",
    [{"format": 9}, {"recipe": {}}, {"versions": []}, {"recipe": None}, {"unknown": 1}],
    ids=str,
)
def test_a_changed_record_is_refused(tmp_path, change):
    record(tmp_path).write()
    assert RunRecord.read(tmp_path) == record(tmp_path)
    path = tmp_path / RECORD_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match="not the record of a run"):
        RunRecord.read(tmp_path)


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        RunRecord.read(tmp_path)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [train.choose_device(name) for name in ("auto", "cpu", "1", "cuda:0")] == [
        "cuda:0", "cpu", "cuda:1", "cuda:0",
    ]  # fmt: skip
    with pytest.raises(InputError, match="PyTorch sees 2 GPUs"):
        train.choose_device("2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert train.choose_device("auto") == "cpu"


@pytest.mark.parametrize(
    ("value", "threads"), [("3", 3), ("0", None), ("", None), ("many", None), ("-2", None)]
)
def test_threads_are_a_whole_number_or_all_cores(monkeypatch, value, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert train.cpu_threads() == (threads or available_cores())


def test_datasets_that_cannot_be_trained_on_are_refused(tmp_path):
    folder = yolo_folder(tmp_path / "set")
    lines: list[str] = []
    require_valid_dataset(require_dataset_yaml(folder), lines.append)
    assert all(line.startswith("warning: ") for line in lines)
    broken = folder / "labels/train/a.txt"
    broken.write_text("0 0 0\n" * 25)
    lines.clear()
    with pytest.raises(DatasetError, match=r"25 errors, the first one: .*a\.txt:1: 3 columns"):
        require_valid_dataset(require_dataset_yaml(folder), lines.append)
    assert sum("3 columns" in line for line in lines) == 10
    for path in folder.rglob("labels/*/*.txt"):
        path.write_text("")
    with pytest.raises(DatasetError, match="no object is labelled"):
        require_valid_dataset(require_dataset_yaml(folder), lines.append)
    with pytest.raises(DatasetError, match=r"no dataset\.yaml; training reads"):
        require_dataset_yaml(tmp_path)
    with pytest.raises(DatasetError, match="no such file"):
        require_dataset_yaml(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.pth", "its ending is"), ("missing.onnx", "no such file"), ("yolo26q-obb.yaml", "no such")],
)
def test_initial_weights_of_another_kind_are_refused(tmp_path, monkeypatch, name, text):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=text):
        check_weights(Path(name), ("container", "hull"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a checkpoint"])
def test_damaged_checkpoints_are_refused(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        read_checkpoint(tmp_path / "a.pt")


def test_classes_start_from_the_classes_of_their_meaning():
    """DOTA has 15 classes; "crane" has none to start from."""
    dota = read_architecture(Path("yolo26n-obb.yaml"), 15)
    names = [f"other {index}" for index in range(15)]
    names[1], names[9] = "ship", "large vehicle"
    dota.names = dict(enumerate(names))
    model = read_architecture(Path("yolo26n-obb.yaml"), 3)
    heads = model.model[-1], dota.model[-1]
    before = heads[0].cv3[0][-1].weight.detach().clone()
    copy_class_weights(model, dota, ["container", "crane", "hull"])
    for branch in ("cv3", "one2one_cv3"):
        for new, old in zip(*(getattr(head, branch) for head in heads), strict=True):
            assert torch.equal(new[-1].weight[0], old[-1].weight[9])
            assert torch.equal(new[-1].bias[2], old[-1].bias[1])
    assert torch.equal(heads[0].cv3[0][-1].weight[1], before[1])


def test_losses_are_computed_in_float32():
    received: list[Any] = []

    class Inner:
        def __call__(self, predictions: object, batch: object) -> object:
            received.append(predictions)
            return torch.ones(2, 2) @ torch.ones(2, 2)

    half, whole = torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.int64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = Float32Loss(Inner())({"a": [half, (whole, half)], "b": None}, {})
    first, (second, third) = received[0]["a"]
    assert [part.dtype for part in (first, second, third)] == [
        torch.float32, torch.int64, torch.float32,
    ]  # fmt: skip
    assert received[0]["b"] is None
    assert loss.dtype == torch.float32


def test_the_table_of_losses_has_a_line_for_each_epoch():
    state = TrainingState(
        epochs=2, network={}, average={}, updates=2, optimizer={}, scaler={}, schedule={},
        history=((1.23456789, 2.0), (0.5, 1e-7)), parts=("box", "cls"),
    )  # fmt: skip
    table = np.array([line.split(",") for line in _losses_csv(state).splitlines()])
    assert table.tolist() == [["epoch", "box", "cls"], ["1", "1.23457", "2"], ["2", "0.5", "1e-07"]]
