"""Write a scene as Planet delivers SkySat: visual image, usable data mask and metadata."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import rasterio
from port_layout import EPSG, GSD, ORIGIN, SIZE
from pyproj import Transformer
from rasterio.transform import Affine, from_origin
from schedule import PortState
from sky import Clouds, Sky

from cv.rendering.renderer import Bytes

TRANSFORM: Affine = from_origin(*ORIGIN, GSD, GSD)
"""Pixels (column, row) to easting, northing."""


@dataclass(frozen=True)
class Properties:
    """Properties of a SkySat item."""

    acquired: str
    """ISO 8601, UTC."""
    cloud_cover: float
    """Share of the scene, 0..1."""
    sun_azimuth: float
    """Degrees clockwise from north."""
    sun_elevation: float
    """Degrees."""
    view_angle: float
    """Off nadir, degrees."""
    gsd: float = GSD
    """Metres."""
    pixel_resolution: float = GSD
    """Metres."""
    item_type: str = "SkySatCollect"
    satellite_id: str = "SSC4"
    provider: str = "rendered"
    """Never a satellite: the sample is fictitious."""


def item_id(state: PortState) -> str:
    """The item's identifier, as SkySat items are named."""
    return f"{state.time:%Y%m%d_%H%M%S}_ssc4_u0001"


def write_scene(folder: Path, state: PortState, sky: Sky, image: Bytes, clouds: Clouds) -> Path:
    """Write image (rows, columns, RGB), mask and metadata; returns the image's path."""
    name = item_id(state)
    path = folder / f"{name}_visual.tif"
    _write(path, image.transpose(2, 0, 1), "jpeg", photometric="YCBCR", jpeg_quality=92)
    _write(folder / f"{name}_udm2.tif", clouds.udm2(), "deflate", predictor=1)
    facts = _properties(state, sky, clouds)
    item = {"type": "Feature", "id": name, "geometry": _outline(), "properties": asdict(facts)}
    text = json.dumps(item, indent=1) + "\n"
    (folder / f"{name}_metadata.json").write_text(text, encoding="utf-8")
    return path


def _write(path: Path, bands: Bytes, compress: str, **options: object) -> None:
    count, height, width = bands.shape
    profile = {"driver": "GTiff", "dtype": "uint8", "crs": f"EPSG:{EPSG}", "transform": TRANSFORM}
    tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": compress}
    with rasterio.open(
        path, "w", count=count, height=height, width=width, **profile, **tiles, **options
    ) as target:
        target.write(bands)


def _properties(state: PortState, sky: Sky, clouds: Clouds) -> Properties:
    return Properties(
        acquired=f"{state.time:%Y-%m-%dT%H:%M:%SZ}",
        cloud_cover=round(float(clouds.udm2()[5].mean()), 3),
        sun_azimuth=round(sky.sun.azimuth, 1),
        sun_elevation=round(sky.sun.elevation, 1),
        view_angle=round(math.degrees(math.atan(math.hypot(sky.view.lean_x, sky.view.lean_y))), 1),
    )


def _outline() -> dict[str, object]:
    """The scene's footprint as GeoJSON."""
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    left, top = ORIGIN
    right, bottom = left + SIZE[0], top - SIZE[1]
    ring = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    spots = [[round(value, 7) for value in to_degrees.transform(*spot)] for spot in ring]
    return {"type": "Polygon", "coordinates": [spots]}
