"""Scenes from elsewhere, brought into a folder: only those asked for, only from what is allowed.

A scene is fetched whole, as its digest is that of the whole file. What a file says is never
fetched: assets that a STAC Item names, sources of a VRT, links of any kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from cv.errors import InputError, SceneError
from cv.io import file_signatures
from cv.io.atomic_files import atomic_path, remove_stale_temporaries
from cv.scene.remote import https, s3
from cv.scene.remote.address import RemoteAddress
from cv.scene.remote.allow_list import AllowList
from cv.scene.remote.stream import ByteStream

MAX_BYTES = 64 * 2**30
"""Largest file that is fetched."""
_BEGINNING = 24
"""Bytes that are looked at, and told."""


def download_scene(text: str, allowed: AllowList, folder: Path) -> Path:
    """The image at the address `text` (https or s3), under `folder`; one that is there stays.

    It appears whole or not at all. Raises SceneError where `allowed` does not name its host or
    bucket, where its name leads to a private address, where the answer is another one than the
    file, or no image, and where it breaks off; InputError where `folder` is none.
    """
    address = RemoteAddress.parse(text)
    allowed.check(address)
    if not folder.is_dir():
        raise _no_folder(folder)
    target = address.within(folder)
    if _is_there(address, target):
        return target
    room = https if address.scheme == "https" else s3
    with room.open_stream(address, allowed) as stream, _draft(address, target) as draft:
        _write(address, stream, draft)
        _check_image(address, draft)
    return target


def _is_there(address: RemoteAddress, target: Path) -> bool:
    try:
        return target.is_file()
    except OSError as error:
        raise _not_kept(address, target, error) from error


@contextmanager
def _draft(address: RemoteAddress, target: Path) -> Iterator[Path]:
    """A path to write to, which becomes `target`, in a folder that is made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_stale_temporaries(target)
        with atomic_path(target) as draft:
            yield draft
    except OSError as error:
        raise _not_kept(address, target, error) from error


def _not_kept(address: RemoteAddress, target: Path, error: OSError) -> SceneError:
    return SceneError(
        str(address),
        f"it cannot be kept as {str(target)[:300]} ({error.strerror or error})",
        "a folder that can be written, with space for it and its name, is needed",
        "Free some space, or name another folder: --into FOLDER.",
    )


def _write(address: RemoteAddress, stream: ByteStream, draft: Path) -> None:
    """All bytes of `stream` into the file `draft`."""
    if stream.length is not None and stream.length > MAX_BYTES:
        raise _sized(address, f"{stream.length} bytes")
    bar = tqdm(
        desc=address.path[-1], total=stream.length, unit="B", unit_scale=True, delay=2,
        disable=None, leave=False,
    )  # fmt: skip
    done = 0
    with bar, draft.open("wb") as out:
        for part in stream.parts():
            done += len(part)
            if done > MAX_BYTES:
                raise _sized(address, f"more than {MAX_BYTES} bytes")
            out.write(part)
            bar.update(len(part))
    if not done or done != (stream.length if stream.length is not None else done):
        raise _sized(address, f"{done} of {stream.length} bytes came")


def _check_image(address: RemoteAddress, draft: Path) -> None:
    """Raises SceneError for a page that asks to sign in, and whatever else is no image."""
    with draft.open("rb") as file:
        start = file.read(_BEGINNING)
    if not start.startswith(file_signatures.IMAGES):
        raise SceneError(
            str(address),
            f"no image came (it begins with {start!r})",
            "a GeoTIFF, PNG or JPEG is needed",
            "Check the address: some servers answer with a page where one has to sign in.",
        )


def _no_folder(folder: Path) -> InputError:
    if folder.exists():
        return InputError(folder, "a file", "fetched scenes need a folder", "Name another: --into.")
    return InputError(
        folder, "no such folder", "fetched scenes need one", f"Make it: mkdir -p {folder}"
    )


def _sized(address: RemoteAddress, found: str) -> SceneError:
    return SceneError(
        str(address),
        found,
        f"the whole file, of 1 to {MAX_BYTES} bytes, is needed",
        "Run the same command again, or download the scene yourself.",
    )
