"""Blocks of a TIFF: whether what was compressed with a checksum still fits it.

GDAL stops decompressing when a block is full and never reads the checksum behind it, so that a
damaged block can come out as other pixels without an error.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rasterio.enums import Compression
from rasterio.windows import Window

from cv.scene.complaints import damaged


def check_blocks(path: Path, dataset: Any, window: Window, checked: set[tuple[int, int]]) -> None:
    """Raises SceneError where a deflated block that `window` touches fails its checksum.

    `checked` holds places (offset, length) that are known to be intact, and grows.
    """
    if dataset.driver != "GTiff" or dataset.compression != Compression.deflate:
        return
    with path.open("rb") as file:
        for place in _places(dataset, window):
            if place in checked:
                continue
            file.seek(place[0])
            if not _intact(file.read(place[1])):
                raise damaged(path, f"the block at byte {place[0]} fails its checksum")
            checked.add(place)


def _places(dataset: Any, window: Window) -> Iterator[tuple[int, int]]:
    """Offset and length, bytes, of each block of each band that `window` touches; each once."""
    rows, columns = dataset.block_shapes[0]
    bands = dataset.indexes if dataset.interleaving.name == "band" else dataset.indexes[:1]
    for j in range(window.row_off // rows, -(-(window.row_off + window.height) // rows)):
        for i in range(window.col_off // columns, -(-(window.col_off + window.width) // columns)):
            for band in bands:
                start = dataset.get_tag_item(f"BLOCK_OFFSET_{i}_{j}", "TIFF", bidx=band)
                length = dataset.get_tag_item(f"BLOCK_SIZE_{i}_{j}", "TIFF", bidx=band)
                if start and length:
                    yield int(start), int(length)


def _intact(block: bytes) -> bool:
    stream = zlib.decompressobj()
    try:
        stream.decompress(block)
    except zlib.error:
        return False
    return stream.eof
