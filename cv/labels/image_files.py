"""The images of a dataset: where they lie, how large they are, whether they can be read.

Pillow reads them: 8-bit PNG, JPEG, TIFF, BMP and WebP. The only module of its room that looks into
an image.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cv.errors import DatasetError
from cv.labels.labelled_image import ENDINGS

if TYPE_CHECKING:
    import PIL.Image

MAX_PIXELS = 1 << 30
"""An image larger than this is refused before it is decoded."""

_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")
"""Kinds of values that are 8 bits at most; others would turn black or white."""

Bytes = NDArray[np.uint8]
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, ImportError)
"""What Pillow raises on files that are no whole images (ImportError: only a plug-in could tell)."""


def find_images(folder: Path) -> dict[str, Path]:
    """Images in `folder` and below by their path in it, without the ending; sorted.

    Raises DatasetError where two differ by their ending only: they would share a label file.
    """
    found: dict[str, Path] = {}
    for path in sorted(image_paths(folder)):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        if stem in found:
            raise DatasetError(
                path,
                f"{found[stem].name} differs by its ending only",
                "a label file belongs to one image",
                "Rename one of them.",
            )
        found[stem] = path
    return found


def image_paths(folder: Path) -> Iterator[Path]:
    """Files in `folder` and below whose ending is that of an image, in any order.

    The side files of macOS ("._a.png") are none.
    """
    named = (p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
    return (p for p in named if not p.name.startswith("._") and p.is_file())


def read_size(path: Path) -> tuple[int, int]:
    """Width and height of the image `path` in pixels, from its header; raises DatasetError."""
    with _opened(path) as image:
        return image.size


def check_decodes(path: Path) -> tuple[int, int]:
    """Decodes all of the image `path` and returns its width and height; raises DatasetError."""
    with _opened(path) as image:
        if image.mode not in _MODES:
            raise ValueError(f"its values are of the kind {image.mode!r}")
        image.load()
        return image.size


def read_window(path: Path, box: tuple[int, int, int, int], size: tuple[int, int]) -> Bytes:
    """(height, width, 3) RGB of `box` (left, top, right, bottom; pixels) drawn at `size` (w, h).

    Raises DatasetError.
    """
    from PIL.Image import Resampling

    with _opened(path) as image:
        part = image.crop(box).convert("RGB")
        larger = size[0] > part.width
        way = Resampling.NEAREST if larger else Resampling.LANCZOS
        return np.asarray(part.resize(size, way), dtype=np.uint8)


def encode_jpeg(pixels: Bytes, quality: int = 80) -> bytes:
    """`pixels` (height, width, 3) RGB as a JPEG file, without any metadata."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=quality)
    return content.getvalue()


@contextmanager
def _opened(path: Path) -> Iterator[PIL.Image.Image]:
    from PIL import Image

    usual = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses twice this, and warns before
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels")
            yield image
    except (*_BROKEN, Image.DecompressionBombError) as error:
        raise DatasetError(
            path,
            f"unreadable image ({error})",
            f"whole 8-bit images of at most {MAX_PIXELS} pixels are read",
            "Replace it or take it out of the dataset.",
        ) from error
    finally:
        Image.MAX_IMAGE_PIXELS = usual
