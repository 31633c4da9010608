"""Damage inside compressed blocks is found wherever there is a checksum or the decoder warns."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import rasterio
from affine import Affine

from cv.errors import SceneError
from cv.scene.scene import Scene


@pytest.fixture
def deflated(tmp_path):
    path = tmp_path / "deflated.tif"
    y, x = np.mgrid[0:256, 0:256]
    pixels = np.stack([x + y, x ^ y, (x * y) // 256]).astype(np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=256, height=256, count=3, dtype="uint8", tiled=True,
        blockxsize=64, blockysize=64, compress="deflate", interleave="pixel",
        crs="EPSG:32652", transform=Affine(0.5, 0, 4e5, 0, -0.5, 4.6e6),
    ) as out:  # fmt: skip
        out.write(pixels)
    return path


def read_all(path):
    with Scene.open(path) as scene:
        return scene.read(Affine.identity(), (256, 256))


def test_an_intact_file_is_read(deflated):
    assert read_all(deflated).seen.all()


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


def test_damage_outside_of_what_is_read_does_not_matter(deflated):
    with rasterio.open(deflated) as source:
        start = int(source.get_tag_item("BLOCK_OFFSET_3_3", "TIFF", bidx=1))
    damaged = bytearray(deflated.read_bytes())
    damaged[start + 40] ^= 0x5A
    deflated.write_bytes(damaged)
    with Scene.open(deflated) as scene:
        assert scene.read(Affine.identity(), (64, 64)).seen.all()


@pytest.fixture
def photographic(tmp_path):
    path = tmp_path / "photographic.tif"
    pixels = np.random.default_rng(2).integers(0, 255, (3, 256, 256), dtype=np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=256, height=256, count=3, dtype="uint8", tiled=True,
        blockxsize=128, blockysize=128, compress="jpeg", photometric="ycbcr",
        crs="EPSG:32652", transform=Affine(0.5, 0, 4e5, 0, -0.5, 4.6e6),
    ) as out:  # fmt: skip
        out.write(pixels)
    return path


def test_what_the_jpeg_decoder_only_warns_of_is_an_error_again_and_again(photographic):
    assert read_all(photographic).seen.all()
    with rasterio.open(photographic) as source:
        start = int(source.get_tag_item("BLOCK_OFFSET_1_0", "TIFF", bidx=1))
    damaged = bytearray(photographic.read_bytes())
    damaged[start + 2000 : start + 2040] = bytes(range(1, 41))
    photographic.write_bytes(damaged)
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # whatever the program logs
    try:
        with Scene.open(photographic) as scene:
            for _ in range(2):  # the second time GDAL has it in its cache
                with pytest.raises(SceneError, match=r"photographic\.tif.*JPEG"):
                    scene.read(Affine.identity(), (256, 256))
    finally:
        logging.getLogger("rasterio").setLevel(logging.NOTSET)
