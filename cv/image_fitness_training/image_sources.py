"""Images that may train a released weight, and which of them are kept for judging."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HELD_BACK_OF = 10
"""One of so many images of each kind of land use is kept for judging."""
_COARSE = {
    "planetscope_3m/*.png": 3.0,
    "coarse/ps3m_*.jpg": 3.0,
    "coarse/rapideye_5m_*.tif": 5.0,
    "coarse/s2_*.png": 9.0,
}
"""GSD (metres) of the files of each pattern."""


@dataclass(frozen=True)
class ImageSources:
    """Image files by what they are used for."""

    negatives: tuple[Path, ...] = ()
    """Land use without containers, 0.3048 m a pixel, one folder per kind."""
    held_back: tuple[Path, ...] = ()
    """The same, kept for judging."""
    orthophotos: tuple[Path, ...] = ()
    """Aerial images at 0.25 m."""
    coarse: tuple[tuple[Path, float], ...] = ()
    """Satellite images and their GSD, metres: 3 m and coarser."""

    @classmethod
    def in_folder(cls, folder: Path) -> ImageSources:
        """Return the images in the subfolders of `folder`; those that are missing are left out."""
        files: list[Path] = []
        kept: list[Path] = []
        for kind in sorted((folder / "negatives").glob("*")):
            for number, file in enumerate(sorted(kind.glob("*.jpg"))):
                (kept if number % _HELD_BACK_OF == 3 else files).append(file)
        coarse = [
            (file, gsd) for glob, gsd in _COARSE.items() for file in sorted(folder.glob(glob))
        ]
        photos = sorted((folder / "geotiff").glob("euromax*.tif"))
        return cls(tuple(files), tuple(kept), tuple(photos), tuple(coarse))
