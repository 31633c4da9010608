"""The scripts that inject faults and measure, at a size that fits a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import capacity_plan
import fault_fixture
import fault_injection
import fuzzing
import mosaics
import numpy as np
import pytest
import rasterio
from soak_figures import Month

from cv import Site
from cv.image_fitness.ground_fitness import NOT_JUDGED

TOOLS = Path(fault_injection.__file__).parent


def run_tool(script: str, *arguments: str) -> list[list[str]]:
    """Return the words of each line that a script printed; it must succeed."""
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
        with fault_injection._disk(folder, 2**20):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@pytest.mark.slow
def test_faults_neither_lose_nor_duplicate_counts(tmp_path):
    small = tmp_path / "mount"
    small.mkdir()
    full = "2" if can_mount(small) else "0"
    lines = run_tool(
        "fault_injection.py", "--work", str(tmp_path / "work"), "--kills", "4", "--deaths", "2",
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
    right = fault_fixture.Rows({"a": 1, "b": 1, "c": 1})
    tally = fault_fixture.Tally()
    tally.compare(fault_fixture.Rows({"a": 1, "b": 2, "d": 1}), right)
    assert (tally.lost, tally.doubled, tally.other) == (1, 1, 1)
    assert not tally.sound


@pytest.mark.slow
def test_damaged_input_never_becomes_a_count():
    lines = run_tool("fuzzing.py", "--images", "2000", "--sites", "300", "--models", "24")
    names = [verdict.value for verdict in fuzzing.Verdict]
    for kind, number, *found in lines[1:]:
        counted = dict(zip(names, map(int, found), strict=True))
        assert sum(counted.values()) == int(number)
        assert counted["refused"] > int(number) / 4, kind
        assert [counted[bad.value] for bad in fuzzing.BAD] == [0, 0, 0], kind
    assert [line[0] for line in lines[1:]] == ["images", "sites", "models"]


def test_a_wrong_pixel_would_be_noticed(tmp_path, monkeypatch):
    """The script's own judge: a reader that lets damage through is detected."""
    kinds = fuzzing.originals(tmp_path)
    images = fuzzing.Images(tmp_path, kinds)
    monkeypatch.setattr("cv.scene.integrity.deflate_blocks.DeflateBlocks.check", lambda *_: None)
    monkeypatch.setattr("cv.counting.judged_image.judge_ground", lambda *_: NOT_JUDGED)
    examine = images()
    found = {str(examine(Path(str(seed)))).split()[0] for seed in range(400)}
    assert fuzzing.Verdict.WRONG in found


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


def test_a_plan_is_the_sum_that_it_says():
    month = Month(
        date="2026-01-01", sites=1, nights=1, piers=5, workers=1, recorded=1,
        scenes_an_hour=1000.0,
        open_ms=1.0, count_ms=1.0, record_ms=36.0, image_mb=3.0, ledger_kb=10.0,
        coordinator_early_mb=1.0, coordinator_late_mb=1.0, worker_early_mb=1.0,
        worker_late_mb=500.0,
        problems=0,
    )  # fmt: skip
    wish = capacity_plan.Wish(
        piers=100_000, piers_a_scene=10, scene_mb=100.0, hours=5.0, days_kept=10, core_hour=0.05,
        gb_month=0.02,
    )  # fmt: skip
    plan = {what: much for what, much, _ in capacity_plan.lines(wish, month)}
    assert plan["scenes a night"] == "10,000"
    assert plan["core hours a night"] == "20"  # 100,000 piers at 5,000 an hour
    assert plan["cores, to be done in 5 h"] == "4"
    assert plan["memory of the workers"] == "2.0 GB"
    assert plan["images a night"] == "1,000 GB"
    assert plan["network of the workers"] == "0.44 Gbit/s"  # 8,000 Gbit in 18,000 s
    assert plan["images of 10 days"] == "10.0 TB"
    assert plan["ledger, a year"] == "73 GB"  # 2 kB a pier and night
    assert plan["writing the ledger, a night"] == "0.10 h of one coordinator"
    assert plan["coordinators"] == "1"
    assert plan["counting, a scene"] == "0.0100 cents"
    assert plan["counting, a month"] == "30"
    assert plan["storage, a month"] == "201"


def test_figures_of_a_month_are_kept(tmp_path):
    month = Month.read()
    month.write(tmp_path / "month.csv")
    assert Month.read(tmp_path / "month.csv") == month
    assert f"{month.recorded} of {month.sites * month.nights} recorded" in str(month)
