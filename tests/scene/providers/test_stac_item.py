"""STAC Items on disk."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from cv.errors import SceneError, TimeError
from cv.scene.discovery.scene_folder import require_scenes
from cv.scene.scene import Scene
from tests.scene.conftest import UTM, WriteTiff

WHOLE = Affine.identity()


def item(assets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "harbour-17",
        "geometry": None,
        "properties": {"datetime": "2024-03-10T01:30:45Z", **properties},
        "links": [{"rel": "collection", "href": "https://example.org/collection.json"}],
        "assets": assets,
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.1.0/schema.json"],
        "collection": "harbours",
    }


def image(href: str, *roles: str, **fields: Any) -> dict[str, Any]:
    return {"href": href, "type": "image/tiff; application=geotiff", "roles": list(roles), **fields}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def folder(write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path) -> Path:
    write_tiff(colours, "item/scene.tif")
    write_tiff(255 - colours, "item/below/other.tif")
    write_tiff(colours, "outside.tif")
    return tmp_path / "item"


def write(folder: Path, document: object) -> Path:
    path = folder / "item.json"
    path.write_text(json.dumps(document))
    return path


def test_an_item(folder: Path, colours: np.ndarray) -> None:
    scene = Scene.open(write(folder, item({"visual": image("./scene.tif", "visual")})))
    assert scene.id == "harbour-17"
    assert scene.path == (folder / "scene.tif").resolve()
    assert scene.acquired == datetime(2024, 3, 10, 1, 30, 45, tzinfo=UTC)
    assert np.array_equal(scene.read(WHOLE, (40, 60)).rgb, np.moveaxis(colours, 0, 2))


@pytest.mark.parametrize(
    ("assets", "chosen"),
    [
        ({"a": image("scene.tif", "data"), "b": image("below/other.tif", "visual")}, "other.tif"),
        ({"analytic": image("scene.tif"), "data": image("below/other.tif")}, "scene.tif"),
        ({"thumb": image("scene.tif", "thumbnail"), "x": image("below/other.tif")}, "other.tif"),
        ({"x": image("scene.tif"), "qa": {"href": "https://example.org/a.xml"}}, "scene.tif"),
        ({"visual": image("below/../scene.tif")}, "scene.tif"),
    ],
)
def test_which_asset(folder: Path, assets: dict[str, Any], chosen: str) -> None:
    assert Scene.open(write(folder, item(assets))).path.name == chosen


@pytest.mark.parametrize("scheme", ["", "file://", "file://localhost"])
def test_absolute_hrefs(folder: Path, scheme: str) -> None:
    assets = {"visual": image(f"{scheme}{folder}/scene.tif")}
    assert Scene.open(write(folder, item(assets))).path.name == "scene.tif"


@pytest.mark.parametrize(
    "prefix", ["", "{folder}/", "file://{folder}/", "file://localhost{folder}/"]
)
@pytest.mark.parametrize("more", ["", "x" * 2**21])
def test_a_folder_gives_the_item_and_not_its_images(folder: Path, prefix: str, more: str) -> None:
    start = prefix.format(folder=folder)
    assets = {"visual": image(f"{start}scene.tif"), "udm2": image(f"{start}below/other.tif")}
    path = write(folder, item(assets, more=more))
    assert require_scenes(folder) == (path,)


@pytest.mark.parametrize(
    ("assets", "found"),
    [
        ({}, "no image"),
        ({"meta": {"href": "a.xml"}}, "no image among meta"),
        ({"a": image("scene.tif", "data"), "b": image("below/other.tif", "data")}, "images a, b"),
        ({"visual": image("https://example.org/scene.tif")}, "https://example.org/scene.tif"),
        ({"visual": image("s3://bucket/scene.tif")}, "s3://bucket"),
        ({"visual": image("//host/scene.tif")}, "//host"),
        ({"visual": image("file://host/scene.tif")}, "file://host"),
        ({"visual": image("../outside.tif")}, "../outside.tif"),
        ({"visual": image("below/../../outside.tif")}, "outside.tif"),
        ({"visual": image("/vsicurl/https://example.org/a.tif")}, "/vsicurl/"),
        ({"visual": image("none.tif")}, "No such file"),
        ({"visual": image("scene.tif"), "udm2": image("https://example.org/m.tif")}, "m.tif"),
        ({"visual": {"title": "no href"}}, "not a valid STAC Item"),
        ([1], "not a valid STAC Item"),
    ],
)
def test_assets_that_are_refused(folder: Path, assets: Any, found: str) -> None:
    with pytest.raises(SceneError) as caught:
        Scene.open(write(folder, item(assets)))
    assert found in str(caught.value)


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "link.tif").symlink_to(folder.parent / "outside.tif")
    with pytest.raises(SceneError, match="Item's folder"):
        Scene.open(write(folder, item({"visual": image("link.tif")})))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "Feature", "properties": {}},
        {"type": "Collection", "stac_version": "1.0.0"},
        {"type": "Feature", "stac_version": "1.0.0"},
        {"type": "Feature", "stac_version": "1.0.0", "id": 5, "properties": {"datetime": None}},
        {**item({}), "links": [5]},
        {**item({}), "properties": None},
    ],
)
def test_documents_that_are_not_an_item(folder: Path, document: object) -> None:
    with pytest.raises(SceneError) as caught:
        Scene.open(write(folder, document))
    assert "item.json" in str(caught.value)


def test_times(folder: Path) -> None:
    assets = {"visual": image("scene.tif")}
    span = {"datetime": None, "start_datetime": "2024-03-10T01:30:00Z"}
    short = item(assets, **span, end_datetime="2024-03-10T01:31:00Z")
    long = item(assets, **span, end_datetime="2024-03-12T01:31:00Z")
    assert Scene.open(write(folder, short)).acquired == datetime(2024, 3, 10, 1, 30, tzinfo=UTC)
    assert Scene.open(write(folder, long)).acquired is None
    with pytest.raises(TimeError, match="no zone"):
        Scene.open(write(folder, item(assets, datetime="2024-03-10T01:30:00")))


BGRN = ["blue", "green", "red", "nir"]


@pytest.mark.parametrize(
    "described",
    [
        {"eo:bands": [{"common_name": name} for name in BGRN]},
        {"bands": [{"name": f"B{n}", "eo:common_name": name} for n, name in enumerate(BGRN)]},
        {"bands": [{"name": name.title()} for name in BGRN]},
    ],
)
def test_bands(folder: Path, write_tiff: WriteTiff, described: dict[str, Any]) -> None:
    data = np.random.default_rng(0).integers(1, 255, (4, 20, 30), dtype=np.uint8)
    write_tiff(data, "item/four.tif", photometric="MINISBLACK")
    document = item({"data": image("four.tif", "data", **described)})
    scene = Scene.open(write(folder, document))
    assert scene.radiometry.bands == (3, 2, 1)
    assert np.array_equal(scene.read(WHOLE, (20, 30)).rgb, np.moveaxis(data[[2, 1, 0]], 0, 2))


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_reflectance(folder: Path, write_tiff: WriteTiff, version: str) -> None:
    data = np.full((4, 20, 30), 3500, np.uint16)
    write_tiff(data, "item/four.tif")
    scaling = {"scale": 0.0001, "offset": -0.1}
    if version == "1.0.0":
        described: dict[str, Any] = {
            "eo:bands": [{"common_name": name} for name in BGRN],
            "raster:bands": [scaling] * 4,
        }
    else:
        prefixed = {f"raster:{key}": value for key, value in scaling.items()}
        described = {"bands": [{"eo:common_name": name, **prefixed} for name in BGRN]}
    document = {**item({"data": image("four.tif", **described)}), "stac_version": version}
    scene = Scene.open(write(folder, document))
    assert scene.radiometry.name == "stac-reflectance"
    # 3500 x 0.0001 - 0.1 = 0.25, half of what becomes white.
    assert (scene.read(WHOLE, (20, 30)).rgb == round(255 * 0.5 ** (1 / 1.5))).all()


@pytest.mark.parametrize(
    "described",
    [
        {"scale": 0, "offset": 0},
        {"scale": -0.0001},
        {"scale": 1.0},
        {"scale": "0.0001"},
        {"scale": 0.0001, "offset": -1000},
        {"scale": float("nan")},
    ],
)
def test_a_scale_that_gives_no_reflectance_is_not_used(
    folder: Path, write_tiff: WriteTiff, described: dict[str, Any]
) -> None:
    write_tiff(np.full((4, 20, 30), 3500, np.uint16), "item/four.tif")
    bands = [{"name": name, **described} for name in BGRN]
    with pytest.raises(SceneError, match="without a declared radiometry"):
        Scene.open(write(folder, item({"data": image("four.tif", bands=bands)})))


def test_each_band_has_its_own_scale(folder: Path, write_tiff: WriteTiff) -> None:
    write_tiff(np.full((4, 20, 30), 1000, np.uint16), "item/four.tif")
    scaled = [{"scale": 1e-4 * n, "offset": 0.01 * n} for n in (1, 2, 3)]  # the last band: none
    described = {"eo:bands": [{"common_name": name} for name in BGRN], "raster:bands": scaled}
    scene = Scene.open(write(folder, item({"data": image("four.tif", **described)})))
    red, green, blue = (0.11 * n for n in (3, 2, 1))
    expected = [255 * (value / 0.5) ** (1 / 1.5) for value in (red, green, blue)]
    assert np.abs(scene.read(WHOLE, (20, 30)).rgb - np.array(expected)).max() <= 0.51


@pytest.mark.parametrize("identifier", ["", "a\nb", "a\0", "\ud800", 5, None, ["a"]])
def test_an_id_that_cannot_be_recorded_is_refused(folder: Path, identifier: object) -> None:
    document = {**item({"visual": image("scene.tif")}), "id": identifier}
    with pytest.raises(SceneError, match=r"not a valid STAC Item \(its id is"):
        Scene.open(write(folder, document))


def test_a_planet_item_with_its_mask(
    folder: Path, write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    bands = np.zeros((8, 40, 60), np.uint8)
    bands[0], bands[5, :10] = 1, 1
    write_tiff(colours, "item/a/20240310_013045_12_2480_3B_Visual.tif")
    write_tiff(bands, "item/b/20240310_013045_12_2480_3B_udm2.tif")
    assets = {
        "ortho_visual": image("a/20240310_013045_12_2480_3B_Visual.tif", "data"),
        "ortho_udm2": image("b/20240310_013045_12_2480_3B_udm2.tif", "data-mask"),
    }
    scene = Scene.open(write(folder, item(assets)))
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.75)
    assert scene.visibility(scene.grid.footprint).basis == "udm2"


def test_a_scene_loads_neither_matplotlib_nor_pandas() -> None:
    code = (
        "import sys; import cv.scene.scene; "
        "print([m for m in ('matplotlib', 'pandas') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


CLEAR_UDM2 = np.zeros((8, 40, 60), np.uint8)
CLEAR_UDM2[0, 10:], CLEAR_UDM2[5, :10] = 1, 1


@pytest.mark.parametrize("href", ["my%20scene%231.tif", "./my%20scene%231.tif", "my scene#1.tif"])
def test_a_percent_encoded_address(
    folder: Path, write_tiff: WriteTiff, colours: np.ndarray, href: str
) -> None:
    write_tiff(colours, "item/my scene#1.tif")
    write_tiff(CLEAR_UDM2, "item/my scene#1_udm2.tif")
    assets = {"visual": image(href), "udm2": image(href.replace(".tif", "_udm2.tif"))}
    path = write(folder, item(assets))
    scene = Scene.open(path)
    assert scene.path.name == "my scene#1.tif"
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.75)
    assert path in require_scenes(folder)
    assert scene.path not in require_scenes(folder)


def test_an_encoded_way_out_of_the_folder_is_refused(folder: Path) -> None:
    with pytest.raises(SceneError, match="Item's folder"):
        Scene.open(write(folder, item({"visual": image("%2e%2e/outside.tif")})))


def scl() -> np.ndarray:
    """A scene classification (1, 20, 30) of twice the pixel size: each class in one row."""
    classes = np.full((1, 20, 30), 4, np.uint8)
    classes[0, :12] = np.arange(12)[:, None]
    return classes


TWICE = UTM @ Affine.scale(2)
S2_CLASSES = [{"value": 4, "name": "vegetation"}, {"value": 9, "name": "cloud_high_probability"}]
DECLARED = [
    {"value": 1, "name": "clear"},
    {"value": 2, "name": "cloud-free"},
    {"value": 3, "name": "cloud"},
    {"value": 4, "description": "Cloud shadow"},
    {"value": 5, "name": "no-data"},
]


@pytest.mark.parametrize(
    ("asset", "hidden"),
    [
        ({"scl": image("mask.tif", "data")}, {0, 1, 3, 8, 9, 10}),
        ({"SCL": image("mask.tif", "data", **{"classification:classes": S2_CLASSES})}, {9}),
        ({"classes": image("mask.tif", **{"classification:classes": DECLARED})}, {3, 4, 5}),
        (
            {"m": image("mask.tif", bands=[{"name": "m", "classification:classes": DECLARED}])},
            {3, 4, 5},
        ),
        ({"clouds": image("mask.tif", "cloud")}, set(range(1, 12))),
        ({"valid": image("mask.tif", "data-mask")}, {0}),
    ],
)
def test_a_raster_of_classes_that_an_item_declares(
    folder: Path, write_tiff: WriteTiff, asset: dict[str, Any], hidden: set[int]
) -> None:
    write_tiff(scl(), "item/mask.tif", transform=TWICE)
    scene = Scene.open(write(folder, item({"visual": image("scene.tif"), **asset})))
    shown = (~np.isin(scl()[0], list(hidden))).mean()
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(shown)
    assert scene.basis == ("mask" if hidden == {0} else "udm2")
    assert scene.unused_masks == ()


@pytest.mark.parametrize("href", ["scl.jp2", "https://example.org/scl.tif", "none.tif"])
def test_a_raster_of_classes_that_cannot_be_read_is_named(folder: Path, href: str) -> None:
    assets = {"visual": image("scene.tif"), "scl": image(href)}
    scene = Scene.open(write(folder, item(assets)))
    assert scene.unused_masks == (href,)


def test_a_udm2_comes_before_a_raster_of_classes(folder: Path, write_tiff: WriteTiff) -> None:
    write_tiff(scl(), "item/scl.tif", transform=TWICE)
    write_tiff(CLEAR_UDM2, "item/m.tif")
    assets = {
        "visual": image("scene.tif"),
        "scl": image("scl.tif"),
        "udm2": image("m.tif"),
    }
    scene = Scene.open(write(folder, item(assets)))
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.75)


@pytest.mark.parametrize("href", ["scene.tif", "./sc%65ne.tif", "below/../scene.tif"])
def test_an_image_that_is_given_by_its_path_gets_the_mask_of_the_item_beside_it(
    folder: Path, write_tiff: WriteTiff, href: str
) -> None:
    """Its mask is called m.tif, which only the Item says; no other image gets it."""
    write_tiff(CLEAR_UDM2, "item/m.tif")
    assets = {"visual": image(href), "udm2": image("m.tif")}
    write(folder, item(assets, **{"eo:cloud_cover": 30}))
    scene = Scene.open(folder / "scene.tif")
    assert scene.id == "scene"
    assert scene.basis == "udm2"
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.75)
    assert scene.conditions.cloud_cover == pytest.approx(0.3)
    assert Scene.open(folder / "below/other.tif").udm2 is None


def test_a_mask_elsewhere_is_named_when_the_image_is_given_by_its_path(folder: Path) -> None:
    href = "https://example.org/udm2.tif"
    write(folder, item({"visual": image("scene.tif"), "udm2": image(href)}))
    assert Scene.open(folder / "scene.tif").unused_masks == (href,)


def test_an_item_that_is_not_valid_keeps_no_image_from_being_read(folder: Path) -> None:
    document = item({"visual": image("scene.tif"), "udm2": {"address": "m.tif"}})
    write(folder, document)
    assert Scene.open(folder / "scene.tif").udm2 is None


@pytest.mark.parametrize("place", [".", "below"])
def test_an_item_collection_is_read_item_by_item(
    folder: Path, write_tiff: WriteTiff, colours: np.ndarray, place: str
) -> None:
    for name in ("one", "two"):
        write_tiff(colours, f"item/{place}/{name}.tif")
        write_tiff(CLEAR_UDM2, f"item/{place}/masks-{name}-q.tif")
    (folder / "scene.tif").unlink()
    (folder / "below/other.tif").unlink()
    features = [
        {
            **item(
                {
                    "visual": image(f"{place}/{name}.tif"),
                    "udm2": image(f"{place}/masks-{name}-q.tif"),
                },
                datetime=f"2024-03-1{number}T01:30:45Z",
            ),
            "id": f"item {name}",
        }
        for number, name in enumerate(("one", "two"))
    ]
    path = folder / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    scenes = [Scene.open(one) for one in require_scenes(folder)]
    assert [scene.id for scene in scenes] == ["item one", "item two"]
    assert [scene.acquired.day for scene in scenes if scene.acquired] == [10, 11]
    for scene in scenes:
        assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.75)
    assert require_scenes(path) == require_scenes(folder)
    with pytest.raises(SceneError, match="ItemCollection"):
        Scene.open(path)
