"""A folder that is as `make demo` leaves a checkout, made once."""

from __future__ import annotations

import shutil

import pytest

from tests.fixtures.documentation import ROOT, Shell, demo_commands


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The folder itself; not to be written to."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("sample_pier", "rajin", "rendered"):
        shutil.copytree(ROOT / "datasets" / name, folder / "datasets" / name)
    for name in ("infer.py", "train.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "weights").symlink_to(ROOT / "weights")
    shell = Shell.at(folder, tmp_path_factory.mktemp("bin"))
    for command in demo_commands():
        done = shell.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return folder


@pytest.fixture
def shell(demo, tmp_path, monkeypatch):
    """A shell in a copy of the folder, into which this process changes too."""
    folder = tmp_path / "checkout"
    shutil.copytree(demo, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "agg")
    return Shell.at(folder, tmp_path / "bin")
