"""The same world on six kinds of grid gives the same counts and the same hull."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from cv.image_fitness.ground_fitness import NOT_JUDGED
from cv.pipeline.batch import count
from cv.scene.scene import Scene
from cv.site import Site
from tests.fixtures.fake_detectors import painted_detector
from tests.fixtures.painted_pier import (
    BERTH,
    CONTAINERS,
    HULL,
    PIER,
    grid_transform,
    paint,
    projection,
    to_lonlat,
)

RAJIN = (130.295, 42.235)
DATELINE = (180.0, -16.5)
CASES = [
    pytest.param(RAJIN, 32652, 0.0, 1, id="utm"),
    pytest.param((4.05, 51.98), 28992, 0.0, 1, id="national"),
    pytest.param(RAJIN, 4326, 0.0, 1, id="degrees"),
    pytest.param(RAJIN, 32652, 37.0, 1, id="rotated"),
    pytest.param(RAJIN, 32652, 0.0, -1, id="south-up"),
    pytest.param(DATELINE, 4326, 0.0, 1, id="antimeridian"),
    pytest.param((179.9995, -16.5), 32760, 0.0, 1, id="antimeridian-utm"),
]


@pytest.fixture(autouse=True)
def unjudged(monkeypatch):
    """A painted world is no optical image: its fitness is not judged."""
    monkeypatch.setattr("cv.counting.judged_image.judge_ground", lambda *_: NOT_JUDGED)


def site_file(path, lonlat, berth=True):
    features = [
        {
            "type": "Feature",
            "properties": {"name": "Pier 2", "role": "export", "aliases": ["Middle pier"]},
            "geometry": shapely.geometry.mapping(to_lonlat(PIER, lonlat)),
        },
        {
            "type": "Feature",
            "properties": {"kind": "berth", "pier": "Pier 2"},
            "geometry": shapely.geometry.mapping(to_lonlat(BERTH, lonlat)),
        },
    ]
    features = features if berth else features[:1]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("berth", [True, False])
@pytest.mark.parametrize(("lonlat", "epsg", "turn", "flip"), CASES)
def test_counts_and_lengths_do_not_depend_on_the_grid(tmp_path, lonlat, epsg, turn, flip, berth):
    crs = CRS.from_epsg(epsg)
    size = 1250
    transform = grid_transform(crs, lonlat, 0.45, turn, flip, size)
    path = paint(tmp_path / "scene.tif", crs, transform, lonlat, size)
    site = Site.read(site_file(tmp_path / "site.geojson", lonlat, berth))
    with Scene.open(path) as scene:
        counts = count(scene, site, painted_detector())
    pier = counts["Pier 2"]
    assert pier.status == "counted", pier.reason
    assert pier.containers.value == 24
    assert pier.teu.value == 40
    assert pier.hulls.value == 1
    assert pier.aboard.value == 0
    (hull,) = pier.berthed
    assert hull.length_m == pytest.approx(130.0, rel=0.01)
    assert hull.beam_m == pytest.approx(21.0, rel=0.05)
    assert hull.heading_deg == pytest.approx(78.0, abs=0.7)
    boxes = [s for s in counts.detections if s.kind == "container"]
    assert sorted(b.length_m for b in boxes) == pytest.approx([6.06] * 8 + [12.19] * 16, rel=0.06)
    there = Transformer.from_crs(4326, projection(lonlat), always_xy=True)
    truth = np.concatenate([CONTAINERS.centers, HULL.centers])
    for sighting in counts.detections:
        middle = sighting.outline.centroid
        place = there.transform(middle.x, middle.y)
        assert np.hypot(*(truth - place).T).min() < 0.6
