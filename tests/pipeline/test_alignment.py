"""Scenes of the sample port whose georeference is off, from the first clear scene on."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

from cv.counting.pier_count import CountStatus
from cv.detector.detections import Detections
from cv.detector.runtimes.engine import InferenceEngine
from cv.geometry.oriented_boxes import OrientedBoxes, map_points
from cv.ledger import Ledger
from cv.pipeline import batch_recorder
from cv.pipeline.batch import count, monitor
from cv.pipeline.parallel_batch import WorkerConfig, monitor_in_processes
from cv.pipeline.process_pool import WorkerLimits
from cv.pipeline.scene_outcome import SceneStatus
from cv.scene.scene import Scene
from cv.site import Site
from tests.fixtures.fake_detectors import CARD

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets" / "sample_pier"))

import ground_truth
import render
import scenery
import schedule
import site_file

SITE = Site.read(Path(site_file.__file__).parent / "site.geojson")
DAYS = (0, 8, 9)
"""Quiet; a ship at the import pier; at the export pier."""
UTM = 32652


@dataclass(frozen=True)
class TrueBoxes:
    """A detector that returns what was drawn, by the name of the scene, pixels of the scene."""

    drawn: dict[str, list[tuple[str, np.ndarray]]]
    card = CARD
    digest: str = "0" * 64
    engine: InferenceEngine = InferenceEngine.ONNXRUNTIME

    def detect(self, inference_pass, raster, to_pixel, region):
        chosen = [one for one in self.drawn[raster.id] if one[0] in inference_pass.classes]
        if not chosen:
            return Detections.empty()
        corners = np.stack([map_points(~to_pixel, corners) for _, corners in chosen])
        classes = np.array([CARD.classes.index(name) for name, _ in chosen])
        boxes = OrientedBoxes.from_corners(corners)
        return Detections(boxes, np.full(len(classes), 0.9), classes)


def load(detector):
    return detector


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The paths of the scenes, and a detector that knows what they show."""
    folder = tmp_path_factory.mktemp("scenes")
    states, drawn = schedule.daily_states(max(DAYS) + 1, 3), {}
    ground, places = scenery.Scenery(3), ground_truth.observed_piers()
    paths = []
    for state in states:
        if state.number in DAYS:
            one = render.render_day(folder, state, ground, places)
            paths.append(one.path)
            name = one.path.stem.removesuffix("_visual")
            drawn[name] = [(item.class_name, item.corners) for item in one.seen]
    return paths, TrueBoxes(drawn)


def shifted(paths, folder, shifts):
    """Copies of scenes with their masks and metadata that lie `shifts` (east, north) off."""
    folder.mkdir()
    copies = []
    for path, (east, north) in zip(paths, shifts, strict=True):
        for kind in ("visual.tif", "udm2.tif", "metadata.json"):
            copy = shutil.copy(path.with_name(path.name.replace("visual.tif", kind)), folder)
            if kind.endswith("tif"):
                with rasterio.open(copy, "r+") as image:
                    image.transform = Affine.translation(east, north) @ image.transform
        copies.append(folder / path.name)
    return copies


def recorded(paths, detector, file):
    with Ledger.open(file) as ledger:
        outcomes = monitor(paths, SITE, detector, ledger)
        assert {one.status for one in outcomes} == {SceneStatus.RECORDED}
        return ledger.counts(), [one.detection for one in ledger.detections()]


def numbers(counts):
    return [
        (c.scene, c.pier, c.status, c.containers.value, c.hulls.value, c.aboard.value)
        for c in counts
    ]


@pytest.mark.parametrize("metres", [8.0, 15.0, 30.0])
def test_a_shifted_scene_has_the_counts_of_the_scene_in_its_place(rendered, tmp_path, metres):
    paths, detector = rendered
    plain, boxes = recorded(paths, detector, tmp_path / "plain.db")
    shifts = [(0.0, 0.0), (metres * 0.8, -metres * 0.6), (-metres, 0.0)]
    moved = shifted(paths, tmp_path / "moved", shifts)
    counts, moved_boxes = recorded(moved, detector, tmp_path / "moved.db")
    misses = [
        abs(a.containers.value - b.containers.value) for a, b in zip(plain, counts, strict=True)
    ]
    assert sum(misses) <= 0.02 * sum(one.containers.value for one in plain)
    assert [one.hulls for one in counts] == [one.hulls for one in plain]
    by_scene = dict(zip([one.stem.removesuffix("_visual") for one in paths], shifts, strict=True))
    for one in counts[len(SITE) :]:
        assert one.shift_m == pytest.approx(by_scene[one.scene], abs=1.2)
    assert [one.shift_m for one in plain] == [None] * 3 + [(0.0, 0.0)] * 6
    to_metres = Transformer.from_crs(4326, UTM, always_xy=True).transform
    for one, other in zip(boxes, moved_boxes, strict=True):
        at, back = (to_metres(*b.outline.centroid.coords[0]) for b in (one, other))
        assert np.hypot(*np.subtract(at, back)) < 1.5


def test_without_alignment_a_shift_costs_containers_or_ships(rendered, tmp_path):
    paths, detector = rendered
    (moved,) = shifted(paths[1:2], tmp_path / "moved", [(30.0, 0.0)])
    with Scene.open(paths[1]) as scene, Scene.open(moved) as off:
        there, here = count(off, SITE, detector), count(scene, SITE, detector)
    assert numbers(there) != numbers(here)
    assert {one.shift_m for one in there} == {None}


def test_a_scene_that_shows_another_place_says_that_its_position_is_not_confirmed(
    rendered, tmp_path
):
    paths, detector = rendered
    (other,) = shifted(paths[1:2], tmp_path / "other", [(0.0, 0.0)])
    with rasterio.open(other, "r+") as image:
        image.write(np.ascontiguousarray(image.read()[:, ::-1, ::-1]))
    counts, _ = recorded([paths[0], other], detector, tmp_path / "l.db")
    for one in counts[len(SITE) :]:
        assert one.shift_m is None
        assert one.status is CountStatus.COUNTED
        assert "its position was not confirmed" in one.reason
    assert [one.reason for one in counts[: len(SITE)]] == [""] * len(SITE)


def test_a_clouded_scene_is_no_reference_and_the_first_clear_one_stays_it(rendered, tmp_path):
    paths, detector = rendered
    clouded, *rest = shifted(paths, tmp_path / "moved", [(0, 0), (0, 0), (12, 0)])
    with rasterio.open(clouded.with_name(clouded.name.replace("visual", "udm2")), "r+") as mask:
        bands = mask.read()
        bands[0], bands[5] = 0, 1
        mask.write(bands)
    with Ledger.open(tmp_path / "l.db") as ledger:
        monitor([clouded], SITE, detector, ledger)
        assert ledger.reference([one.place for one in ledger.counts()]) is None
        monitor(rest, SITE, detector, ledger)
        counts = ledger.counts()
        found = ledger.reference([one.place for one in counts])
        assert found.scene == rest[0].stem.removesuffix("_visual")
        assert len(found.windows) == len(SITE)
    assert [one.shift_m is None for one in counts] == [True] * 6 + [False] * 3


def test_workers_align_as_one_process_does(rendered, tmp_path):
    paths, detector = rendered
    moved = shifted(paths, tmp_path / "moved", [(0, 0), (12, 0), (0, -20)])
    alone = recorded(moved, detector, tmp_path / "alone.db")
    config = WorkerConfig(SITE, partial(load, detector), Scene.open)
    with Ledger.open(tmp_path / "workers.db") as ledger:
        monitor_in_processes(moved, config, ledger, 2, WorkerLimits(time_s=120.0))
        together = ledger.counts(), [one.detection for one in ledger.detections()]
    assert together == alone
    assert [one.shift_m is None for one in alone[0]] == [True] * 3 + [False] * 6


def test_a_batch_without_a_clear_scene_stops_its_search(rendered, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_recorder, "MAX_TRIALS", 1)
    paths, detector = rendered
    clouded, second, third = shifted(paths, tmp_path / "moved", [(0, 0)] * 3)
    with rasterio.open(clouded.with_name(clouded.name.replace("visual", "udm2")), "r+") as mask:
        bands = mask.read()
        bands[0], bands[5] = 0, 1
        mask.write(bands)
    counts, _ = recorded([clouded, second, third], detector, tmp_path / "l.db")
    assert {one.shift_m for one in counts} == {None}
    with Ledger.open(tmp_path / "l.db") as ledger:
        assert ledger.reference([one.place for one in counts]) is None
