"""Reading of image files, and Pillow's global limit, which stays as it is."""

from __future__ import annotations

import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import PIL.Image
import pytest

from cv.errors import DatasetError
from cv.labels import image_files
from cv.labels.image_files import check_decodes, read_size, read_window
from tests.fixtures.label_files import noise

LARGE = 14000
"""Side of an image beyond Pillow's limit of 178,956,970 pixels."""


def large_png(path: Path) -> Path:
    """Write a black image of one bit per pixel without decoding it."""
    PIL.Image.new("1", (LARGE, LARGE)).save(path)
    return path


def with_declared_size(path: Path, side: int) -> Path:
    """Change the header of the PNG `path` so that it declares `side` x `side` pixels."""
    data = bytearray(path.read_bytes())
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize("read", [read_size, check_decodes])
def test_image_beyond_the_limit_is_refused_by_its_header(tmp_path, read):
    path = with_declared_size(noise(tmp_path / "a.png", 0), 1 << 17)
    with pytest.raises(DatasetError, match=r"131072 x 131072 pixels.*at most 1073741824"):
        read(path)


def test_limit_is_exact(tmp_path, monkeypatch):
    path = noise(tmp_path / "a.png", 0)
    monkeypatch.setattr(image_files, "MAX_PIXELS", 64 * 48)
    assert check_decodes(path) == (64, 48)
    monkeypatch.setattr(image_files, "MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(DatasetError, match="64 x 48 pixels"):
        check_decodes(path)


def test_image_beyond_pillows_limit_is_read_without_a_warning(tmp_path):
    path = large_png(tmp_path / "a.png")
    with pytest.raises(PIL.Image.DecompressionBombError):
        PIL.Image.open(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_size(path) == (LARGE, LARGE)
        assert check_decodes(path) == (LARGE, LARGE)


def test_refusal_by_pillow_is_a_dataset_error(tmp_path, monkeypatch):
    path = noise(tmp_path / "a.png", 0)
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 1500)
    assert check_decodes(path) == (64, 48)
    with pytest.raises(DatasetError, match=r"3024 pixels\) exceeds limit of 3000"):
        read_window(path, (0, 0, 63, 48), (63, 48))


def test_pillows_limit_never_changes_while_threads_read_images(tmp_path):
    """A value that another thread could see even for a moment would change its own reading."""
    paths = [noise(tmp_path / f"{i}.png", i) for i in range(8)]
    before = PIL.Image.MAX_IMAGE_PIXELS
    seen = set()
    done = threading.Event()

    def observe() -> None:
        while not done.is_set():
            seen.add(PIL.Image.MAX_IMAGE_PIXELS)

    observer = threading.Thread(target=observe)
    observer.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            for read in (read_size, check_decodes, lambda p: read_window(p, (0, 0, 9, 9), (9, 9))):
                list(pool.map(read, paths * 20))
    finally:
        done.set()
        observer.join()
    assert seen == {before}
    assert before == PIL.Image.MAX_IMAGE_PIXELS


def test_reading_does_not_assign_pillows_limit(tmp_path, monkeypatch):
    """Deterministic: every assignment to an attribute of the module PIL.Image is recorded."""
    assigned = []

    class RecordingModule(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            assigned.append(name)
            super().__setattr__(name, value)

    path = noise(tmp_path / "a.png", 0)
    monkeypatch.setattr(PIL.Image, "__class__", RecordingModule)
    check_decodes(path)
    assert "MAX_IMAGE_PIXELS" not in assigned
    PIL.Image.MAX_IMAGE_PIXELS = PIL.Image.MAX_IMAGE_PIXELS
    assert assigned[-1] == "MAX_IMAGE_PIXELS"


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "bmp", "webp"])
def test_every_listed_format_gives_the_pixels_that_pillow_opens(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    PIL.Image.fromarray(pixels).save(path)
    assert read_size(path) == check_decodes(path) == (64, 48)
    with PIL.Image.open(path) as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(read_window(path, (0, 0, 64, 48), (64, 48)), expected)


def test_type_is_detected_by_content(tmp_path):
    path = noise(tmp_path / "a.png", 0)
    assert read_size(path.rename(tmp_path / "a.jpg")) == (64, 48)
    PIL.Image.new("L", (9, 9)).save(tmp_path / "b.gif")
    with pytest.raises(DatasetError, match="not PNG, JPEG, TIFF, BMP or WebP"):
        read_size((tmp_path / "b.gif").rename(tmp_path / "b.png"))
