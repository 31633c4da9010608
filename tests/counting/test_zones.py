"""Piers on the ground of a scene."""

from __future__ import annotations

import json

import pytest
import shapely
from pyproj import CRS

from cv.counting.pier_zones import Zones
from cv.errors import CoverageError, SiteError
from cv.geometry.grid import Grid
from cv.site import BERTH_BUFFER_M, Site
from tests.fixtures.painted_pier import BERTH, PIER, grid_transform, to_lonlat

RAJIN = (130.295, 42.235)
CRS_52N = CRS.from_epsg(32652)
GRID = Grid((1200, 1200), grid_transform(CRS_52N, RAJIN, 0.4, 0.0, 1, 1200), CRS_52N)


def site(tmp_path, *shapes, crs=None, berth=None, role="export"):
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"P{i}", "role": role},
            "geometry": shapely.geometry.mapping(shape),
        }
        for i, shape in enumerate(shapes)
    ]
    if berth is not None:
        features.append(
            {
                "type": "Feature",
                "properties": {"kind": "berth", "pier": "P0"},
                "geometry": shapely.geometry.mapping(berth),
            }
        )
    document = {"type": "FeatureCollection", "features": features}
    if crs:
        document["crs"] = crs
    path = tmp_path / "site.geojson"
    path.write_text(json.dumps(document))
    return Site.read(path)


def test_areas_on_the_ground_are_true(tmp_path):
    places = Zones.of_site(site(tmp_path, to_lonlat(PIER, RAJIN)), GRID, "scene")
    (place,) = places.zones
    assert place.outline.area == pytest.approx(PIER.area, rel=2e-3)
    ring = PIER.buffer(BERTH_BUFFER_M).area - PIER.area
    assert place.berth.area == pytest.approx(ring, rel=2e-3)


@pytest.mark.parametrize("role", ["yard", "rail"])
def test_a_place_on_land_has_no_berth_of_its_own(tmp_path, role):
    shape = to_lonlat(PIER, RAJIN)
    (place,) = Zones.of_site(site(tmp_path, shape, role=role), GRID, "scene").zones
    assert place.berth.is_empty
    berth = to_lonlat(BERTH, RAJIN)
    (place,) = Zones.of_site(site(tmp_path, shape, role=role, berth=berth), GRID, "scene").zones
    assert place.berth.area == pytest.approx(BERTH.area, rel=2e-3)


def test_a_place_without_a_role_may_be_a_pier_and_has_a_berth(tmp_path):
    (place,) = Zones.of_site(site(tmp_path, to_lonlat(PIER, RAJIN), role=None), GRID, "scene").zones
    assert place.role == "yard"
    assert place.berth.area > 0


def test_default_berths_leave_all_piers_out(tmp_path):
    beside = shapely.box(130, -60, 200, 10)
    shapes = [to_lonlat(shape, RAJIN) for shape in (PIER, beside)]
    first, second = Zones.of_site(site(tmp_path, *shapes), GRID, "scene").zones
    assert first.berth.intersection(second.outline).area < 1e-6
    assert second.berth.intersection(first.outline).area < 1e-6


def test_a_declared_berth_is_taken_as_it_is(tmp_path):
    shape = to_lonlat(PIER, RAJIN)
    with_berth = site(tmp_path, shape, berth=to_lonlat(BERTH, RAJIN))
    (place,) = Zones.of_site(with_berth, GRID, "scene").zones
    assert place.berth.area == pytest.approx(BERTH.area, rel=2e-3)


def test_a_site_in_another_declared_crs(tmp_path):
    x, y = GRID.transform @ GRID.center
    shape = shapely.box(x - 50, y - 20, x + 50, y + 20)
    declared = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32652"}}
    (place,) = Zones.of_site(site(tmp_path, shape, crs=declared), GRID, "scene").zones
    assert place.outline.area == pytest.approx(4000, rel=2e-3)


def test_a_site_beside_the_scene_is_refused(tmp_path):
    elsewhere = site(tmp_path, shapely.box(4.0, 51.9, 4.01, 51.91))
    with pytest.raises(CoverageError, match=r"no pier of .*site\.geojson lies in it") as caught:
        Zones.of_site(elsewhere, GRID, "scene-7")
    assert "scene-7" in str(caught.value)
    assert "which is at longitude 130.29" in caught.value.found
    assert "latitude 42.23" in caught.value.found
    assert "longitude first" in caught.value.remedy


def test_the_whole_image_is_one_place():
    places = Zones.whole(Grid.local((100, 200), (0.5, 0.25)), "image")
    assert places.region.area == pytest.approx(100 * 25)
    assert places.in_pixels(places.region).equals(shapely.box(0, 0, 200, 100))


def test_what_has_no_room_for_a_container_is_refused(tmp_path):
    with pytest.raises(SiteError, match=r"pier 'P0' has 3 x 3 m"):
        Zones.of_site(site(tmp_path, to_lonlat(shapely.box(0, 0, 3, 3), RAJIN)), GRID, "scene")
    with pytest.raises(CoverageError, match="the image shows 2 x 2 m"):
        Zones.whole(Grid.local((5, 5), (0.4, 0.4)), "scene")
    thin = shapely.box(0, 0, 300, 0.5)
    with pytest.raises(SiteError, match=r"300 x 0\.5 m"):
        Zones.of_site(site(tmp_path, to_lonlat(thin, RAJIN)), GRID, "scene")
