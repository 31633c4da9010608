"""Reading sites, and every refusal."""

from __future__ import annotations

import json

import pytest

from cv.errors import SiteError
from cv.site import MAX_BYTES, PierRole, Site, ordinal

SQUARE: list[list[float]] = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]


def feature(ring=SQUARE, kind="Polygon", **properties):
    properties = {"name": "Pier 2", "role": "export"} | properties
    coordinates = [ring] if kind == "Polygon" else ring
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def write(tmp_path, *features, **members):
    path = tmp_path / "port.geojson"
    document = {"type": "FeatureCollection", "features": list(features)} | members
    path.write_text(json.dumps(document))
    return path


def test_properties_that_are_null_are_absent(tmp_path):
    berth = feature(ring=[[x, y + 0.01] for x, y in SQUARE])
    berth["properties"] = {"name": None, "role": None, "kind": "berth", "pier": "Pier 2"}
    pier = feature(kind="Polygon") | {
        "properties": {"name": "Pier 2", "role": None, "kind": None, "pier": None, "aliases": None}
    }
    (read,) = Site.read(write(tmp_path, pier, berth))
    assert (read.name, read.role, read.aliases) == ("Pier 2", PierRole.YARD, ())
    assert read.berth is not None


def test_names_of_properties_may_be_in_any_case(tmp_path):
    pier = feature() | {"properties": {"NAME": "Pier 2", "Role": "import", "role": None, "id": 7}}
    (read,) = Site.read(write(tmp_path, pier))
    assert (read.name, read.role) == ("Pier 2", PierRole.IMPORT)
    site = Site.read(write(tmp_path, feature(), Aliases=["Port 1"]))
    assert site.aliases == ("Port 1",)


@pytest.mark.parametrize("slip", ["rol", "roles", "ROLE_"])
def test_a_slip_of_a_property_is_refused_with_what_was_meant(tmp_path, slip):
    pier = feature() | {"properties": {"name": "Pier 2", slip: "export"}}
    with pytest.raises(SiteError, match=f"has {slip!r}.*Did you mean 'role'"):
        Site.read(write(tmp_path, pier))
    assert len(Site.read(write(tmp_path, feature(**{slip: "export"})))) == 1


def test_a_slip_of_a_member_of_the_collection_is_refused(tmp_path):
    with pytest.raises(SiteError, match=r"has 'alert'.*Did you mean 'alerts'"):
        Site.read(write(tmp_path, feature(), alert=[]))


def test_aliases_may_be_a_text_with_semicolons(tmp_path):
    (read,) = Site.read(write(tmp_path, feature(aliases="Middle pier; Quay 2;")))
    assert read.aliases == ("Middle pier", "Quay 2")


def test_the_crs_that_qgis_writes_is_read(tmp_path):
    for name, code in (
        ("urn:ogc:def:crs:EPSG::32652", 32652),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 0),
    ):
        crs = {"type": "name", "properties": {"name": name}}
        site = Site.read(write(tmp_path, feature(), crs=crs))
        assert (site.crs.to_epsg() or 0) == code


def test_messages_name_the_file_as_copies_share_a_name(tmp_path):
    path = write(tmp_path, feature(), name="Rajin")
    with pytest.raises(SiteError, match="no pier is called 'Pier 9'") as caught:
        Site.read(path).pier("Pier 9")
    assert caught.value.subject == str(path)


def test_a_site_with_berth_aliases_and_name(tmp_path):
    path = write(
        tmp_path,
        feature(aliases=["Middle pier"]),
        feature(name="Pier 1", role="import", ring=[[x + 1, y] for x, y in SQUARE]),
        feature(kind="Polygon", ring=[[x, y + 0.01] for x, y in SQUARE])
        | {"properties": {"kind": "berth", "pier": "Pier 2"}},
        name="Rajin",
    )
    site = Site.read(path)
    assert site.name == "Rajin"
    assert [pier.name for pier in site] == ["Pier 2", "Pier 1"]
    assert len(site) == 2
    assert site.pier("Middle pier") is site.piers[0]
    assert site.piers[0].role is PierRole.EXPORT
    assert site.piers[0].berth.bounds == (0, 0.01, 0.01, 0.02)
    assert site.piers[1].berth is None
    assert site.crs.is_geographic
    with pytest.raises(SiteError, match="no pier is called 'Pier 9'"):
        site.pier("Pier 9")


def test_another_crs_must_be_declared_and_known(tmp_path):
    assert Site.read(write(tmp_path, feature(), crs="EPSG:32652")).crs.to_epsg() == 32652
    for wrong in ("EPSG:0", {"type": "name"}, 7, [1]):
        with pytest.raises(SiteError, match="crs is"):
            Site.read(write(tmp_path, feature(), crs=wrong))


NAN = [[0, 0], [float("nan"), 0], [1, 1], [0, 0]]
BOWTIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([feature(ring=BOWTIE)], "Self-intersection"),
        ([feature(ring=[])], "is empty"),
        ([feature(ring=SQUARE[:2])], "at least 4"),
        ([feature(ring=NAN)], "NaN is not a JSON number"),
        ([feature(ring=[["a", "b"]] * 4)], "could not convert"),
        ([feature(ring=7)], "pier 'Pier 2': 'int' object is not iterable"),
        ([feature(ring=[[0, 0], [1, 0], [2, 0], [0, 0]])], "Self-intersection|Too few"),
        ([feature(kind="MultiPolygon", ring=[])], "is empty"),
        ([feature(kind="Point", ring=[0, 0])], "has the geometry Point"),
        ([feature(name="")], "no name"),
        ([feature(name=5)], "name is 5"),
        ([feature(role="harbour")], "role is 'harbour'.*Write one of these"),
        ([feature(role="exprt")], 'role is \'exprt\'.*Write "role": "export"'),
        ([feature(Role="yard")], "has 'role' twice, as 'Role' too"),
        ([feature(aliases=7)], "aliases is 7"),
        ([feature(kind="Polygon") | {"properties": [1]}], "properties is"),
        ([feature(), feature()], "occurs twice"),
        ([feature(), feature(name="P", aliases=["Pier 2"])], "occurs twice"),
        ([feature() | {"properties": {"kind": "quay", "name": "x"}}], "kind is 'quay'"),
        ([feature() | {"properties": {"kind": "berth", "pier": "X"}}, feature()], "names the pier"),
        ([feature() | {"properties": {"kind": "berth", "pier": "X"}}] * 2, "two berths"),
        ([feature() | {"geometry": None}], "has no geometry"),
        ([feature() | {"type": "Thing"}], "not a Feature"),
        ([feature(name="A\n")], "cannot be printed"),
        ([feature(name="A\ud800")], "cannot be printed"),
        ([feature(), feature(name="Other")], "overlap"),
        ([feature(ring=[[x + 62000, y + 444000] for x, y in SQUARE])], "lies at"),
        (["x"], "not a Feature"),
        ([], "no features"),
    ],
)
def test_wrong_features_are_refused_with_the_file_and_what_to_do(tmp_path, features, words):
    path = write(tmp_path, *features)
    with pytest.raises(SiteError, match=words) as caught:
        Site.read(path)
    assert str(path) in str(caught.value)
    assert caught.value.limit
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'{"type": "Feature"}',
        b'{"type": "FeatureCollection"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_wrong_files_are_refused(tmp_path, content):
    path = tmp_path / "site.geojson"
    path.write_bytes(content)
    with pytest.raises(SiteError, match=r"site\.geojson"):
        Site.read(path)


def test_missing_and_huge_files_are_refused(tmp_path):
    with pytest.raises(SiteError, match="No such file"):
        Site.read(tmp_path / "none.geojson")
    huge = tmp_path / "huge.geojson"
    with huge.open("wb") as out:
        out.truncate(MAX_BYTES + 1)
    with pytest.raises(SiteError, match="at most"):
        Site.read(huge)


def test_deep_coordinates_are_refused(tmp_path):
    deep = "[" * 100_000 + "]" * 100_000
    path = tmp_path / "site.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        '{"name": "P"}, "geometry": {"type": "Polygon", "coordinates": ' + deep + "}}]}"
    )
    with pytest.raises(SiteError):
        Site.read(path)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, 'the 2nd feature has no name; .* Add "name": "Pier 2" to its properties'),
        ({"name": None}, "the 2nd feature has no name"),
        ({"name": "  "}, "the 2nd feature has no name"),
        ({"kind": "berth"}, 'the 2nd feature has no pier; .* Add "pier": "Pier 2"'),
        ({"name": 7}, 'the 2nd feature: name is 7; .* Write "name": "7"'),
        ({"kind": "pear"}, "the 2nd feature: kind is 'pear'; one of pier, berth is needed"),
    ],
)
def test_a_feature_without_a_name_is_named_by_its_place_with_what_to_write(
    tmp_path, properties, message
):
    path = write(tmp_path, feature(), feature() | {"properties": properties})
    with pytest.raises(SiteError, match=message):
        Site.read(path)


def test_places_in_a_list_are_ordinal_numbers():
    numbers = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th"}
    numbers |= {21: "21st", 100: "100th", 101: "101st", 112: "112th", 123: "123rd"}
    assert {number: ordinal(number) for number in numbers} == numbers


def test_outlines_are_the_same_however_they_are_written(tmp_path):
    """A closed ring, an open one, one with heights, a MultiPolygon of one part."""
    heights = [[x, y, 12.5] for x, y in SQUARE]
    written = [feature(), feature(ring=SQUARE[:-1]), feature(ring=heights)]
    written.append(feature(kind="MultiPolygon", ring=[[SQUARE]]))
    outlines = [Site.read(write(tmp_path, one)).piers[0].outline for one in written]
    assert {outline.wkb for outline in outlines} == {outlines[0].wkb}


def test_holes_and_parts_are_kept(tmp_path):
    hole = [[x / 2 + 0.002, y / 2 + 0.002] for x, y in SQUARE]
    far = [[x + 1, y] for x, y in SQUARE]
    (pier,) = Site.read(write(tmp_path, feature(kind="MultiPolygon", ring=[[SQUARE, hole], [far]])))
    assert pier.outline.geom_type == "MultiPolygon"
    assert pier.outline.area == pytest.approx(1e-4 * (2 - 0.25))
