"""Every refusal names the file, what was found, the limit and the remedy."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from PIL import Image
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC

from cv.errors import InputError, SceneError
from cv.scene.scene import Scene
from tests.scene.conftest import UTM, WriteTiff

RGB = np.full((3, 64, 64), 90, np.uint8)
LOCAL = (
    'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
    'LENGTHUNIT["metre",1]]'
)


def refused(path: str | Path, found: str, *arguments: object, **options: object) -> SceneError:
    with pytest.raises(SceneError) as caught:
        Scene.open(path, *arguments, **options)  # type: ignore[arg-type]
    error = caught.value
    assert found.lower() in error.found.lower()
    assert Path(path).name in str(error)
    assert isinstance(error, InputError)
    for part in (error.found, error.limit, error.remedy):
        assert part
        assert part in str(error)
    return error


def test_missing_and_not_files(tmp_path: Path) -> None:
    refused(tmp_path / "none.tif", "no such file")
    refused(tmp_path, "not a file")
    fifo = tmp_path / "pipe.tif"
    os.mkfifo(fifo)
    refused(fifo, "not a file")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a.tif",
        "s3://bucket/a.tif",
        "/vsicurl/https://example.org/a.tif",
        "/vsizip/a.zip/a.tif",
        "zip+file://a.zip!a.tif",
        "ftp:/example.org/a.tif",
    ],
)
def test_addresses(address: str) -> None:
    refused(address, "an address")
    refused(Path(address), "an address")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "0 bytes"),
        (b'<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>', "VRT"),
        (b"\xef\xbb\xbf  <VRTDataset/>", "VRT"),
        (b"<!DOCTYPE html><html>sign in</html>", "HTML"),
        (b"<html>404</html>", "HTML"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x00\x00\x00\x0cjP  \r\n", "JPEG 2000"),
        (b"hello", "not an image"),
        (b"II*", "not an image"),
        (b"II*\x00", "cannot be decoded"),
        (b"II*\x00" + b"\xff" * 400, "cannot be decoded"),
        (b"MM\x00*" + b"\x00" * 400, "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "cannot be decoded"),
        (b"\xff\xd8\xff" + b"\x00" * 40, "cannot be decoded"),
    ],
)
def test_what_is_no_image(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "scene.tif"
    path.write_bytes(content)
    refused(path, found, 0.3)


def test_a_vrt_is_never_followed(write_tiff: WriteTiff, tmp_path: Path) -> None:
    source = write_tiff(RGB, "source.tif")
    path = tmp_path / "scene.tif"
    rasterio.shutil.copy(source, path, driver="VRT")
    assert rasterio.open(path).driver == "VRT"
    refused(path, "VRT")


def test_subdataset_names_are_only_names(write_tiff: WriteTiff, tmp_path: Path) -> None:
    path = write_tiff(RGB)
    refused(f"GTIFF_DIR:1:{path}", "")
    path.rename(tmp_path / "GTIFF_DIR:1:scene.tif")
    assert Scene.open(tmp_path / "GTIFF_DIR:1:scene.tif").grid.shape == (64, 64)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95, 0.99])
@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_truncated_tiffs(write_tiff: WriteTiff, keep: float, tiled: bool, interleave: str) -> None:
    data = np.random.default_rng(0).integers(0, 255, (3, 256, 256), dtype=np.uint8)
    shape = {"blockxsize": 64, "blockysize": 64} if tiled else {}
    path = write_tiff(data, tiled=tiled, interleave=interleave, **shape)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    refused(path, "truncated")


def test_corrupt_tiffs(write_tiff: WriteTiff) -> None:
    path = write_tiff(
        np.random.default_rng(0).integers(0, 255, (3, 256, 256), dtype=np.uint8),
        compress="deflate",
    )
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = b"\xaa" * 2000
    path.write_bytes(content)
    scene = Scene.open(path)
    for call in (
        lambda: scene.read(Affine.identity(), (256, 256)),
        lambda: scene.read(Affine.scale(4), (64, 64)),
        lambda: Scene.open(path, radiometry="percentile"),
    ):
        with pytest.raises(SceneError, match="cannot be decoded"):
            call()


def test_a_corrupt_mask_stops_visibility(write_tiff: WriteTiff) -> None:
    data = np.random.default_rng(0).integers(0, 255, (3, 256, 256), dtype=np.uint8)
    path = write_tiff(data, compress="deflate", nodata=0)
    content = bytearray(path.read_bytes())
    content[90000:92000] = b"\xaa" * 2000
    path.write_bytes(content)
    scene = Scene.open(path)
    with pytest.raises(SceneError, match="cannot be decoded"):
        scene.visibility(scene.grid.footprint)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("keep", [0.4, 0.9])
def test_truncated_pictures(tmp_path: Path, form: str, keep: float) -> None:
    path = tmp_path / "a.img"
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, format=form)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(SceneError, match="cannot be decoded"):
        Scene.open(path, 0.3).read(Affine.identity(), (200, 200))


def huge_tiff(path: Path, side: int, bands: int) -> None:
    """A TIFF that claims one tile of `side` x `side` pixels."""
    entries = [
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (277, 3, 1, bands),
        (284, 3, 1, 1),
        (322, 4, 1, side),
        (323, 4, 1, side),
        (324, 4, 1, 4096),
        (325, 4, 1, 16),
    ]
    body = struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", 0)
    path.write_bytes(b"II*\x00" + struct.pack("<I", 8) + body)


def test_blocks_larger_than_64_mb(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    huge_tiff(path, 16384, 1)
    error = refused(path, "blocks of 16384 x 16384 pixels", 0.3)
    assert str(64 * 2**20) in error.limit


def test_a_block_counts_all_its_bands(write_tiff: WriteTiff) -> None:
    data = np.zeros((3, 4800, 4800), np.uint8)
    options = {"compress": "deflate", "tiled": True, "blockxsize": 4800, "blockysize": 4800}
    refused(write_tiff(data, "pixel.tif", interleave="pixel", **options), "69120000 bytes")
    assert Scene.open(write_tiff(data, "band.tif", interleave="band", **options))


def test_more_than_8_bands(write_tiff: WriteTiff) -> None:
    refused(write_tiff(np.zeros((9, 8, 8), np.uint8)), "9 bands")


@pytest.mark.parametrize("dtype", ["int8", "uint32", "int32", "float64", "complex64"])
def test_data_types(write_tiff: WriteTiff, dtype: str) -> None:
    refused(write_tiff(np.zeros((3, 8, 8), dtype)), dtype)


def test_bits_and_palettes(write_tiff: WriteTiff, tmp_path: Path) -> None:
    refused(write_tiff(np.zeros((1, 8, 8), np.uint8), nbits=1), "1 bits")
    path = tmp_path / "palette.png"
    Image.fromarray(RGB[0]).convert("P").save(path)
    refused(path, "palette", 0.3)


@pytest.mark.parametrize(
    ("crs", "transform", "found"),
    [
        (None, None, "no georeference"),
        (None, UTM, "no CRS"),
        ("EPSG:32652", None, "a CRS but no transform"),
        ("EPSG:32652", Affine.identity(), "a CRS but no transform"),
        ("EPSG:32652", Affine(0, 0, 0, 0, 0, 0), "a CRS but no transform"),
        ("EPSG:32652", Affine(0.5, 0.5, 5e5, 0.5, 0.5, 4e6), "the transform"),
        ("EPSG:32652", Affine(4e-6, 0, 128, 0, -4e-6, 36), "on the ground"),
        ("EPSG:4326", UTM, "on the ground"),
        ("EPSG:32652", Affine(5000, 0, 5e5, 0, -5000, 4e6), "on the ground"),
        ("EPSG:4978", UTM, "CRS"),
        (LOCAL, UTM, "CRS"),
    ],
)
def test_places(
    write_tiff: WriteTiff, crs: str | None, transform: Affine | None, found: str
) -> None:
    refused(write_tiff(RGB, crs=crs, transform=transform), found)


def test_control_points_and_polynomials(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "count": 3, "height": 64, "width": 64, "dtype": "uint8"}
    corners = [(0, 0), (0, 64), (64, 0), (64, 64)]
    points = [GroundControlPoint(r, c, 5e5 + c, 4e6 - r) for r, c in corners]
    with rasterio.open(tmp_path / "gcp.tif", "w", **profile) as dataset:
        dataset.write(RGB)
        dataset.gcps = (points, rasterio.CRS.from_epsg(32652))
    refused(tmp_path / "gcp.tif", "ground control points only")
    unit = [1.0] + [0.0] * 19
    rpc = RPC(10.0, 1.0, 36.0, 1.0, unit, unit, 32.0, 32.0, 128.0, 1.0, unit, unit, 32.0, 32.0)
    with rasterio.open(tmp_path / "rpc.tif", "w", **profile) as dataset:
        dataset.write(RGB)
        dataset.rpcs = rpc
    refused(tmp_path / "rpc.tif", "rational polynomials only")
    assert Scene.open(tmp_path / "rpc.tif", 0.5).grid.crs is None


def test_a_gsd_for_a_georeferenced_file(write_tiff: WriteTiff) -> None:
    error = refused(write_tiff(RGB), "a GSD of 0.3 m was given", 0.3)
    assert "without georeference" in error.limit


@pytest.mark.parametrize(
    "gsd", [0, -0.3, float("nan"), float("inf"), 5000, (0.3,), (0.3, 0.0), (0.3, 0.3, 0.3)]
)
def test_gsds(write_tiff: WriteTiff, gsd: object) -> None:
    refused(write_tiff(RGB, crs=None, transform=None), "a GSD of", gsd)


def test_a_png_needs_a_gsd(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.moveaxis(RGB, 0, 2)).save(path)
    path.with_suffix(".pgw").write_text("1\n0\n0\n-1\n5\n5\n")
    assert "GSD" in refused(path, "no CRS").remedy
    path.with_suffix(".pgw").unlink()
    assert "--gsd" in refused(path, "no georeference").remedy


def test_a_png_that_claims_to_be_huge(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b""))
    refused(path, "", 0.3)


def test_a_refused_scene_leaves_nothing_behind(write_tiff: WriteTiff, tmp_path: Path) -> None:
    path = write_tiff(RGB)
    before = sorted(tmp_path.iterdir())
    scene = Scene.open(path)
    scene.read(Affine.scale(2), (32, 32))
    scene.visibility(scene.grid.footprint)
    refused(path, "a GSD", 0.3)
    assert sorted(tmp_path.iterdir()) == before


def test_only_local_errors_come_out(write_tiff: WriteTiff) -> None:
    """Whatever bytes of a small TIFF are damaged, the answer is a scene or a typed error."""
    path = write_tiff(RGB, compress="deflate", nodata=0)
    content = path.read_bytes()
    rng = np.random.default_rng(13)
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(4, len(content), 3):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(SceneError):
            Scene.open(path).read(Affine.scale(2), (32, 32))
