"""Scenes of one moment: a preview beside the image, several products of one acquisition.

Of scenes that were acquired in the same second, and of which one shows nearly all that the other
shows, only the fitter one is counted: the one with the finer pixels; of equal ones the one with a
cloud mask, then the larger one, then the one whose name comes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.errors import SceneError
from cv.scene.acquisition_time import NamePattern, time_from_tags
from cv.scene.georeference import image_grid
from cv.scene.providers.delivery import read_delivery
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.raster_header import RasterHeader

MIN_SHARED = 0.9
"""Share of a scene's area that another one of its moment must show to replace it."""
MIN_GSD_RATIO = 1.05
"""GSDs that differ by less are equal."""


@dataclass(frozen=True, eq=False)
class ComparedScene:
    """What is compared of a scene."""

    path: Path
    moment: datetime
    """Acquisition time to the second, UTC."""
    footprint: BaseGeometry
    """Longitude, latitude."""
    gsd_m: float
    """Coarser of pixel spacing and true GSD, metres."""
    has_mask: bool

    def is_replaced_by(self, other: ComparedScene) -> bool:
        """Return whether `other` shows nearly all of it, and is fitter."""
        shared = self.footprint.intersection(other.footprint).area
        if shared < MIN_SHARED * self.footprint.area:
            return False
        ratio = self.gsd_m / other.gsd_m
        if not 1 / MIN_GSD_RATIO < ratio < MIN_GSD_RATIO:
            return ratio > 1
        mine = (self.has_mask, self.footprint.area)
        others = (other.has_mask, other.footprint.area)
        return mine < others or (mine == others and str(self.path) > str(other.path))


def replaced_scenes(
    paths: Sequence[Path], time_pattern: NamePattern | None = None
) -> dict[Path, Path]:
    """Return which of the scenes `paths` another one of its moment replaces, and that one.

    `time_pattern` gives the time of a scene whose metadata do not, as in `Scene.open`.
    """
    by_moment: dict[datetime, list[ComparedScene]] = defaultdict(list)
    for path in paths:
        found = _compared_scene(path, time_pattern)
        if found:
            by_moment[found.moment].append(found)
    replaced: dict[Path, Path] = {}
    for group in by_moment.values():
        for one in group:
            fitter = (other for other in group if other is not one and one.is_replaced_by(other))
            best = min(fitter, key=lambda other: (other.gsd_m, str(other.path)), default=None)
            if best is not None:
                replaced[one.path] = best.path
    return {path: _last(path, replaced) for path in replaced}


def _last(path: Path, replaced: dict[Path, Path]) -> Path:
    """Return the scene at the end of the chain that replaces `path`."""
    seen = {path}
    while path in replaced and replaced[path] not in seen:
        path = replaced[path]
        seen.add(path)
    return path


def _compared_scene(path: Path, time_pattern: NamePattern | None) -> ComparedScene | None:
    """Return what is compared of the scene `path`; None where it cannot be read or has no time."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _read(path, time_pattern, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=65536)
def _read(
    path: Path, time_pattern: NamePattern | None, _changed_ns: int, _size: int
) -> ComparedScene | None:
    with suppress(SceneError):
        metadata = read_delivery(path.absolute())
        acquired = metadata.acquired or _time_without_metadata(metadata.header, time_pattern)
        if acquired and metadata.header.georeferenced:
            return _of(path, metadata, acquired)
    return None


def _time_without_metadata(
    header: RasterHeader, time_pattern: NamePattern | None
) -> datetime | None:
    """Return the time in the name or the tags of an image, UTC; None where no second is given."""
    if time_pattern is None:
        return time_from_tags(header)
    return time_pattern.time_of(header.path) if time_pattern.has_seconds else None


def _of(path: Path, metadata: ProductMetadata, acquired: datetime) -> ComparedScene:
    grid = image_grid(metadata.header, None)
    outline = shapely.transform(grid.footprint, grid.to_lonlat)
    gsd_m = metadata.conditions.effective_gsd_m(grid.local_plane().gsd_m)
    named = (mask.is_usable_data_mask and mask.same_name for mask in metadata.likely_masks)
    return ComparedScene(
        path=path,
        moment=acquired.replace(microsecond=0),
        footprint=shapely.make_valid(outline),
        gsd_m=float(np.max(gsd_m)),
        has_mask=metadata.udm2 is not None or any(named),
    )
