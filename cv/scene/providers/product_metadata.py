"""Delivery: what a provider's files declare about one scene."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cv.scene.integrity.checksums import Checksum
from cv.scene.radiometry import Bands, Radiometry


@dataclass(frozen=True)
class ProductMetadata:
    """One scene as it arrived on disk."""

    id: str
    """Identifier of the provider's item, or the name of the file without its ending."""
    image: Path
    """The image file, absolute."""
    acquired: datetime | None = None
    """When the scene was taken, UTC, as its metadata declare."""
    radiometry: Radiometry | str | None = None
    """Profile or limits that the metadata declare."""
    bands: Bands | tuple[()] = ()
    """Red, green, blue as the metadata declare them, from 1; empty if they do not."""
    udm2: Path | None = None
    """The usable data mask (UDM2) beside the image, absolute."""
    checksums: tuple[tuple[Path, Checksum], ...] = ()
    """What files must hash to, as its metadata declare; see also `checked`."""

    @classmethod
    def plain(cls, image: Path) -> ProductMetadata:
        """An image without metadata."""
        return cls(image.stem, image)

    def checked(self) -> ProductMetadata:
        """The same; raises SceneError where a file is not what its checksum says."""
        files = [self.image] if self.udm2 is None else [self.image, self.udm2]
        beside = [(file, one) for file in files for one in Checksum.beside(file)]
        for file, checksum in (*self.checksums, *beside):
            checksum.check(file)
        return self
