"""Files that GDAL and GIS programs write beside an image: masks, PAM, world files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from pyproj import CRS

from cv.errors import SceneError
from cv.scene.raster_header import read_header
from cv.scene.raster_reader import is_nodata
from cv.scene.scene import Scene
from tests.scene.conftest import UTM, WriteTiff

SEEN = np.ones((40, 60), bool)
SEEN[:10] = False


def fraction(scene: Scene) -> float:
    return scene.visibility(scene.grid.footprint).fraction


def write_external_mask(path: Path, seen: np.ndarray) -> None:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(seen)


@pytest.mark.parametrize("name", ["scene.tif.msk", "scene.msk"])
def test_an_external_mask(write_tiff: WriteTiff, colours: np.ndarray, name: str) -> None:
    path = write_tiff(colours)
    write_external_mask(path, SEEN)
    path.with_name("scene.tif.msk").rename(path.with_name(name))
    scene = Scene.open(path)
    assert fraction(scene) == pytest.approx(0.75)
    assert np.array_equal(scene.read(Affine.identity(), (40, 60)).valid_mask, SEEN)
    assert np.array_equal(scene.read(Affine.scale(2), (20, 30)).valid_mask, SEEN[::2, ::2])
    assert path.with_name(name) in scene.sources
    assert scene.mask_digest
    assert scene.unused_masks == ()


def test_an_external_mask_of_another_shape_is_named(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    path = write_tiff(colours)
    write_tiff(np.full((1, 20, 30), 255, np.uint8), "scene.tif.msk")
    assert Scene.open(path).unused_masks == ("scene.tif.msk",)
    path.with_name("scene.tif.msk").write_bytes(b"EHFA_HEADER_TAG")
    assert Scene.open(path).unused_masks == ("scene.tif.msk",)


def test_a_truncated_external_mask_is_refused(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    mask = write_tiff(np.full((1, 40, 60), 255, np.uint8), "scene.tif.msk")
    mask.write_bytes(mask.read_bytes()[:-500])
    with pytest.raises(SceneError, match="truncated"):
        Scene.open(write_tiff(colours))


def write_pam(path: Path, *bands: str, srs: str = "", place: str = "") -> None:
    text = "".join(
        f'<PAMRasterBand band="{number}">{content}</PAMRasterBand>'
        for number, content in enumerate(bands, 1)
    )
    path.with_name(path.name + ".aux.xml").write_text(
        f"<PAMDataset>{srs}{place}{text}</PAMDataset>"
    )


def test_nodata_in_a_pam_file(write_tiff: WriteTiff) -> None:
    data = np.where(SEEN, 700, -9999).astype(np.int16)[None].repeat(3, axis=0)
    path = write_tiff(data)
    write_pam(path, *["<NoDataValue>-9.99900000000000E+03</NoDataValue>"] * 3)
    with rasterio.open(path) as dataset:
        assert dataset.nodata == -9999
    assert fraction(Scene.open(path, radiometry="limits:0-1000")) == pytest.approx(0.75)


def test_the_exact_nodata_of_a_pam_file(write_tiff: WriteTiff) -> None:
    lowest = float(np.finfo(np.float32).min)
    data = np.where(SEEN, 0.3, lowest).astype(np.float32)[None]
    path = write_tiff(data)
    exact = "000000E0FFFFEFC7"  # little-endian bytes of the lowest float32
    write_pam(path, f'<NoDataValue le_hex_equiv="{exact}">-3.40282E+38</NoDataValue>')
    assert read_header(path).nodata == (lowest,)
    assert fraction(Scene.open(path, radiometry="limits:0-1")) == pytest.approx(0.75)


def test_georeference_colours_and_names_in_a_pam_file(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    path = write_tiff(colours, crs=None, transform=None)
    place = "<GeoTransform> 5.0e+05, 0.5, 0.0, 4.0e+06, 0.0, -0.5</GeoTransform>"
    srs = f'<SRS dataAxisToSRSAxisMapping="1,2">{CRS("EPSG:32652").to_wkt("WKT1_GDAL")}</SRS>'
    colour = "<ColorInterp>{}</ColorInterp><Description>band {}</Description>"
    bands = [colour.format(name, name) for name in ("Blue", "Green", "Red")]
    write_pam(path, *bands, srs=srs.replace('"EPSG"', '"EPSG"'), place=place)
    header = read_header(path)
    assert header.transform == UTM
    assert header.crs == CRS("EPSG:32652")
    assert header.rgb_bands == (3, 2, 1)
    assert header.band_names == ("band Blue", "band Green", "band Red")


@pytest.mark.parametrize(
    "text",
    [
        "<PAMDataset><GeoTransform>1, 2</GeoTransform></PAMDataset>",
        "<PAMDataset><SRS>nowhere</SRS></PAMDataset>",
        "<PAMDataset>",
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>x</NoDataValue></PAMRasterBand>'
        "</PAMDataset>",
    ],
)
def test_a_damaged_pam_file_is_refused(
    write_tiff: WriteTiff, colours: np.ndarray, text: str
) -> None:
    path = write_tiff(colours)
    path.with_name("scene.tif.aux.xml").write_text(text)
    with pytest.raises(SceneError, match=r"aux\.xml"):
        Scene.open(path)


@pytest.mark.parametrize(
    ("name", "world"),
    [
        ("a.png", "a.pgw"),
        ("a.jpg", "a.jgw"),
        ("a.jpeg", "a.jgw"),
        ("a.tif", "a.tfw"),
        ("a.tif", "a.tifw"),
        ("a.png", "a.wld"),
        ("a.png", "a.PGW"),
    ],
)
def test_world_files(tmp_path: Path, name: str, world: str) -> None:
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / name)
    (tmp_path / world).write_text("0.5\n0.0\n0.0\n-0.5\n500000.25\n3999999.75\n")
    (tmp_path / "a.prj").write_text(CRS("EPSG:32652").to_wkt("WKT1_ESRI"))
    grid = Scene.open(tmp_path / name).grid
    assert grid.transform == UTM
    assert grid.crs is not None
    assert grid.crs.equals(CRS(CRS("EPSG:32652").to_wkt("WKT1_ESRI")))


@pytest.mark.parametrize("text", ["1 2 3", "a b c d e f", "1 0 0 0 5 5", "1 0 0 nan 5 5"])
def test_a_damaged_world_file_is_refused(tmp_path: Path, text: str) -> None:
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text(text)
    with pytest.raises(SceneError, match="not a world file"):
        Scene.open(tmp_path / "a.png")


LOWEST = float(np.finfo(np.float32).min)


@pytest.mark.parametrize(
    ("dtype", "nodata", "near"),
    [
        ("float32", -9999.0, [-9999.0, -9999.001, -9998.99, -9998.0]),
        ("float32", -9999.9, [-9999.9, -9999.899, -9999.0]),
        ("float32", 0.1, [0.1, np.nextafter(np.float32(0.1), np.float32(1)), 0.1001]),
        ("float32", LOWEST, [LOWEST, np.nextafter(np.float32(LOWEST), np.float32(0)), -1e38]),
        ("float32", -3.4028234663852886e38 * (1 + 1e-12), [LOWEST, 0.0]),
        ("float32", float("nan"), [0.0, 1.0, np.nan]),
        ("float32", 0.0, [0.0, 1e-30, 1e-3]),
        ("uint8", 0.0, [0, 1, 255]),
        ("uint16", 65535.0, [65535, 65534, 0]),
        ("int16", -32768.0, [-32768, 0, 1]),
    ],
)
def test_nodata_is_compared_as_gdal_compares_it(
    write_tiff: WriteTiff, dtype: str, nodata: float, near: list[float]
) -> None:
    values = np.array(near, np.float64).astype(dtype)
    data = np.resize(values, (1, 4, len(near)))
    path = write_tiff(data, nodata=nodata)
    with rasterio.open(path) as dataset:
        expected = dataset.read_masks(1) == 0
        declared = dataset.nodata
    assert expected.any()
    assert np.array_equal(is_nodata(data[0], declared), expected)


@pytest.mark.parametrize("nodata", [-9999.0, 70000.0, float("nan"), float("inf"), None])
def test_nodata_beyond_the_range_of_a_type_occurs_nowhere(nodata: float | None) -> None:
    assert not is_nodata(np.array([0, 1, 65535], np.uint16), nodata).any()


def test_each_band_has_its_own_nodata(write_tiff: WriteTiff) -> None:
    data = np.full((3, 40, 60), 70, np.uint8)
    data[:, ~SEEN] = np.array([1, 2, 3])[:, None]
    data[0, 20, 20] = 1  # one band alone is a measured value
    path = write_tiff(data)
    write_pam(path, *[f"<NoDataValue>{n}</NoDataValue>" for n in (1, 2, 3)])
    assert fraction(Scene.open(path)) == pytest.approx(0.75)
