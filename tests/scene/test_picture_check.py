"""Rasters that are no pictures are no scenes; pictures, also faint ones, are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from cv.errors import SceneError
from cv.scene.discovery.scene_folder import left_out_at, require_scenes
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff

RNG = np.random.default_rng(3)
Y, X = np.mgrid[:100, :100]
CLASSES = ((X // 20 + Y // 25) % 5).astype(np.uint8)[None]
GREY = RNG.integers(3, 250, (1, 100, 100), dtype=np.uint8)
HEIGHTS = (-12.5 + X / 3 + Y / 7).astype(np.float32)[None]
INDEX = np.clip(RNG.normal(0.2, 0.3, (1, 100, 100)), -1, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("port.tif", CLASSES, "5 distinct values"),
        ("port.tif", (CLASSES > 2).astype(np.uint8), "2 distinct values"),
        ("port.tif", CLASSES.astype(np.uint16) * 100, "5 distinct values"),
        ("port.tif", INDEX, "an index"),
        ("port.tif", HEIGHTS, "an elevation model"),
        ("port_ndvi.tif", GREY, "an index by its name"),
        ("port_DEM.tif", GREY.astype(np.int16), "an elevation model by its name"),
        ("port_hillshade.tif", GREY, "an elevation model by its name"),
        ("port_SCL.tif", GREY, "a mask by its name"),
        ("port_landcover.tif", GREY, "a raster of classes by its name"),
        ("port_cloudmask.tif", GREY, "a mask by its name"),
        ("composite_udm2.tif", GREY.repeat(8, axis=0), "a mask by its name"),
    ],
)
def test_what_is_no_picture_is_refused(
    write_tiff: WriteTiff, name: str, data: np.ndarray, found: str
) -> None:
    path = write_tiff(data, name)
    with pytest.raises(SceneError, match="not a picture") as caught:
        Scene.open(path, radiometry=None if data.dtype == np.uint8 else "limits:0-1")
    assert found in caught.value.found


def test_the_name_of_a_band_and_of_classes(write_tiff: WriteTiff) -> None:
    path = write_tiff(GREY)
    Scene.open(path)
    with rasterio.open(path, "r+") as dataset:
        dataset.set_band_description(1, "NDVI")
    with pytest.raises(SceneError, match="an index by its band's name"):
        Scene.open(path)
    path = write_tiff(GREY, "other.tif")
    path.with_name("other.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category>sea</Category>'
        "</CategoryNames></PAMRasterBand></PAMDataset>"
    )
    with pytest.raises(SceneError, match="a raster of classes, which it names"):
        Scene.open(path)


@pytest.mark.parametrize(
    ("data", "radiometry"),
    [
        (GREY, None),
        (GREY.astype(np.uint16) * 8, "pan-11bit"),
        ((GREY // 25 + 120).astype(np.uint8), None),  # a faint picture in fog
        ((GREY / 1000).astype(np.float32), "limits:0-0.5"),
        ((GREY / 1000 - 0.01).astype(np.float32), "limits:0-0.5"),
        (np.full((1, 100, 100), 90, np.uint8), None),
        (CLASSES.repeat(3, axis=0), None),
    ],
)
def test_a_picture_is_a_scene(
    write_tiff: WriteTiff, data: np.ndarray, radiometry: str | None
) -> None:
    assert Scene.open(write_tiff(data), radiometry=radiometry).grid.shape == (100, 100)


def test_a_folder_leaves_them_out_and_says_so(
    write_tiff: WriteTiff, tmp_path: Path, colours: np.ndarray
) -> None:
    image = write_tiff(colours, "port.tif")
    for name in ("port_cloudmask.tif", "classes.tif"):
        write_tiff(CLASSES, name)
    assert require_scenes(tmp_path) == (image,)
    left = {one.path.name: one.reason for one in left_out_at(tmp_path)}
    assert left.keys() == {"port_cloudmask.tif", "classes.tif"}
    assert all("not a picture" in reason for reason in left.values())
