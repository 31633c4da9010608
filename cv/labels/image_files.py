"""The image files of a dataset: find, measure, decode and encode them.

Pillow decodes 8-bit PNG, JPEG, TIFF, BMP and WebP. Its class for the file's type is used directly,
because `PIL.Image.open` applies the global PIL.Image.MAX_IMAGE_PIXELS, which belongs to the host
program and is smaller than a large scene: `MAX_PIXELS` is checked instead, before decoding.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cv.errors import DatasetError
from cv.labels.labelled_image import IMAGE_ENDINGS

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 1 << 30
"""Largest image; Pillow may refuse parts, TIFF and WebP of more than twice its own limit."""
_MODES_8_BIT = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")
"""Pillow's modes of at most 8 bits per band; others would become black or white."""
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises on damaged images."""

Bytes = NDArray[np.uint8]


def find_images(folder: Path) -> dict[str, Path]:
    """Return the images in `folder` by their path without the ending; two raise DatasetError."""
    found: dict[str, Path] = {}
    for path in sorted(image_paths(folder)):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        if stem in found:
            clash = f"{found[stem].name} differs by its ending only"
            raise DatasetError(path, clash, "a label file belongs to one image", "Rename one.")
        found[stem] = path
    return found


def image_paths(folder: Path) -> Iterator[Path]:
    """Yield the image files in `folder` and below; side files of macOS ("._a.png") are not."""
    named = (p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
    return (p for p in named if not p.name.startswith("._") and p.is_file())


def read_size(path: Path) -> tuple[int, int]:
    """Return width and height of the image `path` in pixels from its header; DatasetError."""
    with _opened(path) as image:
        return image.size


def check_decodes(path: Path) -> tuple[int, int]:
    """Decode all of the image `path` and return its width and height; raises DatasetError."""
    with _opened(path) as image:
        if image.mode not in _MODES_8_BIT:
            raise ValueError(f"its values are of the kind {image.mode!r}")
        image.load()
        return image.size


def read_window(path: Path, box: tuple[int, int, int, int], size: tuple[int, int]) -> Bytes:
    """Return a part of the image `path`, scaled to `size` (width, height), as (h, w, 3) RGB.

    `box` is its left, top, right and bottom in pixels. Raises DatasetError.
    """
    from PIL.Image import Resampling

    with _opened(path) as image:
        part = image.crop(box).convert("RGB")
        resampling = Resampling.NEAREST if size[0] > part.width else Resampling.LANCZOS
        return np.asarray(part.resize(size, resampling), dtype=np.uint8)


def encode_jpeg(pixels: Bytes, quality: int = 80) -> bytes:
    """Return `pixels` (height, width, 3) RGB as a JPEG file without any metadata."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=quality)
    return content.getvalue()


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile]:
    """Yield the image `path`, not decoded yet; errors of the block become a DatasetError."""
    from PIL import Image

    try:
        with path.open("rb") as stream, _decoder(stream) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels")
            yield image
    except (*_DECODING_ERRORS, Image.DecompressionBombError) as error:
        limit = f"whole 8-bit images of at most {MAX_PIXELS} pixels are read"
        remedy = "Replace it or take it out of the dataset."
        raise DatasetError(path, f"unreadable image ({error})", limit, remedy) from error


def _decoder(stream: IO[bytes]) -> ImageFile:
    """Return Pillow's object for the image in `stream`, by its first bytes."""
    from PIL import Image

    Image.init()
    start = stream.read(16)
    stream.seek(0)
    for name in _FORMATS:
        open_image, accepts = Image.OPEN[name]
        if accepts is not None and accepts(start):
            return open_image(stream, "")
    raise ValueError("its content is not PNG, JPEG, TIFF, BMP or WebP")
