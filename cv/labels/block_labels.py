"""Pierwatch's own label files: blocks of touching containers, drawn by hand; read only.

    {"image": "a.png", "region": [x, y, w, h], "gsd": 0.3, "gsd_xy": [0.3, 0.25],
     "blocks": [{"quad": [[x, y] * 4], "cols": 3, "rows": 5, "aboard": false, "sure": true}],
     "ships": [{"poly": [[x, y] * 4 or more]}], "ignore": [{"poly": [...]}]}

Pixels of the image with y down. All objects inside `region` are labelled, except in the `ignore`
polygons; outside of it nothing is. A block is a quadrilateral p0 p1 p2 p3 of touching containers:
p0 to p1 is divided into `cols`, p0 to p3 into `rows`, evenly along its sides; each cell is one
visible roof; `aboard` (on a ship) and `sure` are not read. `gsd` is metres per pixel, `gsd_xy`
along x and y where pixels are not square on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from cv.geometry.arrays import Float64Array
from cv.labels.label_files import LabelText, read_label_texts
from cv.labels.label_record import LabelRecord, json_record
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    base_name,
    make_dataset,
)

CONTAINER, HULL = "container", "hull"
MAX_CELLS = 10_000
"""Containers of one block."""


@dataclass(frozen=True, eq=False)
class PartialLabels:
    """One image that is completely labelled in a part of it only."""

    image: LabelledImage
    """Its containers, one per cell, and its hulls, in pixels; its size is not known."""
    region: shapely.Polygon | shapely.MultiPolygon
    """Where all objects are labelled: the region without the areas to be ignored, pixels."""
    gsd_m: tuple[float, float]
    """Metres per pixel along x and y."""


def read_block_labels(path: Path) -> LabelledDataset:
    """Return the dataset of the JSON file, folder or archive `path`; raises DatasetError."""
    parts = [parse_block_labels(document) for document in read_label_texts(path, ".json")]
    notes = [
        f"{part.image.name}: labelled within {', '.join(f'{v:g}' for v in part.region.bounds)} only"
        for part in parts
    ]
    return make_dataset([part.image for part in parts], path, (CONTAINER, HULL), notes)


def parse_block_labels(document: LabelText) -> PartialLabels:
    """Return the labels of one file; raises DatasetError."""
    record = json_record(document)
    name = base_name(record.text("image"), document.name)
    shapes = [
        LabelledShape(CONTAINER, cell)
        for block in record.records("blocks", "block")
        for cell in _cells(block)
    ]
    shapes += [LabelledShape(HULL, _outline(s, "poly")) for s in record.records("ships", "ship")]
    gsd_m = _gsd_m(record)
    square = gsd_m[0] if gsd_m[0] == gsd_m[1] else None
    return PartialLabels(LabelledImage(name, None, tuple(shapes), square), _region(record), gsd_m)


def _outline(record: LabelRecord, key: str) -> Float64Array:
    return record.to_outline(record.points(key))


def _cells(block: LabelRecord) -> Float64Array:
    """Return (n, 4, 2) corners of the containers of a block, row by row."""
    quad = _outline(block, "quad")
    cols, rows = block.number("cols", 1), block.number("rows", 1)
    whole = cols == int(cols) and rows == int(rows)
    if len(quad) != 4 or not whole or min(cols, rows) < 1 or cols * rows > MAX_CELLS:
        found = f"{len(quad)} corners, {cols:g} x {rows:g} cells"
        block.refuse(found, f"a block has four corners and 1 to {MAX_CELLS} cells")
    across = np.linspace(0, 1, int(cols) + 1)[None, :, None]
    down = np.linspace(0, 1, int(rows) + 1)[:, None, None]
    upper = (1 - across) * quad[0] + across * quad[1]
    lower = (1 - across) * quad[3] + across * quad[2]
    grid = (1 - down) * upper + down * lower
    corners = (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
    return np.stack(corners, axis=2).reshape(-1, 4, 2)


def _region(record: LabelRecord) -> shapely.Polygon | shapely.MultiPolygon:
    sides = record.numbers("region")
    if len(sides) != 4:
        record.refuse(f"a region of {len(sides)} numbers", "it is x, y, width, height")
    x, y, w, h = sides
    ignored = [
        shapely.make_valid(shapely.Polygon(_outline(entry, "poly")))
        for entry in record.records("ignore", "ignore")
    ]
    return shapely.box(x, y, x + w, y + h).difference(shapely.union_all(ignored))


def _gsd_m(record: LabelRecord) -> tuple[float, float]:
    values = record.to_numbers(record.get("gsd_xy") or [record.get("gsd")] * 2, "gsd")
    if len(values) != 2 or min(values) <= 0:
        record.refuse(f"gsd is {values}", "it is positive metres per pixel along x and y")
    return values[0], values[1]
