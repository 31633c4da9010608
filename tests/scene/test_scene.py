"""What is opened, and that pixels and places are those rasterio sees."""

from __future__ import annotations

import gc
import hashlib
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from pyproj import CRS
from rasterio.enums import ColorInterp
from rasterio.shutil import copy as raster_copy

from cv.errors import SceneError
from cv.scene.scene import Scene
from tests.scene.conftest import UTM, WriteTiff

WHOLE = Affine.identity()


def test_a_tiff_read_pixel_for_pixel_is_what_rasterio_reads(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    path = write_tiff(colours)
    with Scene.open(path) as scene, rasterio.open(path) as truth:
        patch = scene.read(WHOLE, (40, 60))
        assert np.array_equal(np.moveaxis(patch.rgb, 2, 0), truth.read())
        assert patch.valid_mask.all()
        assert scene.grid.shape == truth.shape
        assert scene.grid.transform == truth.transform
        assert scene.grid.crs == CRS.from_epsg(32652)
    assert (scene.id, scene.acquired, scene.radiometry.name) == ("scene", None, "visual")


@pytest.mark.parametrize("bands", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_one_to_eight_bands(write_tiff: WriteTiff, bands: int, dtype: str, interleave: str) -> None:
    data = np.random.default_rng(bands).integers(1, 255, (bands, 20, 30)).astype(dtype)
    path = write_tiff(data, interleave=interleave)
    first, last = min(2, bands), bands
    scene = Scene.open(path, radiometry=f"limits:0-255:{last},1,{first}")
    rgb = scene.read(WHOLE, (20, 30)).rgb
    assert np.array_equal(np.moveaxis(rgb, 2, 0), data[[last - 1, 0, first - 1]].astype(np.uint8))


@pytest.mark.parametrize("options", [{"tiled": True, "blockxsize": 16, "blockysize": 16}, {}])
@pytest.mark.parametrize("compress", ["none", "deflate", "lzw", "packbits"])
def test_layouts(
    write_tiff: WriteTiff, colours: np.ndarray, options: dict[str, int], compress: str
) -> None:
    scene = Scene.open(write_tiff(colours, compress=compress, **options))
    assert np.array_equal(scene.read(WHOLE, (40, 60)).rgb, np.moveaxis(colours, 0, 2))


def test_bigtiff_and_big_endian(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    for number, options in enumerate(({"bigtiff": "YES"}, {"endianness": "BIG"})):
        scene = Scene.open(write_tiff(colours, f"{number}.tif", **options))
        assert np.array_equal(scene.read(WHOLE, (40, 60)).rgb, np.moveaxis(colours, 0, 2))


def test_cog(write_tiff: WriteTiff, tmp_path: Path) -> None:
    data = np.full((3, 700, 900), 90, np.uint8)
    cog = tmp_path / "cog.tif"
    raster_copy(write_tiff(data), cog, driver="COG", blocksize=256)
    with rasterio.open(cog) as truth:
        assert truth.overviews(1)
    patch = Scene.open(cog).read(Affine.scale(3), (200, 300))
    assert patch.valid_mask.all()
    assert (patch.rgb == 90).all()


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:32652", UTM),
        ("EPSG:32652", UTM @ Affine.rotation(33)),
        ("EPSG:32652", Affine(0.5, 0.0, 500000.0, 0.0, 0.5, 4000000.0)),
        ("EPSG:28992", Affine(0.25, 0.0, 62400.0, 0.0, -0.25, 444600.0)),
        ("EPSG:4326", Affine(4e-6, 0.0, 128.0, 0.0, -3e-6, 36.0)),
        ("EPSG:4326", Affine(4e-6, 0.0, 179.99995, 0.0, -3e-6, -17.0)),
        ("EPSG:32760", Affine(0.5, 0.0, 821000.0, 0.0, -0.5, 8118000.0)),
    ],
    ids=["utm", "rotated", "south-up", "rd", "degrees", "antimeridian", "utm-antimeridian"],
)
def test_grids(write_tiff: WriteTiff, colours: np.ndarray, crs: str, transform: Affine) -> None:
    scene = Scene.open(write_tiff(colours, crs=crs, transform=transform))
    assert scene.grid.crs == CRS.from_user_input(crs)
    assert scene.grid.transform.almost_equals(transform, 1e-9)
    assert np.array_equal(scene.read(WHOLE, (40, 60)).rgb, np.moveaxis(colours, 0, 2))
    assert 0.2 < min(scene.grid.local_plane().gsd_m) <= max(scene.grid.local_plane().gsd_m) < 0.6


@pytest.mark.parametrize(("gsd", "pair"), [(0.3, (0.3, 0.3)), ((0.34, 0.25), (0.34, 0.25))])
@pytest.mark.parametrize("name", ["a.png", "a.PNG", "photo.tif"])
def test_png_with_a_gsd(
    tmp_path: Path,
    colours: np.ndarray,
    name: str,
    gsd: float | tuple[float, float],
    pair: tuple[float, float],
) -> None:
    path = tmp_path / name  # the first bytes decide, not the ending
    Image.fromarray(np.moveaxis(colours, 0, 2)).save(path, format="PNG")
    scene = Scene.open(path, gsd)
    assert scene.grid.crs is None
    assert scene.grid.local_plane().gsd_m == pytest.approx(pair)
    assert np.array_equal(scene.read(WHOLE, (40, 60)).rgb, np.moveaxis(colours, 0, 2))


def test_png_kinds(tmp_path: Path, colours: np.ndarray) -> None:
    grey, alpha = colours[0], np.where(np.arange(60) < 15, 0, 255).astype(np.uint8)
    alpha = np.broadcast_to(alpha, grey.shape)
    for name, planes in (("L", [grey]), ("LA", [grey, alpha]), ("RGBA", [*colours, alpha])):
        path = tmp_path / f"{name}.png"
        Image.fromarray(np.dstack(planes).squeeze(), mode=name).save(path)
        patch = Scene.open(path, 0.3).read(WHOLE, (40, 60))
        expected = np.dstack(planes[:3] if name == "RGBA" else [grey] * 3)
        clear = np.ones(grey.shape, bool) if name == "L" else alpha > 0
        assert np.array_equal(patch.valid_mask, clear)
        assert np.array_equal(patch.rgb, expected * clear[..., None])


def test_jpeg_with_a_gsd(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    picture = Image.new("RGB", (64, 48), (200, 100, 50))
    picture.save(path, quality=95)
    rgb = Scene.open(path, 0.2).read(WHOLE, (48, 64)).rgb
    assert np.array_equal(rgb, np.asarray(Image.open(path)))


def test_a_tiff_without_georeference_takes_a_gsd(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    scene = Scene.open(write_tiff(colours, crs=None, transform=None), 0.4)
    assert scene.grid.crs is None
    assert scene.grid.local_plane().gsd_m == pytest.approx((0.4, 0.4))


def test_a_world_file_beside_a_georeferenced_image_and_overviews_are_not_read(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path
) -> None:
    path = write_tiff(colours)
    other = UTM @ Affine.translation(1000, 1000)
    (tmp_path / "scene.tfw").write_text("1\n0\n0\n-1\n5\n5\n")
    write_tiff(np.zeros((3, 20, 30), np.uint8), "scene.tif.ovr", transform=other)
    scene = Scene.open(path)
    assert scene.grid.transform == UTM
    assert scene.acquired is None
    patch = scene.read(Affine.scale(2), (20, 30))
    assert patch.valid_mask.all()
    assert patch.rgb.min() > 0


def test_the_digest_is_that_of_the_file(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    path = write_tiff(colours)
    assert Scene.open(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_threads_read_the_same(write_tiff: WriteTiff) -> None:
    data = np.random.default_rng(1).integers(1, 255, (3, 400, 400), dtype=np.uint8)
    scene = Scene.open(write_tiff(data, compress="deflate", tiled=True, nodata=0))
    maps = [Affine.translation(7 * i, 5 * i) @ Affine.scale(0.7 + i / 10) for i in range(12)]
    alone = [scene.read(to_pixel, (90, 80)) for to_pixel in maps]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda to_pixel: scene.read(to_pixel, (90, 80)), maps * 3))
    for one, other in zip(alone * 3, together, strict=True):
        assert np.array_equal(one.rgb, other.rgb)
        assert np.array_equal(one.valid_mask, other.valid_mask)


def test_files_are_closed(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    path = write_tiff(colours)
    links = Path("/proc/self/fd")
    if not links.is_dir():
        pytest.skip("open files are listed on Linux only")

    def is_open() -> bool:
        targets = [link.readlink() for link in links.iterdir() if link.is_symlink()]
        return path in targets

    scene = Scene.open(path)
    scene.read(WHOLE, (4, 4))
    assert is_open()
    scene.close()
    assert not is_open()
    scene.read(WHOLE, (4, 4))
    assert is_open()
    del scene
    gc.collect()
    assert not is_open()


def test_a_scene_travels_to_another_process(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    scene = Scene.open(write_tiff(colours))
    twin = pickle.loads(pickle.dumps(scene))
    assert np.array_equal(twin.read(WHOLE, (40, 60)).rgb, scene.read(WHOLE, (40, 60)).rgb)


def test_an_unnamed_fourth_band_is_not_taken_for_colour(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    data = np.concatenate([colours, colours[:1]])
    path = write_tiff(data, photometric="RGB", alpha="no")
    with rasterio.open(path) as truth:
        assert truth.colorinterp[3] == ColorInterp.undefined
    rgb = Scene.open(path).read(WHOLE, (40, 60)).rgb
    assert np.array_equal(rgb, np.moveaxis(colours, 0, 2))


def test_a_name_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scene_\udcff.tif"
    path.write_bytes(b"II*\0")
    with pytest.raises(SceneError, match="a name that is not Unicode"):
        Scene.open(path)
