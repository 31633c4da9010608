"""run.json: everything needed to repeat a run, and neither user nor home folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cv.detector.model_zoo import default_model
from cv.training.config import TrainingConfig
from cv.training.run_record import RunRecord, package_versions, portable_command, portable_path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The home folder of a user alice, who works in ~/port."""
    folder = tmp_path / "home" / "alice"
    (folder / "port" / "chips").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.chdir(folder / "port")
    return folder


def record_of(config: TrainingConfig, command: tuple[str, ...] = ()) -> RunRecord:
    return RunRecord(
        command=command,
        config=config,
        weights_sha256="ab" * 32,
        data_sha256="cd" * 32,
        device="cpu",
        threads=2,
        versions=package_versions(),
    )


def test_a_record_can_be_read_after_the_project_was_moved(home):
    data, weights = home / "port/chips/dataset.yaml", home / "port/start.onnx"
    for file in (data, weights):
        file.write_text("")
    config = TrainingConfig(
        data=data,
        weights=weights,
        out=home / "port/runs/one",
        epochs=7,
        batch=3,
        rate=2e-4,
        seed=5,
        heads="raw",
        freeze=4,
    )
    config.out.mkdir(parents=True)
    record_of(config).write()
    text = (config.out / "run.json").read_text()
    assert "alice" not in text
    assert json.loads(text)["recipe"]["data"] == "../../chips/dataset.yaml"
    (home / "port").rename(home / "moved")
    out = home / "moved/runs/one"
    again = RunRecord.read(out)
    assert again.config.data.resolve() == home / "moved/chips/dataset.yaml"
    assert again.config.weights.resolve() == home / "moved/start.onnx"
    assert (again.config.epochs, again.config.rate, again.config.freeze) == (7, 2e-4, 4)
    assert again.versions == package_versions()


def test_an_architecture_stays_a_name(home):
    config = TrainingConfig(
        data=home / "port/chips", weights=Path("yolo26n-obb.yaml"), out=home / "port/run"
    )
    config.out.mkdir()
    record_of(config).write()
    assert RunRecord.read(config.out).config.weights == Path("yolo26n-obb.yaml")


def test_the_released_model_is_found_wherever_it_is_installed(home):
    config = TrainingConfig(
        data=home / "port/chips", weights=default_model(), out=home / "port/run"
    )
    config.out.mkdir()
    record_of(config).write()
    text = (config.out / "run.json").read_text()
    assert json.loads(text)["recipe"]["weights"] == default_model().stem
    assert RunRecord.read(config.out).config.weights == default_model()


def test_paths_do_not_reveal_the_home_folder(home, tmp_path):
    port = home / "port"
    assert portable_path(port / "chips", port / "runs/one") == "../../chips"
    assert portable_path(port / "chips", tmp_path / "runs") == "~/port/chips"
    assert portable_path(tmp_path / "data", tmp_path / "runs/one") == "../../data"
    assert portable_path(tmp_path / "data", port) == "../../../data"


def test_absolute_paths_of_a_command_become_relative(home):
    typed = ["--data", "chips/dataset.yaml", "--out", str(home / "runs")]
    assert portable_command([*typed, "--epochs", "3"]) == (
        "pierwatch", "train", "--data", "chips/dataset.yaml", "--out", "../runs",
        "--epochs", "3",
    )  # fmt: skip


def test_versions_name_what_computes():
    known = dict(package_versions())
    assert set(known) == {
        "python", "pierwatch", "torch", "ultralytics", "numpy", "albumentations", "opencv",
    }  # fmt: skip
    assert all(known[name] for name in ("python", "torch", "ultralytics", "numpy", "opencv"))
