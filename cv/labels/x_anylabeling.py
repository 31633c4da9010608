"""X-AnyLabeling: a JSON file for each image, as in labelme; read only.

Source: the X-AnyLabeling user guide ("Saving Label Data") and its converter to DOTA. Points are
pixels with y down. Shapes of type "rotation" have four corners in ring order, and `direction` in
radians clockwise, which the corners tell already; a "rectangle" has four corners, or two that lie
across from each other in files of older versions and of labelme; a "polygon" has its points.
`difficult` means that the shape is to be ignored. Other shapes are counted and left out.

Only the last part of `imagePath` is the name of the image: the rest is the annotator's own disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cv.geometry.oriented_boxes import Floats
from cv.labels.label_documents import LabelDocument, parse_json, read_documents
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    base_name,
    dataset_of,
)
from cv.labels.parsed_values import (
    SourceLocation,
    attributes_of,
    count_by_kind,
    item,
    number,
    outline,
    size_of,
    typed,
)

_AREAS = ("rotation", "rectangle", "polygon", "quadrilateral")


def read(path: Path) -> LabelledDataset:
    """The dataset of the JSON file, folder or archive `path`; raises DatasetError."""
    others: list[str] = []
    images = [parse(document, others) for document in read_documents(path, ".json")]
    return dataset_of(images, path, left_out=count_by_kind(others, "shapes of type"))


def parse(document: LabelDocument, others: list[str]) -> LabelledImage:
    """The image of `document`; the types of shapes that are no areas are added to `others`.

    Raises DatasetError.
    """
    place = SourceLocation(document.name)
    record = typed(parse_json(document), dict, "the file", place)
    name = base_name(item(record, "imagePath", str, place), document.name)
    size = size_of(record.get("imageWidth"), record.get("imageHeight"), place)
    shapes = []
    for i, entry in enumerate(item(record, "shapes", list, place)):
        here = place.at(f"shape {i}")
        shape = typed(entry, dict, "a shape", here)
        kind = str(shape.get("shape_type"))
        if kind not in _AREAS:
            others.append(kind)
            continue
        shapes.append(_shape(shape, _corners(shape, kind, here), here))
    return LabelledImage(name, size, tuple(shapes))


def _shape(shape: dict[str, Any], corners: Floats, place: SourceLocation) -> LabelledShape:
    flags = attributes_of(shape.get("flags")) + attributes_of(shape.get("attributes"))
    return LabelledShape(
        item(shape, "label", str, place), corners, shape.get("difficult") is True, flags
    )


def _corners(shape: dict[str, Any], kind: str, place: SourceLocation) -> Floats:
    points = [
        [number(v, "a coordinate", place) for v in typed(point, list, "a point", place)]
        for point in item(shape, "points", list, place)
    ]
    if kind == "rectangle" and len(points) == 2 and all(len(point) == 2 for point in points):
        (x0, y0), (x1, y1) = np.sort(np.array(points), axis=0)
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if kind in ("rotation", "rectangle", "quadrilateral") and len(points) != 4:
        place.refuse(f"a {kind} of {len(points)} points", "it has four corners")
    return outline(points, place)
