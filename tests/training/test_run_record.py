"""run.json: holds what it takes to repeat a run, and neither user nor home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cv.detector.model_zoo import default_model
from cv.training.config import TrainingConfig
from cv.training.run_record import RunRecord, package_versions, portable_command, portable_path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The home folder of one alice, who works in ~/port."""
    folder = tmp_path / "home" / "alice"
    (folder / "port" / "chips").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.chdir(folder / "port")
    return folder


def record_of(recipe: TrainingConfig, command: tuple[str, ...] = ()) -> RunRecord:
    return RunRecord(command, recipe, "ab" * 32, "cd" * 32, "cpu", 2, package_versions())


def test_what_is_written_is_read_again_wherever_the_project_moves_to(home):
    data, weights = home / "port/chips/dataset.yaml", home / "port/start.onnx"
    for file in (data, weights):
        file.write_text("")
    recipe = TrainingConfig(
        data, weights, home / "port/runs/one", 7, 3, 2e-4, 5, heads="raw", freeze=4
    )
    recipe.out.mkdir(parents=True)
    record_of(recipe).write()
    text = (recipe.out / "run.json").read_text()
    assert "alice" not in text
    assert json.loads(text)["recipe"]["data"] == "../../chips/dataset.yaml"
    (home / "port").rename(home / "moved")
    out = home / "moved/runs/one"
    again = RunRecord.read(out)
    assert again.recipe.data.resolve() == home / "moved/chips/dataset.yaml"
    assert again.recipe.weights.resolve() == home / "moved/start.onnx"
    assert (again.recipe.epochs, again.recipe.rate, again.recipe.freeze) == (7, 2e-4, 4)
    assert again.versions == package_versions()


def test_an_architecture_stays_a_name(home):
    recipe = TrainingConfig(home / "port/chips", Path("yolo26n-obb.yaml"), home / "port/run")
    recipe.out.mkdir()
    record_of(recipe).write()
    assert RunRecord.read(recipe.out).recipe.weights == Path("yolo26n-obb.yaml")


def test_the_released_model_is_found_wherever_it_is_installed(home):
    recipe = TrainingConfig(home / "port/chips", default_model(), home / "port/run")
    recipe.out.mkdir()
    record_of(recipe).write()
    text = (recipe.out / "run.json").read_text()
    assert json.loads(text)["recipe"]["weights"] == default_model().stem
    assert RunRecord.read(recipe.out).recipe.weights == default_model()


def test_paths_do_not_tell_whose_home_they_lie_in(home, tmp_path):
    port = home / "port"
    assert portable_path(port / "chips", port / "runs/one") == "../../chips"
    assert portable_path(port / "chips", tmp_path / "runs") == "~/port/chips"
    assert portable_path(tmp_path / "data", tmp_path / "runs/one") == "../../data"
    assert portable_path(tmp_path / "data", port) == "../../../data"


def test_a_command_is_kept_as_typed_but_for_absolute_paths(home):
    typed = ["--data", "chips/dataset.yaml", "--out", str(home / "runs"), f"--weights={home}/a.pt"]
    assert portable_command([*typed, "--epochs", "3"]) == (
        "python", "train.py", "--data", "chips/dataset.yaml", "--out", "../runs",
        "--weights=../a.pt", "--epochs", "3",
    )  # fmt: skip


def test_versions_name_what_computes():
    known = dict(package_versions())
    assert set(known) == {
        "python", "pierwatch", "torch", "ultralytics", "numpy", "albumentations", "opencv",
    }  # fmt: skip
    assert all(known[name] for name in ("python", "torch", "ultralytics", "numpy", "opencv"))
