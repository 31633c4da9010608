"""`pierwatch train`: what it refuses, in one line and before anything is made."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from cv.cli import main
from cv.cli.train import training_config
from tests.fixtures.label_files import BOX, YAML, noise, yolo_folder
from tests.fixtures.malicious_pickle import MaliciousCheckpoint

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.detector.model_zoo import default_model, released_model
from cv.errors import ModelError
from cv.model_export.onnx_export import load_network
from cv.training.initial_weights import read_checkpoint


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder to work in, with a valid dataset in chips/."""
    monkeypatch.chdir(tmp_path)
    yolo_folder(tmp_path / "chips")
    return tmp_path


@pytest.fixture
def malicious(tmp_path):
    return MaliciousCheckpoint(tmp_path / "canary")


def refusal(capsys, *arguments: str) -> str:
    """Return the error line of a run that must be refused; all other lines are findings."""
    assert main(["train", "--data", "chips/dataset.yaml", "--out", "run", *arguments]) == 2
    assert not Path("run").exists()
    printed = capsys.readouterr()
    assert printed.out == ""
    *findings, line = printed.err.splitlines()
    assert all(one.startswith(("error: ", "warning: ")) for one in findings)
    assert line.startswith("pierwatch: ")
    return line


def no_train_entry(home: Path) -> None:
    (home / "chips/dataset.yaml").write_text(YAML.replace("train: images/train\n", ""))


def no_dataset_yaml(home: Path) -> None:
    (home / "chips/dataset.yaml").unlink()


def no_images(home: Path) -> None:
    shutil.rmtree(home / "chips/images/train")
    (home / "chips/images/train").mkdir()


def no_labels(home: Path) -> None:
    (home / "chips/labels/train/a.txt").unlink()


def no_objects(home: Path) -> None:
    for path in (home / "chips/labels").rglob("*.txt"):
        path.write_text("")


def bad_line(home: Path) -> None:
    (home / "chips/labels/train/a.txt").write_text(BOX + "0 0.1 0.2\n")


def far_box(home: Path) -> None:
    (home / "chips/labels/train/a.txt").write_text("0 3 3 4 3 4 3.5 3 3.5\n")


def truncated_image(home: Path) -> None:
    path = home / "chips/images/train/a.png"
    path.write_bytes(path.read_bytes()[:1500])


def same_image_in_val(home: Path) -> None:
    noise(home / "chips/images/val/c.png", 0)  # image a of train


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (no_train_entry, "no train"),
        (no_dataset_yaml, "no such file"),
        (no_images, "train has no images"),
        (no_labels, "no label file a.txt"),
        (bad_line, "3 columns instead of 9"),
        (far_box, "outside the image"),
        (truncated_image, "unreadable image"),
        (same_image_in_val, "the same bytes as"),
        (no_objects, "no object is labelled"),
    ],
)
def test_a_broken_dataset_is_refused(home, capsys, damage, words):
    damage(home)
    assert words in refusal(capsys)


def test_classes_in_another_order_than_the_models_are_refused(home, capsys):
    text = YAML.replace("[container, hull]", "[hull, container]")
    (home / "chips/dataset.yaml").write_text(text)
    line = refusal(capsys)
    assert "its classes are container, hull, those of the data hull, container" in line


def test_files_that_are_not_weights_are_refused(home, capsys):
    Path("text.pt").write_text("no checkpoint")
    Path("text.onnx").write_text("no model")
    Path("layers.yaml").write_text("nc: 2\nbackbone: 7\nhead: []\n")
    torch.save({"model": torch.nn.Linear(2, 2)}, "other.pt")
    for name, words in [
        ("missing.pt", "no such file"),
        ("missing.onnx", "no such file"),
        ("text.pt", "damaged"),
        ("text.onnx", "text.onnx: "),
        ("layers.yaml", "not an architecture"),
        ("other.pt", "it holds a Linear"),
        ("weights.bin", "its ending is '.bin'"),
    ]:
        assert words in refusal(capsys, "--weights", name)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_checkpoint_that_would_run_code_is_refused(home, capsys, malicious, legacy, monkeypatch):
    from ultralytics.nn import tasks

    monkeypatch.setattr(tasks, "SAFE_LOAD", False)  # as if ultralytics had been imported before
    path = malicious(home / "malicious.pt", legacy)
    assert "malicious.pt: " in refusal(capsys, "--weights", str(path))
    with pytest.raises(ModelError):
        read_checkpoint(path)
    monkeypatch.setattr(tasks, "SAFE_LOAD", False)
    with pytest.raises(ModelError):
        load_network(path)
    monkeypatch.setattr(tasks, "SAFE_LOAD", False)
    release = ["release", str(path), str(home), "--name", "x", "--version", "1"]
    assert main([*release, "--container", "0.3", "--hull", "0.3", "--data", "none"]) == 2
    assert capsys.readouterr().err.startswith("pierwatch: ")
    assert not malicious.canary.exists()
    torch.load(path, weights_only=False)
    assert malicious.canary.exists()  # it does harm where it is loaded without care


def test_files_that_are_not_what_their_suffix_promises_are_refused(home, capsys, malicious):
    malicious(home / "malicious.onnx")
    malicious(home / "old.onnx", legacy=True)
    shutil.copy(default_model(), "model.pt")
    assert "only ONNX files are" in refusal(capsys, "--weights", "malicious.onnx")
    assert "old.onnx: " in refusal(capsys, "--weights", "old.onnx")
    assert "model.pt: " in refusal(capsys, "--weights", "model.pt")
    assert not malicious.canary.exists()


def test_an_architecture_that_would_run_code_is_refused(home, capsys):
    Path("evil.yaml").write_text(
        "nc: 2\nactivation: __import__('pathlib').Path('canary').touch()\n"
        "backbone:\n  - [-1, 1, Conv, [16, 3, 2]]\nhead:\n  - [[0], 1, OBB, [nc, 1]]\n"
    )
    assert "not an architecture" in refusal(capsys, "--weights", "evil.yaml")
    assert not Path("canary").exists()


@pytest.mark.parametrize("name", ["run.json", "recipe.json", "state.pt", "weights"])
def test_a_folder_that_holds_a_run_is_refused(home, capsys, name):
    Path("run").mkdir()
    (Path("run") / name).write_text("kept")
    assert main(["train", "--data", "chips/dataset.yaml", "--out", "run"]) == 2
    line = capsys.readouterr().err
    assert f"run: it holds {name}" in line
    assert "--resume" in line
    assert (Path("run") / name).read_text() == "kept"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("epochs", "0", "at least 1"),
        ("rate", "-1", "above 0"),
        ("rate", "nan", "above 0"),
        ("side", "100", "a multiple of 32"),
        ("device", "mars", "auto, cpu or a number"),
        ("jitter", "9", "0 to 3"),
        ("freeze", "-1", "0 to 100"),
        ("heads", "both", "raw head only"),
    ],
)
def test_options_out_of_range_are_refused(home, capsys, option, value, words):
    assert words in refusal(capsys, f"--{option}={value}")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_refused(home, capsys):
    assert "PyTorch sees 0 GPUs" in refusal(capsys, "--device", "0")


def test_a_released_model_is_known_by_its_name():
    given = {"data": Path("a.yaml"), "out": Path("run"), "weights": Path("pierwatch-n-hulls")}
    config = training_config(given)
    assert config.weights == released_model("pierwatch-n-hulls")
    assert (config.rate, config.heads) == (3e-4, "raw")
    config = training_config(given | {"weights": Path("yolo26n-obb.yaml"), "heads": "raw"})
    assert config.weights == Path("yolo26n-obb.yaml")
    assert (config.rate, config.heads) == (1e-3, "raw")


def test_missing_data_or_out_is_refused(capsys):
    assert main(["train", "--out", "run"]) == 2
    assert "missing --data" in capsys.readouterr().err


def test_resume_accepts_no_other_option(capsys):
    assert main(["train", "--resume", "run", "--epochs", "5"]) == 2
    assert "given with --epochs" in capsys.readouterr().err


def test_a_folder_without_a_run_cannot_be_resumed(home, capsys):
    assert main(["train", "--resume", "run"]) == 2
    assert "run/run.json: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "recipe": 3}'])
def test_a_broken_record_is_refused(home, capsys, text):
    Path("run").mkdir()
    Path("run/run.json").write_text(text)
    assert main(["train", "--resume", "run"]) == 2
    assert "not the record of a run" in capsys.readouterr().err


def test_a_record_that_names_malicious_weights_is_refused(home, capsys, malicious):
    malicious(home / "malicious.pt")
    Path("run").mkdir()
    record = {
        "format": 1,
        "command": [],
        "recipe": {"data": "../chips/dataset.yaml", "weights": "../malicious.pt"},
        "weights_sha256": "",
        "data_sha256": "",
        "device": "cpu",
        "threads": 1,
        "versions": {},
    }
    Path("run/run.json").write_text(json.dumps(record))
    assert main(["train", "--resume", "run"]) == 2
    assert "malicious.pt: " in capsys.readouterr().err
    assert not malicious.canary.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--data", "a.yaml", "--out", "run"],
        ["calibrate", "a.onnx", "chips/"],
        ["release", "a.pt", ".", "--name", "a", "--version", "1", "--hull", "0.5", "--data", "b"],
    ],
)
def test_a_missing_extra_is_named(home, capsys, monkeypatch, words):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("pierwatch: torch: not installed; this command needs the extra `train`")
    assert 'pip install "pierwatch[train]"' in error
    assert not Path("run").exists()
