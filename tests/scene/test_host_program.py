"""Pierwatch as a library: the program that imports it keeps its settings."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from cv.errors import SceneError
from cv.scene.integrity.gdal_warnings import fail_on_warnings
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff

PROGRAM = """
import logging, sys, warnings
import xml.etree.ElementTree
import PIL.Image, rasterio

def settings():
    loggers = [logging.root, *(logging.getLogger(n) for n in ("rasterio", "rasterio._err", "PIL"))]
    return (
        [(type(one), one.level, one.disabled, one.handlers, one.filters, one.manager, one.propagate)
         for one in loggers],
        logging.getLoggerClass(), logging.root.manager.disable, logging.lastResort,
        PIL.Image.MAX_IMAGE_PIXELS, sys.excepthook, warnings.showwarning,
        rasterio.open, rasterio.Env, rasterio.io.DatasetReader,
    )

before, modules = settings(), dict(sys.modules)
import cv, cv.cli, cv.labels.dataset_check, cv.report.annotated_scene
from affine import Affine
with cv.Scene.open(sys.argv[1]) as scene:
    scene.read(Affine.scale(2), (8, 8))
    scene.visibility(scene.grid.footprint)
cv.Detector.load()
assert settings() == before
assert [name for name in modules if sys.modules.get(name) is not modules[name]] == []
"""


def test_importing_and_using_it_leaves_the_program_as_it_was(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    path = write_tiff(colours, compress="jpeg", photometric="ycbcr")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def damaged(write_tiff: WriteTiff) -> Path:
    """A JPEG within a TIFF that GDAL decodes with a warning."""
    data = np.random.default_rng(1).integers(0, 255, (1, 64, 64), dtype=np.uint8)
    path = write_tiff(data, compress="jpeg")
    with rasterio.open(path) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))
        length = int(dataset.get_tag_item("BLOCK_SIZE_0_0", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[offset + length // 2 : offset + length - 2] = bytes(length - 2 - length // 2)
    path.write_bytes(content)
    return path


def read(path: Path) -> None:
    with Scene.open(path) as scene:
        scene.read(Affine.identity(), (64, 64))


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_the_program_logs_warnings_as_it_wants(
    damaged: Path, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("rasterio._err")
    caplog.set_level(level, "rasterio._err")
    with pytest.raises(SceneError, match="cannot be decoded"):
        read(damaged)
    assert bool(caplog.records) == (level == logging.DEBUG)
    assert (logger.level, logger.filters, logger.disabled) == (level, [], False)


def test_a_warning_counts_for_the_thread_that_reads(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("rasterio._err")
    messages: list[str] = []

    def decode() -> None:
        with fail_on_warnings(Path("a.tif"), messages):
            logger.warning("damaged")
            logger.info("detail")
            other = threading.Thread(target=logger.warning, args=["of another file"])
            other.start()
            other.join()

    with pytest.raises(SceneError, match="damaged"):
        decode()
    logger.warning("later")
    assert messages == ["damaged"]
    assert [record.message for record in caplog.records] == ["damaged", "of another file", "later"]
