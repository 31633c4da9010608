"""GeoJSON: a Feature for each object, a Polygon with its corners, in one of three planes.

Source: RFC 7946; its predecessor of 2008 for the member `crs`. With a Grid, the objects of one
image have world coordinates: longitude and latitude (RFC 7946, rings counter-clockwise on the map)
or coordinates of the image's CRS (named by `crs`, as QGIS writes it). Without one, they are in
pixels, y down. That is outside the RFC and is marked by the member `pierwatch`: {"plane": "pixels",
"classes": [...], "images": [...]}; such a file holds many images, also empty ones.

Properties of a Feature: `class` and, where needed, `image` and `ignore`; others are kept as
attributes. Read: Polygons (their outer ring) and MultiPolygons of one part, with `class`, `label`
or `name`. Written with 10 decimals of a degree or metre (about 0.01 mm); pixels with 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from cv.errors import DatasetError
from cv.geometry.arrays import Float64Array
from cv.geometry.grid import Grid, parse_crs
from cv.geometry.oriented_boxes import map_points
from cv.io.atomic_files import write_atomically
from cv.labels.label_record import LabelRecord, ParsedLabels, attributes_of, json_record
from cv.labels.label_texts import LabelText
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, safe_name
from cv.labels.outline_edits import signed_area

_DECIMALS, _WORLD_DECIMALS = 5, 10
_OWN_PROPERTIES = ("class", "image", "ignore")
_LONLAT = CRS.from_epsg(4326)


def parse(document: LabelText, grid: Grid | None = None) -> ParsedLabels:
    """Return the images of a GeoJSON file, in pixels; raises DatasetError.

    A file with world coordinates has one image, whose `grid` is needed, named like the file.
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
    shapes = [s for _, s in _shapes(record, lambda points: grid.from_world(points, crs), skipped)]
    size = grid.shape[1], grid.shape[0]
    image = LabelledImage(Path(document.name).stem, size, tuple(shapes))
    return ParsedLabels([image], [], skipped)


def write_geojson(dataset: LabelledDataset, path: Path) -> None:
    """Write `dataset` in pixels as `path`, whole or not at all; raises OSError."""
    images = [
        {"name": image.name, "size": image.size, "gsd_m": image.gsd_m, "split": image.split}
        for image in dataset.images
    ]
    features = [
        _feature(shape, shape.outline.round(_DECIMALS), _key(image))
        for image in dataset.images
        for shape in image.shapes
    ]
    own = {"plane": "pixels", "classes": dataset.classes, "images": images}
    _write({"pierwatch": own, "features": features}, path)


def write_lonlat(image: LabelledImage, grid: Grid, path: Path) -> None:
    """Write the objects of `image`, which lies on `grid`, in longitude and latitude (RFC 7946)."""
    _write({"features": _world_features(image, grid.to_lonlat)}, path)


def write_in_crs(image: LabelledImage, grid: Grid, path: Path) -> None:
    """Write the objects of `image`, which lies on `grid`, in the CRS of the grid.

    Raises DatasetError where that CRS has no code by which GeoJSON could name it.
    """
    authority = grid.crs.to_authority() if grid.crs else None
    if authority is None:
        limit, remedy = "GeoJSON names a CRS by its code", "Write longitude and latitude."
        raise DatasetError(image.name, "a CRS without a code", limit, remedy)
    name = f"urn:ogc:def:crs:{authority[0]}::{authority[1]}"
    features = _world_features(image, lambda points: map_points(grid.transform, points))
    _write({"crs": {"type": "name", "properties": {"name": name}}, "features": features}, path)


def _write(members: dict[str, Any], path: Path) -> None:
    record = {"type": "FeatureCollection", **members}
    write_atomically(path, json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1))


def _world_features(
    image: LabelledImage, to_world: Callable[[Float64Array], Float64Array]
) -> list[dict[str, Any]]:
    """Return the objects of `image` with rings counter-clockwise on the map, y up."""
    features = []
    for shape in image.shapes:
        corners = to_world(shape.outline).round(_WORLD_DECIMALS)
        if signed_area(corners) < 0:
            corners = np.roll(corners[::-1], 1, axis=0)
        features.append(_feature(shape, corners))
    return features


def _feature(shape: LabelledShape, corners: Float64Array, image: str = "") -> dict[str, Any]:
    points = [*corners.tolist(), corners[0].tolist()]
    properties: dict[str, Any] = {"class": shape.kind}
    if image:
        properties["image"] = image
    if shape.ignore:
        properties["ignore"] = True
    properties |= {key: value for key, value in shape.attributes if key not in _OWN_PROPERTIES}
    geometry = {"type": "Polygon", "coordinates": [points]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _key(image: LabelledImage) -> str:
    """Return how features name `image`, unique in the file."""
    return f"{image.split}:{image.name}" if image.split else image.name


def _parse_pixels(record: LabelRecord, own: LabelRecord) -> ParsedLabels:
    images = [_image(entry) for entry in own.records("images", "image")]
    shapes: dict[str, list[LabelledShape]] = {_key(image): [] for image in images}
    skipped: list[str] = []
    for key, shape in _shapes(record, lambda points: points, skipped):
        if key not in shapes:
            record.refuse(f"an object of the image {key!r:.80}", "images are listed in the file")
        shapes[key].append(shape)
    labelled = [replace(image, shapes=tuple(shapes[_key(image)])) for image in images]
    classes = [record.require(name, str, "a class") for name in own.array("classes")]
    return ParsedLabels(labelled, classes, skipped)


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
        extra = attributes_of({k: v for k, v in values.items() if k not in _OWN_PROPERTIES})
        with np.errstate(invalid="ignore"):
            outline = feature.to_outline(to_pixel(ring))
        kind = feature.require(kind, str, '"class"')
        shape = LabelledShape(kind, outline, values.get("ignore") is True, extra)
        yield str(values.get("image", "")), shape


def _ring(feature: LabelRecord) -> Float64Array | str:
    """Return the outer ring of a Polygon, or the type of another geometry."""
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict):
        return "none"
    kind = str(geometry.get("type"))
    rings = geometry.get("coordinates")
    if kind == "MultiPolygon" and isinstance(rings, list) and len(rings) == 1:
        kind, rings = "Polygon", rings[0]
    if kind != "Polygon":
        return kind
    rings = feature.require(rings, list, '"coordinates"')
    try:
        points = [[float(p[0]), float(p[1])] for p in (rings[0] if rings else ())]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        feature.refuse("invalid coordinates", "a ring is a list of points x, y")
    return feature.to_outline(points)
