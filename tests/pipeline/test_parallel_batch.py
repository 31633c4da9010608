"""A batch in worker processes: the same ledger, and bad files that harm nobody."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS

from cv.cli import main
from cv.ledger import Ledger
from cv.ledger.integrity_check import find_problems
from cv.pipeline.batch import monitor
from cv.pipeline.parallel_batch import WorkerConfig, monitor_in_processes
from cv.pipeline.process_pool import WorkerLimits
from cv.pipeline.quarantine import add_to_quarantine, skip_quarantined
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
from cv.scene.scene import Scene
from cv.site import Site
from tests.fixtures.fake_detectors import painted_detector
from tests.fixtures.painted_pier import BERTH, PIER, grid_transform, paint, to_lonlat

RAJIN = (130.295, 42.235)
UTM = CRS.from_epsg(32652)
SIZE = 300
TRANSFORM = grid_transform(UTM, RAJIN, 0.9, 0.0, 1, SIZE)
TIME = "TIFFTAG_DATETIME"
PROGRAM = Path(__file__).resolve().parents[2] / "infer.py"
DEADLY = 5
"""The day whose scene kills its worker."""


def opened(path):
    """A scene; that of one day is the end of whoever reads it."""
    if f"202403{DEADLY:02}" in str(path):
        os.kill(os.getpid(), signal.SIGKILL)
    return Scene.open(path)


@pytest.fixture
def place(tmp_path):
    features = [
        {"type": "Feature", "properties": properties,
         "geometry": shapely.geometry.mapping(to_lonlat(shape, RAJIN))}
        for properties, shape in (
            ({"name": "Pier 2", "role": "export"}, PIER),
            ({"kind": "berth", "pier": "Pier 2"}, BERTH),
        )
    ]  # fmt: skip
    (tmp_path / "port.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    (tmp_path / "scenes").mkdir()
    for day in range(1, 9):
        tags = {TIME: f"2024-03-{day:02}T02:30:00Z"}
        paint(tmp_path / "scenes" / f"202403{day:02}_023000.tif", UTM, TRANSFORM, RAJIN, SIZE, tags)
    return tmp_path


def night(place, ledger_path, opener=Scene.open, workers=2):
    """The outcomes, by day."""
    paths = sorted((place / "scenes").iterdir())
    with Ledger.open(ledger_path) as ledger:
        site = Site.read(place / "port.geojson")
        recipe = WorkerConfig(site, painted_detector, opener)
        limits = WorkerLimits(memory_mb=2048, time_s=60.0)
        outcomes = monitor_in_processes(paths, recipe, ledger, workers, limits)
    return {int(path.name[6:8]): one for path, one in zip(paths, outcomes, strict=True)}


def counts(path):
    with Ledger.open(path, readonly=True) as ledger:
        return ledger.counts(), [(s.scene, s.detection) for s in ledger.detections()]


def serial(place, path):
    """The ledger of an undisturbed run in one process."""
    site = Site.read(place / "port.geojson")
    with Ledger.open(path) as ledger:
        monitor(sorted((place / "scenes").iterdir()), site, painted_detector(), ledger)
    return path


def test_workers_leave_the_same_ledger_as_one_process(place):
    crew, alone = place / "crew.db", serial(place, place / "alone.db")
    assert {one.status for one in night(place, crew).values()} == {SceneStatus.RECORDED}
    assert counts(crew) == counts(alone)
    assert {one.status for one in night(place, crew).values()} == {SceneStatus.KNOWN}


def test_a_deadly_scene_is_quarantined_and_the_night_goes_on(place):
    path = place / "crew.db"
    first = night(place, path, opened)
    assert [day for day, one in first.items() if one.status is SceneStatus.QUARANTINED] == [DEADLY]
    assert {one.status for day, one in first.items() if day != DEADLY} == {SceneStatus.RECORDED}
    assert "signal 9" in first[DEADLY].reason
    again = night(place, path)  # it would live now, but nobody tries
    assert again[DEADLY].status is SceneStatus.QUARANTINED
    assert {one.status for day, one in again.items() if day != DEADLY} == {SceneStatus.KNOWN}
    with Ledger.open(path) as ledger:
        assert len(ledger.counts()) == 7
        ledger.release_quarantine()
    assert night(place, path)[DEADLY].status is SceneStatus.RECORDED
    assert counts(path)[0] == counts(serial(place, place / "alone.db"))[0]
    assert find_problems(path) == ()


def test_a_deadly_file_that_is_gone_afterwards_is_refused(place, monkeypatch):
    def gone(paths):
        raise FileNotFoundError(2, "No such file or directory", str(paths[0]))

    monkeypatch.setattr("cv.pipeline.quarantine.files_digest", gone)
    fates = night(place, place / "crew.db", opened)
    assert fates[DEADLY].status is SceneStatus.REFUSED
    assert "signal 9" in fates[DEADLY].reason
    assert "No such file" in fates[DEADLY].reason
    assert {one.status for day, one in fates.items() if day != DEADLY} == {SceneStatus.RECORDED}


def test_a_batch_without_workers_leaves_it_alone_too(place):
    path, scenes = place / "crew.db", sorted((place / "scenes").iterdir())
    night(place, path, opened)
    with Ledger.open(path) as ledger:
        told: list[SceneOutcome] = []
        outcomes = monitor(
            map(str, scenes), Site.read(place / "port.geojson"), painted_detector(), ledger,
            opened, told.append,
        )  # fmt: skip
    assert [one.status for one in outcomes].index(SceneStatus.QUARANTINED) == DEADLY - 1
    assert len(outcomes) == len(told) == len(scenes)


@pytest.mark.parametrize(
    "href", ["a.tif", "file://{folder}/a.tif", "file://localhost{folder}/a.tif"]
)
def test_a_scene_is_known_by_what_belongs_to_it_too(tmp_path, href):
    item, image, beside = (tmp_path / name for name in ("item.json", "a.tif", "a.tif.sha256"))
    assets = {"image": {"href": href.format(folder=tmp_path)}, "mask": {"href": "none.tif"}}
    item.write_text(json.dumps({"type": "Feature", "stac_version": "1.0.0", "assets": assets}))
    image.write_bytes(b"deadly")
    with Ledger.open(tmp_path / "l.db") as ledger:
        for path in (item, image):
            assert add_to_quarantine(ledger, path, "signal 9").status is SceneStatus.QUARANTINED
        assert set(skip_quarantined([item, image], ledger, print)) == {item, image}
        (tmp_path / "a_b.tif").write_bytes(b"another scene")
        assert set(skip_quarantined([item, image], ledger, print)) == {item, image}
        beside.write_bytes(b"checksum")
        assert set(skip_quarantined([item, image], ledger, print)) == {item}
        image.write_bytes(b"mended")
        assert skip_quarantined([item, image, tmp_path / "none.tif"], ledger, print) == {}
        item.unlink()
        assert add_to_quarantine(ledger, item, "signal 9").status is SceneStatus.REFUSED


def test_a_corrected_mask_makes_counts_that_supersede_and_stay(place):
    paths = two_items(place / "items")
    site, path = Site.read(place / "port.geojson"), place / "port.db"
    statuses = []
    with Ledger.open(path) as ledger:
        for night in range(3):
            if night == 1:
                shutil.copy(place / "items" / "second_udm2.tif", place / "items" / "clear.tif")
                with rasterio.open(place / "items" / "clear.tif", "r+") as mask:
                    mask.update_tags(TIFFTAG_SOFTWARE="corrected")
                (place / "items" / "clear.tif").replace(place / "items" / "first_udm2.tif")
            monitor(paths, site, painted_detector(), ledger)
            (latest,) = ledger.counts("Pier 2", latest=True)
            statuses.append(latest.settings)
    assert statuses[0] != statuses[1] == statuses[2]


def two_items(folder):
    """One image under cloud, says the first Item, and in the clear, says the second."""
    folder.mkdir()
    paint(folder / "a.tif", UTM, TRANSFORM, RAJIN, SIZE)
    paths = []
    for name, band in (("first", 5), ("second", 0)):
        bands = np.zeros((8, SIZE, SIZE), np.uint8)
        bands[band] = 1
        profile = {"count": 8, "height": SIZE, "width": SIZE, "dtype": "uint8"}
        with rasterio.open(
            folder / f"{name}_udm2.tif", "w", crs=UTM.to_wkt(), transform=TRANSFORM, **profile
        ) as out:
            out.write(bands)
        hrefs = {"visual": "a.tif", "udm2": f"{name}_udm2.tif"}
        item: dict[str, object] = {
            "type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None, "links": [],
            "properties": {"datetime": "2024-03-10T02:30:00Z"},
            "assets": {key: {"href": href} for key, href in hrefs.items()},
        }  # fmt: skip
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(item))
    return paths


@pytest.mark.parametrize("workers", [0, 2])
def test_two_items_of_one_image_are_one_scene(place, workers):
    paths = two_items(place / "items")
    site, path = Site.read(place / "port.geojson"), place / "port.db"
    config = WorkerConfig(site, painted_detector, Scene.open)
    limits = WorkerLimits(memory_mb=2048, time_s=60.0)

    def batch(ledger):
        if workers:
            return monitor_in_processes(paths, config, ledger, workers, limits)
        return monitor(paths, site, painted_detector(), ledger)

    with Ledger.open(path) as ledger:
        assert {one.status for one in batch(ledger)} == {SceneStatus.RECORDED}
        cloudy, clear = sorted(ledger.counts("Pier 2"), key=lambda one: one.containers.known)
        assert cloudy.scene == clear.scene
        assert (cloudy.containers.value, clear.containers.value) == (None, 24)
        assert ledger.counts("Pier 2", latest=True) == (ledger.counts("Pier 2")[-1],)
    before = path.read_bytes()
    with Ledger.open(path) as ledger:
        assert {one.status for one in batch(ledger)} == {SceneStatus.KNOWN}
    assert path.read_bytes() == before


def test_a_file_that_is_delivered_again_leaves_quarantine(place):
    path, scene = place / "crew.db", place / "scenes" / f"202403{DEADLY:02}_023000.tif"
    night(place, path, opened)
    tags = {TIME: f"2024-03-{DEADLY:02}T02:30:00Z", "TIFFTAG_SOFTWARE": "delivered again"}
    paint(scene, UTM, TRANSFORM, RAJIN, SIZE, tags)
    assert night(place, path)[DEADLY].status is SceneStatus.RECORDED


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_batch_that_is_stopped_goes_on_with_the_same_command(place, how):
    path = place / "port.db"
    command = [
        sys.executable, str(PROGRAM), "monitor", str(place / "scenes"), "--workers", "2",
        "--site", str(place / "port.geojson"), "--ledger", str(path),
    ]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    patience = time.monotonic() + 60
    while time.monotonic() < patience and running.poll() is None:
        if path.exists():
            with Ledger.open(path, readonly=True) as ledger:
                if ledger.counts():
                    break
        time.sleep(0.05)
    running.send_signal(how)
    running.communicate(timeout=60)
    assert running.returncode in (0, 130, -how)
    assert find_problems(path) == ()
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    with Ledger.open(path, readonly=True) as ledger:
        scenes = [count.scene for count in ledger.counts()]
    assert len(scenes) == len(set(scenes)) == 8


def test_a_wrong_model_ends_the_batch_before_it_begins(place, capsys):
    (place / "bad.onnx").write_text("no model")
    code = main(
        ["monitor", str(place / "scenes"), "--site", str(place / "port.geojson"), "--workers", "1",
         "--ledger", str(place / "new.db"), "--model", str(place / "bad.onnx")]
    )  # fmt: skip
    assert code == 2
    assert "bad.onnx" in capsys.readouterr().err
    with Ledger.open(place / "new.db", readonly=True) as ledger:
        assert ledger.counts() == ()
