"""The sample: its schedule, its truth against the visibility of cv, its files."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from cv.counting.pier_count import CountStatus
from cv.counting.pier_zones import Zones
from cv.detector.detections import Detections
from cv.detector.detector import Detector
from cv.detector.model_card import InferencePass, ModelCard
from cv.detector.runtimes.engine import InferenceEngine
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.pipeline.batch import count
from cv.rendering.renderer import RenderedLabel
from cv.scene.scene import Scene
from cv.site import PierRole, Site
from tests.fixtures.fake_detectors import CARD

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets" / "sample_pier"))

import ground_truth
import render
import scenery
import schedule
import site_file
import sky
import skysat_delivery

FOLDER = Path(site_file.__file__).parent
EXPORT, IMPORT = "Export pier", "Import pier"
DRAWN = (0, 2, 8, 11)
"""Quiet; cloud on the import pier; unloading there; loaded at the export pier."""
SITE = Site.read(FOLDER / "site.geojson")


@dataclass(frozen=True)
class Rendered:
    """Some days of the sample on disk."""

    folder: Path
    scenes: dict[int, render.RenderedScene]
    """By number of the day."""
    rows: dict[tuple[int, str], ground_truth.Row]
    """Truth by number of the day and pier."""


@dataclass(frozen=True)
class PerfectDetector:
    """Returns every object that a scene shows."""

    seen: tuple[RenderedLabel, ...]
    card: ModelCard = CARD
    digest: str = "0" * 64
    engine: InferenceEngine = InferenceEngine.ONNXRUNTIME

    def detect(
        self,
        inference_pass: InferencePass,
        raster: Scene,
        to_pixel: Affine,
        region: BaseGeometry,
    ) -> Detections:
        classes = np.array([self.card.classes.index(item.class_name) for item in self.seen])
        boxes = OrientedBoxes.from_corners(np.stack([item.corners for item in self.seen]))
        found = Detections(boxes, np.full(len(boxes), 0.99), classes.astype(np.int64))
        wanted = np.isin(np.array(self.card.classes)[classes], inference_pass.classes)
        return found[wanted].transformed(~to_pixel).ranked()


@pytest.fixture(scope="module")
def states() -> dict[int, schedule.PortState]:
    return {state.number: state for state in schedule.daily_states(len(schedule.PLAN), 1)}


@pytest.fixture(scope="module")
def rendered(
    tmp_path_factory: pytest.TempPathFactory, states: dict[int, schedule.PortState]
) -> Rendered:
    folder = tmp_path_factory.mktemp("sample")
    stage, observed_piers = scenery.Scenery(1), ground_truth.observed_piers()
    scenes = {i: render.render_day(folder, states[i], stage, observed_piers) for i in DRAWN}
    rows = {
        (i, row.pier): row for i, rendered_scene in scenes.items() for row in rendered_scene.rows
    }
    return Rendered(folder, scenes, rows)


def test_the_site_file_is_what_the_port_says() -> None:
    assert (FOLDER / "site.geojson").read_text(encoding="utf-8") == site_file.site_text()
    roles = {pier.name: pier.role for pier in SITE}
    assert roles == {IMPORT: PierRole.IMPORT, EXPORT: PierRole.EXPORT, "Rail siding": PierRole.RAIL}
    assert SITE.pier("Pier 2").name == EXPORT
    for pier in SITE:
        assert pier.outline.exterior.is_ccw  # RFC 7946, 3.1.6
        assert (pier.berth is not None) == (pier.role is not PierRole.RAIL)
        assert pier.berth is None or pier.berth.disjoint(pier.outline)


def test_the_stack_grows_until_the_ship_comes_and_falls_while_it_loads() -> None:
    at_export = [i for i, day in enumerate(schedule.PLAN) if day.berth == EXPORT]
    at_import = [i for i, day in enumerate(schedule.PLAN) if day.berth == IMPORT]
    assert at_import == list(range(at_import[0], at_export[0]))  # first unloads, then shifts
    assert at_export == list(range(at_export[0], at_export[-1] + 1))
    stack = [day.exported for day in schedule.PLAN]
    grown, loaded = stack[: at_export[0]], stack[at_import[-1] : at_export[-1] + 1]
    assert np.all(np.diff(grown) > 0)
    assert np.all(np.diff(loaded) < 0)
    assert max(stack) >= 60
    assert np.all(np.diff([schedule.PLAN[i].aboard for i in at_export]) > 0)
    assert np.all(np.diff([schedule.PLAN[i].imported for i in (at_import[0] - 1, *at_import)]) >= 0)


def test_the_plan_has_gaps_and_clouds(states: dict[int, schedule.PortState]) -> None:
    taken = [state for state in states.values() if state.day.taken]
    assert len(taken) >= 14
    assert len(taken) < len(states)
    covers = [state.day.cover for state in taken]
    assert covers.count(schedule.Cover.EVERYTHING) == 1
    assert {schedule.Cover.IMPORT, schedule.Cover.EXPORT} <= set(covers)
    days = [state.time.date() for state in states.values()]
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))


def test_boxes_that_stay_keep_place_and_colour(states: dict[int, schedule.PortState]) -> None:
    for number in range(1, len(states)):
        before, after = states[number - 1], states[number]
        for old, new in ((before.exported, after.exported), (before.imported, after.imported)):
            kept = {box.ident for box in old} & {box.ident for box in new}
            assert len(kept) == min(len(old), len(new))
            assert {id(box) for box in old if box.ident in kept} <= {id(box) for box in new}
        assert len({box.slot for box in after.exported}) == after.day.exported


def test_the_truth_follows_the_schedule(
    rendered: Rendered, states: dict[int, schedule.PortState]
) -> None:
    before, after = rendered.rows[8, EXPORT], rendered.rows[11, EXPORT]
    assert before.containers >= states[8].day.exported
    assert after.containers < before.containers / 3
    assert (before.hulls, after.hulls) == (0, 1)
    assert (rendered.rows[8, IMPORT].hulls, rendered.rows[11, IMPORT].hulls) == (1, 0)
    assert after.aboard == states[11].day.aboard
    assert rendered.rows[8, IMPORT].aboard == states[8].day.aboard
    cloudy = rendered.rows[2, IMPORT]
    assert 0.1 < cloudy.visible_fraction < 0.9
    assert cloudy.containers < cloudy.standing


def test_visible_fractions_are_the_exact_areas(rendered: Rendered) -> None:
    for number, rendered_scene in rendered.scenes.items():
        with Scene.open(rendered_scene.path) as scene:
            sited = Zones.of_site(SITE, scene.grid, scene.id)
            for pier, place in zip(SITE, sited.zones, strict=True):
                row = rendered.rows[number, place.name]
                seen = scene.visibility(sited.in_pixels(place.outline))
                assert seen.fraction == pytest.approx(row.visible_fraction, abs=2e-5)
                assert seen.basis == "udm2"
                if pier.berth is None:
                    assert row.berth_visible_fraction is None
                    continue
                seen = scene.visibility(sited.in_pixels(place.berth))
                assert seen.fraction == pytest.approx(row.berth_visible_fraction, abs=2e-5)


def test_a_perfect_detector_counts_the_truth(rendered: Rendered) -> None:
    for number, rendered_scene in rendered.scenes.items():
        with Scene.open(rendered_scene.path) as scene:
            detector = cast(Detector, PerfectDetector(rendered_scene.seen))
            found = count(scene, SITE, detector)
        for pier in found:
            row = rendered.rows[number, pier.pier]
            assert pier.containers.value == row.containers
            at_berth = (row.hulls, row.aboard) if pier.berth_visible_fraction is not None else None
            assert (pier.hulls.value, pier.aboard.value) == (at_berth or (None, None))
            assert (pier.status is CountStatus.PARTIAL) == (0 < row.visible_fraction < 0.99)
            assert [hull.length_m for hull in pier.berthed] == pytest.approx(
                [scenery.LENGTH] * (row.hulls or 0), rel=1e-3
            )


def test_a_day_of_cloud_shows_nothing(states: dict[int, schedule.PortState]) -> None:
    (state,) = (x for x in states.values() if x.day.cover is schedule.Cover.EVERYTHING)
    clouds = sky.make_clouds(state, sky.make_sky(state, 1).sun, 1)
    assert clouds.hidden.all()
    row = ground_truth.observed_piers()[1].row(state, [], clouds.hidden)
    assert row.visible_fraction == 0
    assert (row.containers, row.aboard, row.hulls) == (None, None, None)  # never zero
    assert (clouds.udm2()[5] == 1).all()


def test_every_scene_opens_as_a_skysat_delivery(
    rendered: Rendered, states: dict[int, schedule.PortState]
) -> None:
    for number, rendered_scene in rendered.scenes.items():
        with Scene.open(rendered_scene.path) as scene:
            assert scene.id == skysat_delivery.item_id(states[number])
            assert scene.acquired == states[number].time
            assert scene.acquired.tzinfo is UTC
            assert scene.udm2 is not None
            assert scene.radiometry.name == "skysat-visual"
            assert scene.grid.shape == (800, 1280)
            shapes = [shape for pier in SITE for shape in (pier.outline, pier.berth) if shape]
            site = shapely.union_all(shapes)
            assert scene.grid.geometry_from_world(site, SITE.crs).within(scene.grid.footprint)


def test_the_sun_stands_where_it_should() -> None:
    noon = schedule.FIRST + timedelta(hours=12 - sky.LONGITUDE / 15)
    azimuth, elevation = sky.sun_at(noon)
    assert azimuth == pytest.approx(180, abs=1)
    # declination on 8 September: 5.7 degrees (Astronomical Almanac)
    assert elevation == pytest.approx(90 - sky.LATITUDE + 5.7, abs=0.6)


def test_the_command_writes_the_same_bytes_for_the_same_seed(
    tmp_path: Path, rendered: Rendered
) -> None:
    out = tmp_path / "out"
    assert render.main([str(out), "--days", "1", "--seed", "1"]) == 0
    names = sorted(path.name.rpartition("_u0001_")[2] for path in out.iterdir())
    assert names == ["metadata.json", "truth.csv", "udm2.tif", "visual.tif"]
    for path in out.glob("2025*"):
        assert path.read_bytes() == (rendered.folder / path.name).read_bytes(), path.name
    with (out / "truth.csv").open(encoding="utf-8") as source:
        assert [row["pier"] for row in csv.DictReader(source)] == [IMPORT, EXPORT, "Rail siding"]


@pytest.mark.parametrize("wrong", [("--days", "17"), ("--days", "0"), ("--seed", "-1")])
def test_the_command_refuses_what_it_cannot_draw(tmp_path: Path, wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        render.main([str(tmp_path / "out"), *wrong])
    assert not (tmp_path / "out").exists()
