"""Exports, read back by other programs."""

from __future__ import annotations

import csv
import json
import math
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer

from cv.counting.pier_count import UNKNOWN, CountStatus, PierCount
from cv.errors import InputError
from cv.ledger import Ledger, RecordedDetection
from cv.report import data_files
from cv.report.antimeridian import split_at_antimeridian
from cv.site import Pier, PierRole, Site
from tests.fixtures.sample_counts import MODEL, START, a_count, a_scene, a_sighting

UTM = CRS.from_epsg(32652)
CORNER = Transformer.from_crs(4326, UTM, always_xy=True).transform(130.3, 42.2)
SITE = Site(
    "port",
    (
        Pier("East", PierRole.EXPORT, shapely.box(*CORNER, CORNER[0] + 200, CORNER[1] + 40)),
        Pier(
            "Nobody",
            PierRole.YARD,
            shapely.box(CORNER[0], CORNER[1] + 90, CORNER[0] + 9, CORNER[1] + 99),
            aliases=("A", "B"),
        ),
    ),
    UTM,
)
COUNTS = (
    a_count("a", containers=5.0),
    a_count("b", containers=9.0, days=1.0, status=CountStatus.PARTIAL, visible=0.5),
    a_count("c", days=2.0, status=CountStatus.NOT_VISIBLE, visible=0.0),
    a_count("c", 'Gone, "they" say', days=2.0),
)


def recorded(**changes: object) -> RecordedDetection:
    return RecordedDetection("b", START, MODEL, replace(a_sighting(), **changes))  # type: ignore[arg-type]


SIGHTINGS = (
    recorded(),
    recorded(kind="hull", pier=None, heading_deg=math.nan),
    recorded(outline=None, aboard=True),
    recorded(outline=shapely.box(179.999, 10, 180.003, 10.002)),
)


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    data_files.write_counts_csv(COUNTS, path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["scene"] for row in rows] == ["a", "b", "c", "c"]
    assert [row["containers"] for row in rows] == ["5.0", "9.0", "", "12.0"]
    assert [row["hulls"] for row in rows] == ["1.0", "1.0", "", "1.0"]
    assert rows[1]["acquired"] == "2026-01-06T10:30:00Z"
    assert rows[3]["pier"] == 'Gone, "they" say'
    assert b"\r" not in path.read_bytes()
    before = path.read_bytes()
    data_files.write_counts_csv(COUNTS, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("suffix", ["csv", "geojson", "gpkg"])
def test_a_renamed_pier_is_exported_by_the_name_in_the_site(tmp_path: Path, suffix: str) -> None:
    site = replace(SITE, piers=(replace(SITE.piers[0], name="Quay B", aliases=("East",)),))
    path = tmp_path / f"out.{suffix}"
    with Ledger.open(tmp_path / "l.db") as ledger:
        ledger.record(a_scene([a_count("a")], [a_sighting(), a_sighting(None)]))
        data_files.export(ledger, path, site)
    if suffix == "csv":
        assert list(pd.read_csv(path)["pier"]) == ["Quay B"]
        return
    layer = {"layer": "detections"} if suffix == "gpkg" else {}
    piers = list(pyogrio.read_dataframe(path, **layer)["pier"])
    assert piers[0] == "Quay B"
    assert pd.isna(piers[1])
    if suffix == "gpkg":
        assert pyogrio.read_dataframe(path, layer="piers")["looks"].tolist() == [1]
        assert pyogrio.read_dataframe(path, layer="counts")["pier"].tolist() == ["Quay B"]


def test_csv_without_counts_has_its_heading(tmp_path: Path) -> None:
    data_files.write_counts_csv((), tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text().startswith("scene,acquired,pier,role,status")


def test_geojson(tmp_path: Path) -> None:
    path = tmp_path / "d.geojson"
    data_files.write_detections_geojson(SIGHTINGS, path)
    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert set(document) == {"type", "features"}
    first, second, third, fourth = document["features"]
    ring = np.array(first["geometry"]["coordinates"][0])
    np.testing.assert_allclose(ring.min(axis=0), [130.3, 42.2], atol=1e-8)
    np.testing.assert_allclose(ring.max(axis=0), [130.301, 42.2002], atol=1e-8)
    assert shapely.LinearRing(ring).is_ccw
    assert first["properties"]["class"] == "container"
    assert first["properties"]["acquired"] == "2026-01-05T10:30:00Z"
    assert second["properties"]["heading_deg"] is None
    assert second["properties"]["pier"] is None
    assert third["geometry"] is None
    assert fourth["geometry"]["type"] == "MultiPolygon"
    read = geopandas.read_file(path)
    assert read.crs == CRS.from_epsg(4326)
    assert list(read["score"]) == [0.875] * 4


def test_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "port.gpkg"
    data_files.write_geopackage(COUNTS, SIGHTINGS, SITE, path)
    assert sorted(name for name, _ in pyogrio.list_layers(path)) == [
        "counts",
        "detections",
        "piers",
    ]
    for layer in ("counts", "detections", "piers"):
        assert CRS.from_user_input(pyogrio.read_info(path, layer=layer)["crs"]).to_epsg() == 4326

    piers = pyogrio.read_dataframe(path, layer="piers").set_index("name")
    east, nobody = piers.loc["East"], piers.loc["Nobody"]
    assert (east["looks"], east["last_status"], east["scene"], east["containers"]) == (
        3,
        "not_visible",
        "b",
        9.0,
    )
    assert east["last_look"] == pd.Timestamp("2026-01-07 10:30", tz="UTC")
    assert east["acquired"] == pd.Timestamp("2026-01-06 10:30", tz="UTC")
    assert nobody["looks"] == 0
    assert pd.isna(nobody["containers"])
    assert pd.isna(nobody["last_look"])
    assert nobody["aliases"] == "A, B"
    assert pd.isna(east["aliases"])
    area = piers.to_crs(UTM).area
    np.testing.assert_allclose(area, [200 * 40, 81], rtol=1e-6)

    points = pyogrio.read_dataframe(path, layer="counts")
    assert list(points["scene"]) == ["a", "b", "c", "c"]
    assert points["containers"].isna().tolist() == [False, False, True, False]
    assert points["reason"].isna().tolist() == [True, False, False, True]
    assert points["acquired"].iloc[1] == pd.Timestamp("2026-01-06 10:30", tz="UTC")
    assert points.geometry.iloc[:3].within(east["geometry"]).all()
    assert points.geometry.iloc[3] is None

    boxes = pyogrio.read_dataframe(path, layer="detections")
    assert list(boxes["class"]) == ["container", "hull", "container", "container"]
    assert list(boxes["aboard"]) == [False, False, True, False]
    assert boxes["heading_deg"].isna().tolist() == [False, True, False, False]
    assert boxes.geometry.iloc[0].equals(shapely.MultiPolygon([SIGHTINGS[0].detection.outline]))
    assert boxes.geometry.iloc[2] is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["port.gpkg"]


def test_the_piers_layer_has_the_latest_count_with_a_number(tmp_path: Path) -> None:
    unseen = a_count("d", containers=None, days=3.0, status=CountStatus.PARTIAL)
    unknown = replace(unseen, teu=UNKNOWN, hulls=UNKNOWN, aboard=UNKNOWN)
    data_files.write_geopackage((*COUNTS, unknown), (), SITE, tmp_path / "p.gpkg")
    east = pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="piers").set_index("name").loc["East"]
    assert (east["last_status"], east["looks"]) == ("partial", 4)
    assert (east["scene"], east["containers"]) == ("b", 9.0)


def test_the_piers_layer_prefers_known_containers_to_later_hulls(tmp_path: Path) -> None:
    berth_only = replace(a_count("d", containers=9.0, days=3.0), containers=UNKNOWN, teu=UNKNOWN)
    for counts, scene in (((*COUNTS, berth_only), "b"), ((berth_only,), "d")):
        data_files.write_geopackage(counts, (), SITE, tmp_path / "p.gpkg")
        piers = pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="piers").set_index("name")
        assert piers.loc["East", "scene"] == scene


def test_geopackage_is_sound(tmp_path: Path) -> None:
    data_files.write_geopackage(COUNTS, SIGHTINGS, SITE, tmp_path / "a.gpkg")
    raw = sqlite3.connect(tmp_path / "a.gpkg")
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()


@pytest.mark.parametrize("counts", [(), COUNTS[2:3]])
def test_geopackage_with_little_in_it(tmp_path: Path, counts: tuple[PierCount, ...]) -> None:
    data_files.write_geopackage(counts, (), SITE, tmp_path / "p.gpkg")
    piers = pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="piers")
    assert list(piers["name"]) == ["East", "Nobody"]
    assert piers["containers"].isna().all()
    assert len(pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="counts")) == len(counts)
    assert len(pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="detections")) == 0


def test_geopackage_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(InputError, match=r'pip install "pierwatch\[gis\]"'):
        data_files.write_geopackage(COUNTS, SIGHTINGS, SITE, tmp_path / "p.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise pyogrio.errors.DataSourceError("disk full")

    path = tmp_path / "p.gpkg"
    path.write_text("old")
    monkeypatch.setattr(geopandas.GeoDataFrame, "to_file", full)
    with pytest.raises(InputError, match="disk full"):
        data_files.write_geopackage(COUNTS, SIGHTINGS, SITE, path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "write", [data_files.write_counts_csv, data_files.write_detections_geojson]
)
def test_a_missing_folder(tmp_path: Path, write: Callable[..., None]) -> None:
    with pytest.raises(InputError, match="folder"):
        write((), tmp_path / "no" / "file")


@pytest.mark.parametrize(
    "outline",
    [
        shapely.Polygon([(179.9, 1), (180.2, 1), (180.2, 2), (179.9, 2)]),
        shapely.Polygon([(-180.1, 1), (-179.8, 1), (-179.8, 2), (-180.1, 2)]),
        shapely.Polygon([(179.9, 1), (-179.8, 1), (-179.8, 2), (179.9, 2)]),
    ],
)
def test_outlines_are_cut_at_the_antimeridian(outline: shapely.Polygon) -> None:
    cut = split_at_antimeridian(outline)
    west, east = sorted(shapely.get_parts(cut), key=lambda part: part.bounds[0])
    np.testing.assert_allclose(west.bounds, [-180, 1, -179.8, 2], atol=1e-9)
    np.testing.assert_allclose(east.bounds, [179.9, 1, 180, 2], atol=1e-9)
    assert west.exterior.is_ccw
    assert east.exterior.is_ccw


def test_other_outlines_stay_whole() -> None:
    ring = shapely.box(10, 10, 20, 20).exterior.coords[::-1]
    hole = shapely.box(12, 12, 13, 13).exterior.coords
    outline = shapely.Polygon(ring, [hole])
    assert split_at_antimeridian(outline).equals(outline)
    assert split_at_antimeridian(outline).exterior.is_ccw
    assert not split_at_antimeridian(outline).interiors[0].is_ccw
    touching = shapely.box(179, 0, 180, 1)
    assert split_at_antimeridian(touching).equals(touching)
