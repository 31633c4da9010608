"""The metadata of one delivered scene, the same for all providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cv.scene.integrity.checksums import Checksum
from cv.scene.providers.acquisition_conditions import AcquisitionConditions
from cv.scene.radiometry import Bands, Radiometry
from cv.scene.raster_header import RasterHeader
from cv.sidecars.mask_names import LikelyMask


@dataclass(frozen=True, kw_only=True)
class ProductMetadata:
    """One scene as it was delivered."""

    id: str
    """Identifier of the provider's item, or the name of the file without its ending."""
    header: RasterHeader
    """Header of the image file."""
    acquired: datetime | None = None
    """Acquisition time, UTC."""
    radiometry: Radiometry | str | None = None
    """Radiometry, or the name of its profile."""
    bands: Bands | tuple[()] = ()
    """Numbers of the red, green and blue band, from 1; empty if undeclared."""
    udm2: Path | None = None
    """The cloud mask that the provider names, absolute: a UDM2, or a raster of classes."""
    hidden_classes: frozenset[int] = frozenset()
    """Values of `udm2` that hide the ground, if it is a raster of classes."""
    likely_masks: tuple[LikelyMask, ...] = ()
    """Files beside the image that are called like its masks, the best known first."""
    unused_masks: tuple[str, ...] = ()
    """Masks that the provider names and that cannot be used."""
    conditions: AcquisitionConditions = field(default_factory=AcquisitionConditions)
    """What the delivery says about the acquisition."""
    checksums: tuple[tuple[Path, Checksum], ...] = ()
    """Files with the checksums that the metadata declare; more may lie beside the files."""

    def check_files(self) -> None:
        """Raise SceneError for files that do not match their checksums."""
        files = filter(None, (self.header.path, self.udm2))
        beside = ((file, checksum) for file in files for checksum in Checksum.beside(file))
        for file, checksum in (*self.checksums, *beside):
            checksum.check(file)
