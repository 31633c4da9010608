"""A working folder, and a detector that finds painted rectangles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from pyproj import CRS

from cv.cli import options
from cv.image_fitness.ground_fitness import NOT_JUDGED
from tests.fixtures.fake_detectors import painted_detector
from tests.fixtures.painted_pier import BERTH, PIER, grid_transform, paint, to_lonlat

RAJIN = (130.295, 42.235)
UTM = CRS.from_epsg(32652)
SIZE = 700
TRANSFORM = grid_transform(UTM, RAJIN, 0.45, 0.0, 1, SIZE)
TIME = "TIFFTAG_DATETIME"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with scene.tif, port.geojson and scenes/, and a detector of painted rectangles."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "detector_from_args", lambda args: painted_detector())
    # a painted world is no optical image: its fitness is not judged
    monkeypatch.setattr("cv.counting.judged_image.judge_ground", lambda *_: NOT_JUDGED)
    shapes = [
        ({"name": "Pier 2", "role": "export"}, PIER),
        ({"kind": "berth", "pier": "Pier 2"}, BERTH),
    ]
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": shapely.geometry.mapping(to_lonlat(shape, RAJIN)),
        }
        for properties, shape in shapes
    ]
    Path("port.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    paint(Path("scene.tif"), UTM, TRANSFORM, RAJIN, SIZE, {TIME: "2024-03-10T02:30:00Z"})
    Path("scenes").mkdir()
    for day in (9, 10, 12):
        tags = {TIME: f"2024-03-{day:02}T02:30:00Z"}
        paint(Path("scenes") / f"day{day}.tif", UTM, TRANSFORM, RAJIN, SIZE, tags)
    return tmp_path
