"""Damage inside compressed blocks is found wherever there is a checksum or the decoder warns."""

from __future__ import annotations

import logging
import random
import tracemalloc
import zlib

import numpy as np
import pytest
import rasterio
from affine import Affine
from isal import isal_zlib

from cv.errors import SceneError
from cv.scene.integrity import deflate_blocks
from cv.scene.scene import Scene


def write(path, pixels, block=64, mask=None, **profile):
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", driver="GTiff", count=len(pixels), height=256, width=256, dtype="uint8",
            tiled=True, blockxsize=block, blockysize=block, crs="EPSG:32652",
            transform=Affine(0.5, 0, 4e5, 0, -0.5, 4.6e6), **profile,
        ) as out,
    ):  # fmt: skip
        out.write(pixels)
        if mask is not None:
            out.write_mask(mask)
    return path


@pytest.fixture
def deflated(tmp_path):
    y, x = np.mgrid[0:256, 0:256]
    pixels = np.stack([x + y, x ^ y, (x * y) // 256]).astype(np.uint8)
    return write(tmp_path / "deflated.tif", pixels, compress="deflate", interleave="pixel")


def read_all(path):
    with Scene.open(path) as scene:
        return scene.read(Affine.identity(), (256, 256))


def test_an_intact_file_is_read(deflated):
    assert read_all(deflated).valid_mask.all()


def test_any_damage_inside_a_deflated_block_is_an_error(deflated):
    with rasterio.open(deflated) as source:
        start = int(source.get_tag_item("BLOCK_OFFSET_1_2", "TIFF", bidx=1))
        length = int(source.get_tag_item("BLOCK_SIZE_1_2", "TIFF", bidx=1))
    whole = deflated.read_bytes()
    rng = np.random.default_rng(4)
    for place in rng.integers(start + 2, start + length, 40):
        damaged = bytearray(whole)
        damaged[place] ^= 0x5A
        deflated.write_bytes(damaged)
        with pytest.raises(SceneError, match=r"deflated\.tif"):
            read_all(deflated)


def test_damage_outside_the_window_does_not_matter(deflated):
    with rasterio.open(deflated) as source:
        start = int(source.get_tag_item("BLOCK_OFFSET_3_3", "TIFF", bidx=1))
    damaged = bytearray(deflated.read_bytes())
    damaged[start + 40] ^= 0x5A
    deflated.write_bytes(damaged)
    with Scene.open(deflated) as scene:
        assert scene.read(Affine.identity(), (64, 64)).valid_mask.all()


@pytest.fixture
def photographic(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 255, (3, 256, 256), dtype=np.uint8)
    path = tmp_path / "photographic.tif"
    return write(path, pixels, block=128, compress="jpeg", photometric="ycbcr")


def test_a_warning_of_the_jpeg_decoder_is_an_error_every_time(photographic):
    assert read_all(photographic).valid_mask.all()
    with rasterio.open(photographic) as source:
        start = int(source.get_tag_item("BLOCK_OFFSET_1_0", "TIFF", bidx=1))
    damaged = bytearray(photographic.read_bytes())
    damaged[start + 2000 : start + 2040] = bytes(range(1, 41))
    photographic.write_bytes(damaged)
    logging.disable(logging.CRITICAL)  # whatever the program logs
    logging.getLogger("rasterio._err").disabled = True
    try:
        with Scene.open(photographic) as scene:
            for _ in range(2):  # the second time GDAL has it in its cache
                with pytest.raises(SceneError, match=r"photographic\.tif.*JPEG"):
                    scene.read(Affine.identity(), (256, 256))
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger("rasterio._err").disabled = False


GREY = np.full((3, 256, 256), 90, np.uint8)


def test_damage_in_a_deflated_mask_is_found(tmp_path):
    mask = np.triu(np.full((256, 256), 255, np.uint8))
    path = write(tmp_path / "masked.tif", GREY, mask=mask, compress="jpeg", photometric="ycbcr")
    with rasterio.open(f"GTIFF_DIR:2:{path}") as mask:
        start = int(mask.get_tag_item("BLOCK_OFFSET_1_1", "TIFF", bidx=1))
        length = int(mask.get_tag_item("BLOCK_SIZE_1_1", "TIFF", bidx=1))
    with Scene.open(path) as scene:
        assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(257 / 512)
    whole = path.read_bytes()
    for place in range(start + 2, start + length):
        damaged = bytearray(whole)
        damaged[place] ^= 0x5A
        path.write_bytes(damaged)
        with Scene.open(path) as scene, pytest.raises(SceneError, match="checksum"):
            scene.visibility(scene.grid.footprint)


def test_damage_in_an_overview_is_found_where_it_is_read(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 99, (3, 256, 256), dtype=np.uint8)
    path = write(tmp_path / "seen_from_afar.tif", pixels, compress="deflate")
    with rasterio.open(path, "r+") as out:
        out.build_overviews([2])
    with rasterio.open(f"GTIFF_DIR:2:{path}") as overview:
        assert overview.shape == (128, 128)
        start = int(overview.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))
    damaged = bytearray(path.read_bytes())
    damaged[start + 40] ^= 0x5A
    path.write_bytes(damaged)
    with Scene.open(path) as scene:
        assert scene.read(Affine.identity(), (256, 256)).valid_mask.all()
        with pytest.raises(SceneError, match="checksum"):
            scene._reader.read(0, 0, 256, 256, 2)


def test_where_pixels_are_skipped_the_image_is_checked_as_well_as_its_overviews(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 99, (3, 256, 256), dtype=np.uint8)
    path = write(tmp_path / "a.tif", pixels, compress="deflate")
    with rasterio.open(path, "r+") as out:
        out.build_overviews([8])  # too coarse for every second pixel: GDAL reads the image
        start = int(out.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))
    damaged = bytearray(path.read_bytes())
    damaged[start + 40] ^= 0x5A
    path.write_bytes(damaged)
    with Scene.open(path) as scene, pytest.raises(SceneError, match="checksum"):
        scene._reader.read(0, 0, 256, 256, 2)


def test_blocks_that_were_never_written_are_not_black_pixels(tmp_path):
    def sparse(name, **profile):
        path = tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", count=3, height=256, width=256, dtype="uint8", tiled=True,
            blockxsize=64, blockysize=64, sparse_ok=True, crs="EPSG:32652",
            transform=Affine(0.5, 0, 4e5, 0, -0.5, 4.6e6), **profile,
        ) as out:  # fmt: skip
            window = rasterio.windows.Window(0, 0, 128, 256)
            out.write(GREY[:, :, :128], window=window)
        return path

    for interleave in ("pixel", "band"):
        with pytest.raises(SceneError, match="column 2, row 0 of band 1 was never written"):
            Scene.open(sparse(f"{interleave}.tif", interleave=interleave))
    with Scene.open(sparse("nodata.tif", nodata=0)) as scene:
        assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.5)


def test_alpha_counts_beside_a_nodata_value(tmp_path):
    alpha = np.zeros((1, 256, 256), np.uint8)
    alpha[:, :, :64] = 255
    pixels = np.concatenate([GREY, alpha])
    path = write(tmp_path / "alpha.tif", pixels, nodata=0, photometric="rgb", alpha="yes")
    with Scene.open(path) as scene:
        assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.25)


def test_miniswhite_is_refused(tmp_path):
    path = write(tmp_path / "negative.tif", GREY[:1], photometric="miniswhite")
    with pytest.raises(SceneError, match="MINISWHITE"):
        Scene.open(path)


@pytest.mark.parametrize("spare", [-1, 0, 1])
@pytest.mark.parametrize("pieces", [1, 2, 3])
@pytest.mark.parametrize("values", [1, 2, 256])
def test_whole_blocks_of_any_size_are_intact(spare, pieces, values):
    rng = np.random.default_rng(3)
    content = rng.integers(0, values, pieces * 2**20 + spare).astype(np.uint8)
    block, size = zlib.compress(content.tobytes()), len(content)
    assert deflate_blocks._is_intact(block, (size,))
    assert deflate_blocks._is_intact(block + b"\0", (size + 5, size))
    assert not deflate_blocks._is_intact(block, (size - 1, size + 1))
    assert not deflate_blocks._is_intact(block[:-1], (size,))
    assert not deflate_blocks._is_intact(block[: len(block) // 2], (size,))
    assert not deflate_blocks._is_intact(b"", (size,))


def test_a_damaged_block_with_other_content_is_never_intact():
    rng = random.Random(4)
    found = {True: 0, False: 0}
    for values in (2, 10, 256):
        content = bytes(rng.randrange(values) for _ in range(20_000))
        whole = zlib.compress(content)
        for _ in range(400):
            block = bytearray(whole)
            for _ in range(rng.randint(1, 3)):
                block[rng.randrange(len(block))] ^= 1 << rng.randrange(8)
            intact = deflate_blocks._is_intact(bytes(block), (20_000,))
            found[intact] += 1
            assert not intact or isal_zlib.decompress(bytes(block)) == content
    assert found[False] > 1000


def test_a_block_that_decompresses_to_more_than_its_size_takes_no_memory():
    swollen = zlib.compress(bytes(2**28), 9)
    tracemalloc.start()
    assert not deflate_blocks._is_intact(swollen, (2**16,))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("block", [None, 64, 96])
def test_blocks_have_the_size_of_their_layout(tmp_path, interleave, dtype, block):
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": block} if block else {"blockysize": 50}
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=256, width=200, dtype=dtype, crs="EPSG:32652",
        transform=Affine(0.5, 0, 4e5, 0, -0.5, 4.6e6), compress="deflate", interleave=interleave,
        **tiles,
    ) as out:  # fmt: skip
        out.write(np.ones((3, 256, 200), dtype))
    checked = deflate_blocks.DeflateBlocks(path)
    checked.check((0, 0, 200, 256), 1)
    assert len(checked._intact) >= 6


@pytest.mark.parametrize("tag", [256, 277, 322])
def test_a_damaged_width_is_found_by_the_size_of_blocks(tmp_path, tag):
    """ImageWidth of strips, SamplesPerPixel, TileWidth: the blocks themselves are whole."""
    layout = {"blockxsize": 64, "blockysize": 64, "tiled": True} if tag != 256 else {}
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=256, width=256, dtype="uint8",
        crs="EPSG:32652", transform=Affine(0.5, 0, 4e5, 0, -0.5, 4.6e6), compress="deflate",
        interleave="pixel", **layout,
    ) as out:  # fmt: skip
        out.write(np.arange(3 * 256 * 256, dtype=np.uint32).reshape(3, 256, 256).astype("uint8"))
    content = bytearray(path.read_bytes())
    start = int.from_bytes(content[4:8], "little")
    for i in range(int.from_bytes(content[start : start + 2], "little")):
        entry = start + 2 + 12 * i
        if int.from_bytes(content[entry : entry + 2], "little") == tag:
            value = {256: 200, 277: 1, 322: 80}[tag]
            content[entry + 8 : entry + 10] = value.to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(SceneError):
        read_all(path)
