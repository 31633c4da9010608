"""The metadata of one delivered scene, the same for all providers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cv.errors import SceneError
from cv.scene.integrity.checksums import Checksum
from cv.scene.radiometry import Bands, Radiometry
from cv.scene.raster_header import RasterHeader


@dataclass(frozen=True, kw_only=True)
class ProductMetadata:
    """One scene as it was delivered."""

    id: str
    """Identifier of the provider's item, or the name of the file without its ending."""
    image: Path
    """The image file, absolute."""
    acquired: datetime | None = None
    """Acquisition time, UTC."""
    radiometry: Radiometry | str | None = None
    """Radiometry, or the name of its profile."""
    calibration: Callable[[RasterHeader], Radiometry | str | None] | None = None
    """Finds the radiometry by the header of the image, where `radiometry` is None."""
    bands: Bands | tuple[()] = ()
    """Numbers of the red, green and blue band, from 1; empty if undeclared."""
    udm2: Path | None = None
    """The usable data mask (UDM2) of the image, absolute."""
    checksums: tuple[tuple[Path, Checksum], ...] = ()
    """Files with the checksums that the metadata declare; more may lie beside the files."""

    def check(self) -> None:
        """Raise SceneError for an unusable id, and for files that do not match their checksums."""
        files = [self.image] if self.udm2 is None else [self.image, self.udm2]
        beside = [(file, checksum) for file in files for checksum in Checksum.beside(file)]
        for file, checksum in (*self.checksums, *beside):
            checksum.check(file)
        if "\0" in self.id or any("\ud800" <= letter <= "\udfff" for letter in self.id):
            raise SceneError(
                self.image,
                f"it is called {self.id!r}",
                "an id that is valid Unicode, without NUL, is needed",
                "Correct the id of its Item.",
            )

    def declared_radiometry(self, header: RasterHeader) -> Radiometry | str | None:
        """Return the radiometry that the delivery declares for the image with `header`."""
        if self.radiometry or self.calibration is None:
            return self.radiometry
        return self.calibration(header)
