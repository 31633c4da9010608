"""Masks of an image by their names: udm2, udm, cloud, mask, scl, qa.

A mask belongs to an image if both names are the same without the words for products, tools and
masks (composite_clip.tif, composite_udm2_clip.tif), or if it has no other words (cloud_mask.tif).
It lies in the folder of the image, in a folder for masks in there, or in one beside it, as in
Planet's orders (PSScene/analytic, PSScene/udm2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_RASTERS = (".tif", ".tiff", ".png", ".jp2", ".img", ".vrt")
_OTHERS = (".gml", ".shp", ".geojson", ".gpkg")
"""Masks as outlines."""
_MASK_WORD = re.compile(
    r"udm2?|udm2p?1|masks?|scl|qa(?:60|bits|pixel)?|bqa|fmask"
    r"|(?:cloud|clouds|clear|cld|shadow|usable|valid|nodata|data)(?:masks?|probability|prb|prob)?"
)
_SURE_WORD = re.compile(r"udm2?|udm2p?1|.*masks?|scl|qa(?:60|bits|pixel)?|bqa|clouds?.*|cld.*")
"""Words of which a mask's name has one at least."""
_HINT = re.compile("udm|mask|scl|qa|cloud|cld", re.IGNORECASE)
_PRODUCT_WORDS = {
    *("visual", "analytic", "analyticms", "pansharpened", "panchromatic", "ortho", "sr", "toar"),
    *("4b", "8b", "dn", "harmonized", "clip", "file", "format", "cog", "bandmath", "reproject"),
}
_PROCESSED = re.compile(r"clouds?(?:less|free|y)|unmasked|masked")
"""Words in the names of images, not of masks."""


@dataclass(frozen=True)
class LikelyMask:
    """A file that is called like a mask of an image."""

    path: Path
    """Absolute, if the path of the image is."""
    same_name: bool
    """Whether it has the name of the image, but for words of products and masks."""

    @property
    def is_usable_data_mask(self) -> bool:
        """Whether it, or its folder, is called like a UDM2 or UDM of Planet's."""
        return any(map(is_usable_data_mask, (self.path.name, self.path.parent.name + ".")))


def is_named_like_mask(name: str) -> bool:
    """Return whether the file `name` is called like a mask."""
    if not _HINT.search(name):
        return False
    ending, words = Path(name).suffix.lower(), _words(Path(name).stem)
    if ending not in _RASTERS + _OTHERS or any(map(_PROCESSED.fullmatch, words)):
        return False
    return any(map(_SURE_WORD.fullmatch, words))


def is_usable_data_mask(name: str) -> bool:
    """Return whether the file `name` is called like a UDM2 or UDM of Planet's."""
    words = _words(Path(name).stem) if "udm" in name.lower() else []
    return any(re.fullmatch(r"udm2?|udm2p?1", word) for word in words)


def masks_beside(image: Path) -> tuple[LikelyMask, ...]:
    """Return the files called like masks of `image`, the best known first."""
    own = _own_words(image.stem)
    found = []
    for folder in _folders(image.parent):
        for name in sorted(entry.name for entry in _children(folder)):
            mask = folder / name
            in_mask_folder = folder != image.parent and mask.suffix.lower() in _RASTERS
            if mask != image and (in_mask_folder or is_named_like_mask(name)):
                words = _own_words(mask.stem)
                if words == own or (not words and folder == image.parent):
                    found.append(LikelyMask(mask, words == own))
    return tuple(sorted(found, key=lambda mask: _preference(mask, image)))


def _folders(home: Path) -> list[Path]:
    """Return the folder of an image, and those for masks in it and beside it."""
    folders = [home]
    for parent in (home, home.parent):
        folders += [
            child
            for child in sorted(_children(parent))
            if _is_mask_folder(child.name) and child != home and child.is_dir()
        ]
    return folders


def _children(folder: Path) -> list[Path]:
    """Return what lies in `folder`; nothing where it cannot be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _is_mask_folder(name: str) -> bool:
    words = _words(name)
    return bool(words) and bool(_SURE_WORD.fullmatch(words[-1])) and not name.startswith(".")


def _words(stem: str) -> list[str]:
    text = re.sub(r"udm2[._]1(?![0-9])", "udm2p1", stem.lower())
    return [word for word in re.split(r"[^a-z0-9]+", text) if word]


def _own_words(stem: str) -> list[str]:
    """Return the words of a name that distinguish images."""
    return [
        word
        for word in _words(stem)
        if word not in _PRODUCT_WORDS and not _MASK_WORD.fullmatch(word)
    ]


def _preference(mask: LikelyMask, image: Path) -> tuple[bool, bool, bool, int, str]:
    """Return a key that is least for a UDM2 in the same folder, named most like `image`."""
    words = set(_words(mask.path.stem))
    differing = len(words ^ set(_words(image.stem)))
    elsewhere = mask.path.parent != image.parent
    return not mask.is_usable_data_mask, "udm" in words, elsewhere, differing, str(mask.path)
