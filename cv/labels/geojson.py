"""GeoJSON: a Feature for each object, a Polygon with its corners, in one of three planes.

Source: RFC 7946; its predecessor of 2008 for the member `crs`. With a Grid, the objects of one
image lie in the world: longitude and latitude (RFC 7946, rings counter-clockwise as seen on the
map) or coordinates of the image's CRS (named by `crs`, as QGIS writes it). Without one, they are in
pixels, y down, which is no GeoJSON of the RFC and is marked by the member `pierwatch`: {"plane":
"pixels", "classes": [...], "images": [...]}; that way a file holds many images, also empty ones.

Properties of a Feature: `class`, and where there is something to say `image`, `ignore`; others are
kept as attributes. Read: Polygons (their outer ring) and MultiPolygons of one part, with `class`,
`label` or `name`. Written with 10 decimals of a degree or metre: some hundredths of a millimetre;
pixels with 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from cv.errors import DatasetError
from cv.geometry.grid import Grid, parse_crs
from cv.geometry.oriented_boxes import Floats, map_points
from cv.io.atomic_files import write_atomically
from cv.labels.label_documents import LabelDocument, parse_json, read_documents
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    dataset_of,
    safe_name,
)
from cv.labels.outline_edits import signed_area
from cv.labels.parsed_values import (
    SourceLocation,
    attributes_of,
    count_by_kind,
    gsd_of,
    item,
    optional_size,
    outline,
    split_of,
    typed,
)

_DECIMALS, _WORLD_DECIMALS = 5, 10
_OURS = ("class", "image", "ignore")
_LONLAT = CRS.from_epsg(4326)
Mapping = Callable[[Floats], Floats]


def read(path: Path, grid: Grid | None = None, image: str = "") -> LabelledDataset:
    """The dataset of `path`, in pixels.

    For a file in the world, `grid` is that of the image and `image` its name. Raises DatasetError
    where a file in the world has no grid, and on what is no GeoJSON of Polygons.
    """
    return parse(next(read_documents(path, ".geojson", ".json")), grid, image)


def parse(document: LabelDocument, grid: Grid | None = None, image: str = "") -> LabelledDataset:
    """As `read`, from a text."""
    place = SourceLocation(document.name)
    record = typed(parse_json(document), dict, "the file", place)
    if record.get("type") != "FeatureCollection":
        place.refuse(f"the type {record.get('type')!r:.40}", "a FeatureCollection is needed")
    ours = record.get("pierwatch")
    if isinstance(ours, dict) and ours.get("plane") == "pixels":
        return _pixels(record, ours, place)
    if grid is None:
        place.refuse(
            "coordinates in the world",
            "the image they lie on is needed to tell pixels",
            "Name the georeferenced image with --scene.",
        )
    crs = _crs(record, place)
    shapes, others = _shapes(record, lambda points: grid.from_world(points, crs), place)
    size = grid.shape[1], grid.shape[0]
    one = LabelledImage(image or Path(document.name).stem, size, tuple(s for _, s in shapes))
    return dataset_of([one], document.name, left_out=count_by_kind(others, "features of type"))


def write(dataset: LabelledDataset, path: Path) -> None:
    """Writes `dataset` in pixels as `path`, whole or not at all; raises OSError."""
    names = [
        {"name": image.name, "size": image.size, "gsd_m": image.gsd_m, "split": image.split}
        for image in dataset.images
    ]
    features = [
        _feature(shape, shape.outline.round(_DECIMALS), _key(image))
        for image in dataset.images
        for shape in image.shapes
    ]
    plane = {"plane": "pixels", "classes": dataset.classes, "images": names}
    _write({"type": "FeatureCollection", "pierwatch": plane, "features": features}, path)


def write_lonlat(image: LabelledImage, grid: Grid, path: Path) -> None:
    """Writes the objects of `image`, which lies on `grid`, in longitude and latitude; RFC 7946."""
    features = [
        _feature(shape, _map_order(grid.to_lonlat(shape.outline))) for shape in image.shapes
    ]
    _write({"type": "FeatureCollection", "features": features}, path)


def write_in_crs(image: LabelledImage, grid: Grid, path: Path) -> None:
    """Writes the objects of `image`, which lies on `grid`, in the CRS of the grid.

    Raises DatasetError where that CRS has no number by which GeoJSON could name it.
    """
    authority = grid.crs.to_authority() if grid.crs else None
    if authority is None:
        raise DatasetError(
            image.name,
            "a CRS without a number",
            "GeoJSON names a CRS by authority and number",
            "Write longitude and latitude.",
        )
    name = f"urn:ogc:def:crs:{authority[0]}::{authority[1]}"
    features = [
        _feature(shape, _map_order(map_points(grid.transform, shape.outline)))
        for shape in image.shapes
    ]
    crs = {"type": "name", "properties": {"name": name}}
    _write({"type": "FeatureCollection", "crs": crs, "features": features}, path)


def _write(record: dict[str, Any], path: Path) -> None:
    write_atomically(path, json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1))


def _feature(shape: LabelledShape, corners: Floats, image: str = "") -> dict[str, Any]:
    points = [*corners.tolist(), corners[0].tolist()]
    properties: dict[str, Any] = {"class": shape.kind}
    if image:
        properties["image"] = image
    if shape.ignore:
        properties["ignore"] = True
    properties |= {name: value for name, value in shape.attributes if name not in _OURS}
    geometry = {"type": "Polygon", "coordinates": [points]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _map_order(corners: Floats) -> Floats:
    """`corners` counter-clockwise with y up, the first one first."""
    rounded = corners.round(_WORLD_DECIMALS)
    return rounded if signed_area(rounded) >= 0 else np.roll(rounded[::-1], 1, axis=0)


def _key(image: LabelledImage) -> str:
    return f"{image.split}:{image.name}" if image.split else image.name


def _pixels(record: dict[str, Any], ours: dict[str, Any], place: SourceLocation) -> LabelledDataset:
    shapes, others = _shapes(record, lambda points: points, place)
    images = [_image(entry, place) for entry in item(ours, "images", list, place)]
    of_image: dict[str, list[LabelledShape]] = {_key(image): [] for image in images}
    for name, shape in shapes:
        if name not in of_image:
            place.refuse(f"an object of the image {name!r:.80}", "images are listed in the file")
        of_image[name].append(shape)
    full = [
        LabelledImage(i.name, i.size, tuple(of_image[_key(i)]), i.gsd_m, i.split) for i in images
    ]
    classes = [typed(name, str, "a class", place) for name in item(ours, "classes", list, place)]
    return dataset_of(full, place.file, classes, count_by_kind(others, "features of type"))


def _image(entry: Any, place: SourceLocation) -> LabelledImage:
    record = typed(entry, dict, "an image", place)
    name = safe_name(item(record, "name", str, place), place.file)
    sides = typed(record.get("size") or [None, None], list, "the size", place)
    if len(sides) != 2:
        place.refuse(f"a size of {len(sides)} numbers", "it is width, height in pixels")
    size = optional_size(sides[0], sides[1], place)
    gsd, split = gsd_of(record.get("gsd_m"), place), split_of(record.get("split"), place)
    return LabelledImage(name, size, (), gsd, split)


def _crs(record: dict[str, Any], place: SourceLocation) -> CRS:
    crs = record.get("crs")
    if crs is None:
        return _LONLAT
    named = item(typed(crs, dict, '"crs"', place), "properties", dict, place)
    name = item(named, "name", str, place)
    try:
        return parse_crs(name)
    except ValueError:
        place.refuse(f"the CRS {name!r:.80}", "a CRS that PROJ knows is needed")


def _shapes(
    record: dict[str, Any], to_pixel: Mapping, place: SourceLocation
) -> tuple[list[tuple[str, LabelledShape]], list[str]]:
    """Name of the image and shape of each Polygon, and the types of what is none."""
    shapes, others = [], []
    for i, entry in enumerate(item(record, "features", list, place)):
        here = place.at(f"feature {i}")
        feature = typed(entry, dict, "it", here)
        corners = _ring(feature.get("geometry"), here)
        if isinstance(corners, str):
            others.append(corners)
            continue
        said = feature.get("properties") or {}
        said = typed(said, dict, '"properties"', here)
        kind = next((said[k] for k in ("class", "label", "name") if said.get(k)), None)
        extra = attributes_of({k: v for k, v in said.items() if k not in _OURS})
        with np.errstate(invalid="ignore"):
            pixels = outline(to_pixel(corners), here)
        shape = LabelledShape(
            typed(kind, str, '"class"', here), pixels, said.get("ignore") is True, extra
        )
        shapes.append((str(said.get("image", "")), shape))
    return shapes, others


def _ring(geometry: Any, place: SourceLocation) -> Floats | str:
    """The outer ring of a Polygon, or the type of what is none."""
    if not isinstance(geometry, dict):
        return "none"
    kind = str(geometry.get("type"))
    rings = geometry.get("coordinates")
    if kind == "MultiPolygon" and isinstance(rings, list) and len(rings) == 1:
        kind, rings = "Polygon", rings[0]
    if kind != "Polygon":
        return kind
    points = typed(rings, list, '"coordinates"', place)[:1]
    try:
        flat = [[float(p[0]), float(p[1])] for p in (points[0] if points else ())]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        place.refuse("coordinates that are no numbers", "a ring is a list of points x, y")
    return outline(flat, place)
