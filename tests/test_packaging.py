"""What an installed Pierwatch consists of, from a wheel of this repository in a new environment."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MOST_DISTRIBUTIONS = 34


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            str(out),
            str(ROOT),
        ],
        check=True,
    )
    (path,) = out.glob("*.whl")
    return path


def test_the_wheel_carries_the_package_the_model_and_the_licence_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "cv/py.typed" in names
    assert "cv/weights/pierwatch-n.onnx" in names
    assert "cv/weights/pierwatch-n.card.json" in names
    for model in (ROOT / "weights").glob("*.onnx"):
        assert f"cv/weights/{model.name}" in names
        assert f"cv/weights/{model.stem}.card.json" in names
    assert not [name for name in names if name.startswith("cv/weights/") and name.endswith(".py")]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    tops = {name.split("/")[0] for name in names}
    assert tops == {"cv", wheel.name.split("-py3")[0] + ".dist-info"}
    assert wheel.stat().st_size < 60e6


def test_the_core_install_is_small_and_finds_its_model(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "No matching distribution" in done.stderr + done.stdout:
        pytest.skip("no package index can be reached, so that nothing can be installed")
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    environment = {"pip", "setuptools"}  # a new environment holds them already
    installed = {item["name"].lower() for item in json.loads(listed.stdout)} - environment
    assert len(installed) <= MOST_DISTRIBUTIONS, sorted(installed)
    heavy = {n for n in installed if n.startswith(("torch", "ultralytics", "opencv"))}
    assert not heavy
    code = (
        "import sys, cv; light = not [name for name in sys.modules if name.startswith('cv.')];"
        "d = cv.Detector.load(); print(light, len(d.models), d.card.name.split()[0], cv.__file__)"
    )
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    light, models, name, where = done.stdout.split()
    assert int(models) == 2
    assert light == "True"  # nothing is imported before it is used
    assert name.startswith("pierwatch")
    assert str(tmp_path) in where
    command = tmp_path / "env" / "bin" / "pierwatch"
    done = subprocess.run([command, "doctor"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "opencv        not installed" in done.stdout
