"""The scripts that torture and measure, at a size that fits a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from cv import Site

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import faults
import fuzz
import mosaics

TOOLS = Path(faults.__file__).parent


def told(script: str, *arguments: str) -> list[list[str]]:
    """The words of each line that a script printed; it must end well."""
    done = subprocess.run(
        [sys.executable, str(TOOLS / script), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def can_mount(folder: Path) -> bool:
    """Whether a small disk can be made here: as root, and where the system allows it."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    try:
        with faults._disk(folder, 2**20):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def test_accidents_lose_and_double_nothing(tmp_path):
    small = tmp_path / "mount"
    small.mkdir()
    full = "2" if can_mount(small) else "0"
    lines = told(
        "faults.py", "--work", str(tmp_path / "work"), "--kills", "4", "--deaths", "2",
        "--full-disks", full, "--locks", "1", "--corrupt", "6",
    )  # fmt: skip
    kinds = {line[0]: list(map(int, line[1:])) for line in lines[1:]}
    assert kinds["kills"][0] == 4
    assert kinds["deaths"][0] >= 2
    assert kinds["locks"][0] == 1
    assert kinds["corrupt"][0] == 6
    for name, (_, *wrong) in kinds.items():
        assert wrong == [0, 0, 0, 0], name


def test_what_is_lost_doubled_or_changed_is_noticed():
    right = faults.Rows({"a": 1, "b": 1, "c": 1})
    tally = faults.Tally()
    tally.compare(faults.Rows({"a": 1, "b": 2, "d": 1}), right)
    assert (tally.lost, tally.doubled, tally.other) == (1, 1, 1)
    assert not tally.sound


def test_damaged_input_never_becomes_a_count():
    lines = told("fuzz.py", "--images", "2000", "--sites", "300", "--models", "24")
    names = [verdict.value for verdict in fuzz.Verdict]
    for kind, number, *found in lines[1:]:
        counted = dict(zip(names, map(int, found), strict=True))
        assert sum(counted.values()) == int(number)
        assert counted["refused"] > int(number) / 4, kind
        assert [counted[bad.value] for bad in fuzz.BAD] == [0, 0, 0], kind
    assert [line[0] for line in lines[1:]] == ["images", "sites", "models"]


def test_a_wrong_pixel_would_be_noticed(tmp_path, monkeypatch):
    """The script's own judge: a reader that lets damage through is told."""
    kinds = fuzz.originals(tmp_path)
    images = fuzz.Images(tmp_path, kinds)
    monkeypatch.setattr("cv.scene.blocks._is_intact", lambda block: True)
    examine = images()
    found = {str(examine(Path(str(seed)))).split()[0] for seed in range(400)}
    assert fuzz.Verdict.WRONG in found


@pytest.mark.parametrize(("bands", "dtype"), [(3, "uint8"), (4, "uint16")])
def test_a_mosaic_has_what_it_says(tmp_path, monkeypatch, bands, dtype):
    monkeypatch.setattr(mosaics, "YARDS", 2)
    monkeypatch.setattr(mosaics, "BARE", 2)
    path = mosaics.mosaic(tmp_path / "m.tif", 700, bands, dtype)
    with rasterio.open(path) as dataset:
        assert (dataset.width, dataset.height, dataset.count) == (700, 700, bands)
        assert dataset.dtypes[0] == dtype
        assert np.ptp(dataset.read(1)) > 50
    before = path.stat().st_mtime_ns
    mosaics.mosaic(path, 700, bands, dtype)
    assert path.stat().st_mtime_ns == before
    assert len(Site.read(mosaics.piers(tmp_path / "site.geojson", 8192))) == 6
