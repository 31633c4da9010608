"""Checksums of the deflated blocks of a GeoTIFF.

GDAL stops decompressing when a block is full and never reads the checksum behind it, so that a
damaged block can yield wrong pixels without an error. Blocks are therefore decompressed once more,
by Intel's ISA-L, which takes a third of zlib's time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from isal import isal_zlib
from rasterio.enums import Compression
from rasterio.errors import RasterioIOError

from cv.scene.integrity.gdal_warnings import damaged_image

Window = tuple[int, int, int, int]
"""x, y, width, height in pixels of the image."""
Block = tuple[int, int, tuple[int, ...]]
"""Offset, length, and possible sizes when decompressed: the last strip may be cut. All in bytes."""
_DAMAGED: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub is wrong


class DeflateBlocks:
    """The deflated blocks of one file: of the image, its overviews and their masks.

    Each block is checked once, by whichever thread needs it first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._directories: list[Any] = []
        self._intact: set[Block] = set()

    def check(self, window: Window, step: int) -> None:
        """Raise SceneError if a block is damaged that every `step`-th pixel of `window` may need.

        GDAL reads overviews where it skips pixels.
        """
        with self._lock:
            if not self._directories:
                self._directories.extend(_opened(self._path))
            image = self._directories[0]
            blocks = [
                block
                for directory in self._directories
                if step > 1 or directory.shape == image.shape
                for block in _blocks_in(directory, _scaled(window, image, directory))
                if block not in self._intact
            ]
        with self._path.open("rb") as file:
            for offset, length, sizes in blocks:
                file.seek(offset)
                if not _is_intact(file.read(length), sizes):
                    found = f"the block at byte {offset} fails its checksum"
                    raise damaged_image(self._path, f"{found}, or has another size")
        self._intact.update(blocks)

    def close(self) -> None:
        """Close the file; a later check opens it again."""
        with self._lock:
            while self._directories:
                self._directories.pop().close()


def _scaled(window: Window, image: Any, directory: Any) -> Window:
    """Return the pixels of `directory` that show `window` of the image."""
    x_scale, y_scale = directory.width / image.width, directory.height / image.height
    left, top = int(window[0] * x_scale), int(window[1] * y_scale)
    right = min(directory.width, int((window[0] + window[2]) * x_scale) + 2)
    bottom = min(directory.height, int((window[1] + window[3]) * y_scale) + 2)
    return left, top, right - left, bottom - top


def _opened(path: Path) -> Iterator[Any]:
    """Open the directories of the file: the image, overviews, and a mask of each."""
    yield rasterio.open(str(path), driver="GTiff")
    for number in range(2, 66):
        try:
            yield rasterio.open(f"GTIFF_DIR:{number}:{path}", driver="GTiff")
        except RasterioIOError:
            return


def _blocks_in(directory: Any, window: Window) -> Iterator[Block]:
    """Yield each deflated block of each band that `window` touches, once."""
    if directory.compression != Compression.deflate:
        return
    x, y, width, height = window
    rows, columns = directory.block_shapes[0]
    apart = directory.interleaving.name == "band"
    declared = directory.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", "")
    bits = int(declared or 8 * np.dtype(directory.dtypes[0]).itemsize)
    bits *= 1 if apart else directory.count
    row_bytes = -(-columns * bits // 8)
    for j in range(y // rows, -(-(y + height) // rows)):
        sizes = (rows * row_bytes, min(rows, directory.height - j * rows) * row_bytes)
        for i in range(x // columns, -(-(x + width) // columns)):
            for band in directory.indexes if apart else (1,):
                location = block_location(directory, i, j, band)
                if location is not None:
                    yield *location, sizes


def block_location(directory: Any, i: int, j: int, band: int) -> tuple[int, int] | None:
    """Return offset and length (bytes) of block column `i`, row `j`; None if never written."""
    start = directory.get_tag_item(f"BLOCK_OFFSET_{i}_{j}", "TIFF", bidx=band)
    length = directory.get_tag_item(f"BLOCK_SIZE_{i}_{j}", "TIFF", bidx=band)
    return (int(start), int(length)) if start and length and int(length) else None


def _is_intact(block: bytes, sizes: tuple[int, ...]) -> bool:
    """Return whether `block` decompresses to one of `sizes` bytes, and passes its checksum."""
    stream = isal_zlib.decompressobj()
    try:
        return len(stream.decompress(block, max(sizes) + 1)) in sizes and bool(stream.eof)
    except _DAMAGED:
        return False
