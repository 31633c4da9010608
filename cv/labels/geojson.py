"""GeoJSON: a Feature for each object, a Polygon with its corners, in pixels or in the world.

Source: RFC 7946; its predecessor of 2008 for the member `crs`. Objects of one georeferenced image
are read in longitude and latitude or in the CRS that `crs` names, as QGIS writes them; the sense
of a ring has no meaning there, so rings become clockwise in the image. Files with pixels, y down,
are outside the RFC and marked by the member `pierwatch`: {"plane": "pixels", "classes": [...],
"images": [...]}; they hold many images, also empty ones, and are written with 5 decimals.

Properties of a Feature: `class` (read: also `label` or `name`) and, where needed, `image` and
`ignore`. Read: Polygons (their outer ring) and MultiPolygons of one part.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from cv.geometry.arrays import Float64Array
from cv.geometry.grid import Grid, parse_crs
from cv.io.atomic_files import write_atomically
from cv.labels.label_files import LabelText
from cv.labels.label_record import LabelRecord, json_record
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, safe_name
from cv.labels.outline_edits import signed_area

_DECIMALS = 5
_LONLAT = CRS.from_epsg(4326)


def parse(
    document: LabelText, grid: Grid | None = None, scene: Path | None = None
) -> LabelledDataset:
    """Return the images of a GeoJSON file, in pixels; raises DatasetError.

    A file with world coordinates has one image: `scene` with the `grid`, which is needed. Without
    `scene` the image is named like the file.
    """
    record = json_record(document)
    if record.get("type") != "FeatureCollection":
        record.refuse(f"the type {record.get('type')!r:.40}", "a FeatureCollection is needed")
    own = record.get("pierwatch")
    if isinstance(own, dict) and own.get("plane") == "pixels":
        return _parse_pixels(record, record.record("pierwatch"))
    if grid is None:
        limit, remedy = "their image is needed", "Name the georeferenced image with --scene."
        record.refuse("coordinates in the world", limit, remedy)
    crs, skipped = _crs(record), list[str]()

    def to_pixel(points: Float64Array) -> Float64Array:
        outline = grid.from_world(points, crs)
        return outline if signed_area(outline) >= 0 else outline[::-1]

    shapes = tuple(shape for _, shape in _shapes(record, to_pixel, skipped))
    name = scene.name if scene else Path(document.name).stem
    gsd_m = math.sqrt(math.prod(grid.local_plane().gsd_m))
    return LabelledDataset(
        (), (LabelledImage(name, grid.shape[::-1], shapes, gsd_m),), tuple(skipped)
    )


def write_geojson(dataset: LabelledDataset, path: Path) -> None:
    """Write `dataset` in pixels as `path`, whole or not at all; raises OSError."""
    images = [
        {"name": image.name, "size": image.size, "gsd_m": image.gsd_m, "split": image.split}
        for image in dataset.images
    ]
    record = {
        "type": "FeatureCollection",
        "pierwatch": {"plane": "pixels", "classes": dataset.classes, "images": images},
        "features": [
            _feature(shape, _key(image)) for image in dataset.images for shape in image.shapes
        ],
    }
    write_atomically(path, json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1))


def _feature(shape: LabelledShape, image: str) -> dict[str, Any]:
    corners = shape.outline.round(_DECIMALS).tolist()
    properties: dict[str, Any] = {"class": shape.kind, "image": image}
    if shape.ignore:
        properties["ignore"] = True
    geometry = {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _key(image: LabelledImage) -> str:
    """Return how features name `image`, unique in the file."""
    return f"{image.split}:{image.name}" if image.split else image.name


def _parse_pixels(record: LabelRecord, own: LabelRecord) -> LabelledDataset:
    images = [_image(entry) for entry in own.records("images", "image")]
    shapes: dict[str, list[LabelledShape]] = {_key(image): [] for image in images}
    skipped: list[str] = []
    for key, shape in _shapes(record, lambda points: points, skipped):
        if key not in shapes:
            record.refuse(f"an object of the image {key!r:.80}", "images are listed in the file")
        shapes[key].append(shape)
    labelled = tuple(replace(image, shapes=tuple(shapes[_key(image)])) for image in images)
    classes = tuple(record.require(name, str, "a class") for name in own.array("classes"))
    return LabelledDataset(classes, labelled, tuple(skipped))


def _image(entry: LabelRecord) -> LabelledImage:
    name = safe_name(entry.text("name"), entry.where)
    sides = entry.require(entry.get("size") or [None, None], list, "the size")
    if len(sides) != 2:
        entry.refuse(f"a size of {len(sides)} numbers", "it is width, height in pixels")
    size = None if sides == [None, None] else entry.to_size(*sides)
    return LabelledImage(name, size, (), entry.gsd_m(), entry.split())


def _crs(record: LabelRecord) -> CRS:
    if record.get("crs") is None:
        return _LONLAT
    name = record.record("crs").record("properties").text("name")
    try:
        return parse_crs(name)
    except ValueError:
        record.refuse(f"the CRS {name!r:.80}", "a CRS that PROJ knows is needed")


def _shapes(
    record: LabelRecord, to_pixel: Callable[[Float64Array], Float64Array], skipped: list[str]
) -> Iterator[tuple[str, LabelledShape]]:
    """Yield the key of the image and the shape of each Polygon; note others in `skipped`."""
    for feature in record.records("features", "feature"):
        ring = _ring(feature)
        if isinstance(ring, str):
            skipped.append(f"features of type {ring!r}")
            continue
        values = feature.require(feature.get("properties") or {}, dict, '"properties"')
        kind = next((values[key] for key in ("class", "label", "name") if values.get(key)), None)
        with np.errstate(invalid="ignore"):
            outline = feature.to_outline(to_pixel(ring))
        kind = feature.require(kind, str, '"class"')
        shape = LabelledShape(kind, outline, values.get("ignore") is True)
        yield str(values.get("image", "")), shape


def _ring(feature: LabelRecord) -> Float64Array | str:
    """Return the outer ring of a Polygon, or the type of another geometry."""
    if feature.get("geometry") is None:
        return "none"
    geometry = shapely.from_geojson(json.dumps(feature.get("geometry")), on_invalid="ignore")
    if geometry is None:
        feature.refuse("an invalid geometry", "a Polygon has closed rings of points x, y")
    if isinstance(geometry, shapely.MultiPolygon) and len(geometry.geoms) == 1:
        (geometry,) = geometry.geoms
    if not isinstance(geometry, shapely.Polygon):
        return str(geometry.geom_type)
    return feature.to_outline(shapely.get_coordinates(geometry.exterior))
