"""The files of a scene: itself, masks, metadata and checksums beside it, assets of its Item."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from cv.errors import SceneError
from cv.scene.integrity.checksums import ALGORITHMS
from cv.scene.local_files import file_names
from cv.scene.providers.planet_filenames import PlanetAsset, parse_filename
from cv.scene.providers.stac_item import StacItem
from cv.sidecars.mask_names import is_named_like_mask

_ENDINGS = (
    *(".tif", ".tiff", ".png", ".jpg", ".jpeg", ".msk", ".json", ".xml", ".imd", ".prj", ".wld"),
    *(".tfw", ".tifw", ".tiffw", ".pgw", ".pngw", ".jgw", ".jpgw"),
    *(f".{name}" for name in ALGORITHMS),
)
"""Endings of images, masks, metadata, georeference and checksums."""


@dataclass(frozen=True, eq=False)
class SceneFile:
    """The file that names a scene, an image or an Item; its name and content are parsed once."""

    path: Path

    @cached_property
    def planet_asset(self) -> PlanetAsset | None:
        """What its name declares, if it is one of Planet's."""
        return parse_filename(self.path.name)

    @cached_property
    def asset_paths(self) -> tuple[Path, ...]:
        """Local files that it lists as a STAC Item, none if it is not one; raises OSError."""
        if self.path.suffix.lower() != ".json":
            return ()
        try:
            item = StacItem.read(self.path)
        except SceneError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            return ()
        targets = (item.local_target(asset) for asset in item.assets)
        return tuple(target for target in targets if target)

    def files(self, names: list[str]) -> tuple[Path, ...]:
        """Return the files of the scene, each once.

        `names` are those of all files in its folder, sorted. Files that an Item lists, and what
        belongs to them, may lie elsewhere and may be missing. Raises OSError where the Item cannot
        be read.
        """
        own = self._beside(names)
        return tuple(dict.fromkeys((*own, *self._of_item(names)))) if own else ()

    def _of_item(self, names: list[str]) -> Iterator[Path]:
        home = self.path.parent.resolve()
        for path in self.asset_paths:
            yield path
            asset, folder = SceneFile(path), path.parent
            if asset.planet_asset:  # Planet's masks and metadata are found by their names
                yield from asset._beside(names if folder == home else sibling_names(folder))

    def _beside(self, names: list[str]) -> tuple[Path, ...]:
        """Return the files with its name, or with the identifier of its Planet item."""
        asset = self.planet_asset
        start, separators = (asset.item, ("_", ".")) if asset else (self.path.stem, (".",))
        alike = takewhile(lambda name: name.startswith(start), names[bisect_left(names, start) :])
        return tuple(
            self.path.parent / name
            for name in alike
            if name == self.path.name
            or (name[len(start) :].startswith(("_", "-")) and is_named_like_mask(name))
            or (name[len(start) :].startswith(separators) and name.lower().endswith(_ENDINGS))
        )


def sibling_names(folder: Path) -> list[str]:
    """Return the names of all files in `folder`, sorted; none where it cannot be read."""
    try:
        return file_names(folder)
    except SceneError:
        return []
