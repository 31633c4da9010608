"""Downloads of scenes into a folder, from hosts and buckets that the user allowed.

A scene is downloaded whole, because its digest covers the whole file. Nothing that a file refers to
is ever downloaded: no assets of a STAC Item, no sources of a VRT, no links.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

from tqdm import tqdm

from cv.errors import InputError, SceneError
from cv.io import file_signatures
from cv.io.atomic_files import atomic_path
from cv.remote.allow_list import AllowList
from cv.remote.download_stream import ByteStream
from cv.remote.remote_address import RemoteAddress

MAX_BYTES = 64 * 2**30
"""Size of the largest file that is downloaded."""


def download_scene(text: str, allowed: AllowList, folder: Path) -> Path:
    """Download the image at the address `text` into `folder` and return its path.

    A file that is there already is not downloaded again. A new one appears whole or not at all.
    Raises SceneError if the host or bucket is not allowed, its name leads to a private address, the
    server does not answer with an image, or the connection breaks; InputError if
    `folder` is missing or the package for the address is not installed.
    """
    address = RemoteAddress.parse(text)
    allowed.check(address)
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        remedy = f"Make it, mkdir -p {folder}, or name another one: --into FOLDER."
        raise InputError(folder, found, "a folder for downloaded scenes is needed", remedy)
    target = address.within(folder)
    try:
        if not target.is_file():
            with _open_stream(address, allowed) as (length, chunks):
                target.parent.mkdir(parents=True, exist_ok=True)
                with atomic_path(target) as draft:
                    _write(address, length, chunks, draft)
                    _check_image(address, draft)
    except OSError as error:  # of the disk; those of the network are SceneErrors already
        found = f"it cannot be kept as {str(target)[:300]} ({error.strerror or error})"
        limit = "a writable folder with enough space is needed, on a disk that takes such names"
        remedy = "Free some space, or name another folder: --into FOLDER."
        raise SceneError(str(address), found, limit, remedy) from error
    return target


def _open_stream(address: RemoteAddress, allowed: AllowList) -> AbstractContextManager[ByteStream]:
    package = "httpcore" if address.scheme == "https" else "botocore"
    if find_spec(package) is None:
        limit = "remote scenes need it"
        remedy = 'Install it: pip install "pierwatch[remote]".'
        raise InputError(f"{address.scheme}://", f"{package} is not installed", limit, remedy)
    if address.scheme == "https":
        from cv.remote import https

        return https.open_stream(address, allowed)
    from cv.remote import s3

    return s3.open_stream(address)


def _write(
    address: RemoteAddress, length: int | None, chunks: Iterator[bytes], draft: Path
) -> None:
    """Write all `chunks` to the file `draft`."""
    bar = tqdm(
        desc=address.path[-1], total=length, unit="B", unit_scale=True, delay=2, disable=None,
        leave=False,
    )  # fmt: skip
    received = 0
    with bar, draft.open("wb") as out:
        for chunk in chunks:
            received += len(chunk)
            if max(received, length or 0) > MAX_BYTES:
                raise _wrong_size(address, f"more than {MAX_BYTES} bytes")
            out.write(chunk)
            bar.update(len(chunk))
    if not received or length not in (None, received):
        raise _wrong_size(address, f"{received} of {length} bytes were received")


def _check_image(address: RemoteAddress, draft: Path) -> None:
    """Raise SceneError unless the file begins like an image: it may be a page to sign in."""
    with draft.open("rb") as file:
        start = file.read(24)
    if not start.startswith(file_signatures.IMAGES):
        found = f"the answer is not an image (it begins with {start!r})"
        remedy = "Check the address: some servers answer with a page where one has to sign in."
        raise SceneError(str(address), found, "a GeoTIFF, PNG or JPEG is needed", remedy)


def _wrong_size(address: RemoteAddress, found: str) -> SceneError:
    limit = f"the whole file, of 1 to {MAX_BYTES} bytes, is needed"
    remedy = "Run the same command again, or download the scene yourself."
    return SceneError(str(address), found, limit, remedy)
