"""Pierwatch's own label files: blocks of touching containers, drawn by hand; read only.

    {"image": "a.png", "region": [x, y, w, h], "gsd": 0.3, "gsd_xy": [0.3, 0.25],
     "blocks": [{"quad": [[x, y] * 4], "cols": 3, "rows": 5, "aboard": false, "sure": true}],
     "ships": [{"poly": [[x, y] * 4 or more]}], "ignore": [{"poly": [...]}]}

Pixels of the image with y down. `region` is labelled completely, but for the `ignore` polygons;
what lies outside of it is not labelled at all. A block is a quadrilateral p0 p1 p2 p3 of touching
containers: p0 to p1 is divided into `cols`, p0 to p3 into `rows`, evenly along its sides; each cell
is one visible roof. `aboard` (of a ship), `sure` and `note` are kept as attributes. `gsd` is metres
a pixel, `gsd_xy` along x and y where pixels are not square on the ground.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cv.geometry.oriented_boxes import Floats
from cv.labels.label_documents import LabelDocument, parse_json, read_documents
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    base_name,
    dataset_of,
)
from cv.labels.parsed_values import SourceLocation, attributes_of, item, number, outline, typed

CONTAINER, HULL = "container", "hull"
_MOST_CELLS = 10_000
"""Containers of one block."""


@dataclass(frozen=True, eq=False)
class PartialLabels:
    """One image, of which a part is labelled completely."""

    image: LabelledImage
    """Its containers, a cell each, and its hulls, in pixels; its size is not told."""
    region: shapely.Polygon | shapely.MultiPolygon
    """Where all objects are labelled: the region less what is to be ignored, pixels."""
    gsd_m: tuple[float, float]
    """Metres a pixel along x and y."""


def read(path: Path) -> LabelledDataset:
    """The dataset of the JSON file, folder or archive `path`; raises DatasetError."""
    surveys = [parse(document) for document in read_documents(path, ".json")]
    lines = [
        f"{survey.image.name}: labelled within {', '.join(f'{v:g}' for v in survey.region.bounds)}"
        for survey in surveys
    ]
    images = [survey.image for survey in surveys]
    return dataset_of(images, path, (CONTAINER, HULL), [f"{line} only" for line in lines])


def parse(document: LabelDocument) -> PartialLabels:
    """The survey that `document` holds; raises DatasetError."""
    place = SourceLocation(document.name)
    record = typed(parse_json(document), dict, "the file", place)
    name = base_name(item(record, "image", str, place), document.name)
    shapes = [
        LabelledShape(CONTAINER, cell, attributes=_said(block))
        for block, here in _entries(record, "blocks", place)
        for cell in _cells(block, here)
    ]
    shapes += [
        LabelledShape(HULL, _points(ship, "poly", here), attributes=_said(ship))
        for ship, here in _entries(record, "ships", place)
    ]
    gsd = _gsd(record, place)
    even = gsd[0] if gsd[0] == gsd[1] else None
    return PartialLabels(
        LabelledImage(name, None, tuple(shapes), even), _region(record, place), gsd
    )


def _entries(
    record: dict[str, Any], key: str, place: SourceLocation
) -> Iterator[tuple[dict[str, Any], SourceLocation]]:
    for i, entry in enumerate(item(record, key, list, place)):
        here = place.at(f"{key}[{i}]")
        yield typed(entry, dict, "it", here), here


def _points(record: dict[str, Any], key: str, place: SourceLocation) -> Floats:
    points = [
        [number(v, "a coordinate", place) for v in typed(point, list, "a point", place)]
        for point in item(record, key, list, place)
    ]
    return outline(points, place)


def _cells(block: dict[str, Any], place: SourceLocation) -> Iterator[Floats]:
    """(4, 2) corners of each container of a block, row by row."""
    quad = _points(block, "quad", place)
    cols, rows = (number(block.get(key, 1), key, place) for key in ("cols", "rows"))
    whole = cols == int(cols) and rows == int(rows)
    if len(quad) != 4 or not whole or min(cols, rows) < 1 or cols * rows > _MOST_CELLS:
        place.refuse(
            f"{len(quad)} corners, {cols:g} x {rows:g} cells",
            f"a block has four corners and 1 to {_MOST_CELLS} cells",
        )
    u, v = np.linspace(0, 1, int(cols) + 1), np.linspace(0, 1, int(rows) + 1)
    for j in range(int(rows)):
        for i in range(int(cols)):
            across = np.array([u[i], u[i + 1], u[i + 1], u[i]])[:, None]
            down = np.array([v[j], v[j], v[j + 1], v[j + 1]])[:, None]
            upper = (1 - across) * quad[0] + across * quad[1]
            lower = (1 - across) * quad[3] + across * quad[2]
            yield (1 - down) * upper + down * lower


def _region(
    record: dict[str, Any], place: SourceLocation
) -> shapely.Polygon | shapely.MultiPolygon:
    sides = [number(v, "region", place) for v in item(record, "region", list, place)]
    if len(sides) != 4:
        place.refuse(f"a region of {len(sides)} numbers", "it is x, y, width, height")
    x, y, w, h = sides
    ignored = [
        shapely.make_valid(shapely.Polygon(_points(entry, "poly", here)))
        for entry, here in _entries(record, "ignore", place)
    ]
    return shapely.box(x, y, x + w, y + h).difference(shapely.union_all(ignored))


def _gsd(record: dict[str, Any], place: SourceLocation) -> tuple[float, float]:
    given = record.get("gsd_xy") or [record.get("gsd")] * 2
    values = [number(v, "gsd", place) for v in typed(given, list, '"gsd_xy"', place)]
    if len(values) != 2 or min(values) <= 0:
        place.refuse(f"gsd is {values}", "it is positive metres a pixel along x and y")
    return values[0], values[1]


def _said(entry: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    flags = {key: "yes" if entry[key] else "no" for key in ("aboard", "sure") if key in entry}
    return tuple(flags.items()) + attributes_of({"note": entry.get("note")})
