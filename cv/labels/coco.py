"""COCO object detection JSON, with rotation.

Source: cocodataset.org/#format-data; detectron2.structures.RotatedBoxes for boxes of five numbers.
Pixels with y down, (0, 0) the outer corner of the first pixel. COCO itself has no turned boxes, so
every object is written three times, for three kinds of readers:

- `segmentation` [[x1, y1, ..., x4, y4]]: its corners in order. The one that Pierwatch reads back.
- `bbox` [x, y, w, h]: the upright rectangle around it, as the specification says; a bbox of five
  numbers would break every reader that is not detectron2's.
- `rotated_box` [cx, cy, w, h, angle], rectangles only: as detectron2 has it, angle in degrees,
  counter-clockwise as seen in the image (Pierwatch's own angles are clockwise: the sign turns).

Read, in this order: a `bbox` of five numbers (detectron2's; its sides in any order); one polygon of
`segmentation` as it is; several as their convex hull; `rotated_box`; a `bbox` of four numbers.
`iscrowd` and `ignore` (1) mean the object is to be ignored. Written with 5 decimals, angles with 8.
`gsd_m` and `split` of an image are ours.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cv.geometry.oriented_boxes import Floats, OrientedBoxes
from cv.io.atomic_files import write_atomically
from cv.labels.label_documents import LabelDocument, parse_json, read_documents
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    dataset_of,
    is_rectangle,
    safe_name,
)
from cv.labels.outline_edits import signed_area
from cv.labels.parsed_values import (
    SourceLocation,
    attributes_of,
    count_by_kind,
    gsd_of,
    item,
    number,
    optional_size,
    outline,
    split_of,
    typed,
)

_DECIMALS, _ANGLE_DECIMALS = 5, 8


def read(path: Path) -> LabelledDataset:
    """The dataset of the JSON file, folder or archive `path`; raises DatasetError."""
    parts = [parse(document) for document in read_documents(path, ".json")]
    classes = [name for part in parts for name in part.classes]
    images = [image for part in parts for image in part.images]
    return dataset_of(images, path, classes, [line for part in parts for line in part.skipped])


def parse(document: LabelDocument) -> LabelledDataset:
    """The dataset that `document` holds; raises DatasetError."""
    place = SourceLocation(document.name)
    record = typed(parse_json(document), dict, "the file", place)
    names = {
        category.get("id"): item(category, "name", str, place.at(f"category {i}"))
        for i, category in enumerate(_objects(record, "categories", place))
    }
    images = {image.get("id"): image for image in _objects(record, "images", place)}
    shapes: dict[Any, list[LabelledShape]] = {key: [] for key in images}
    empty: list[str] = []
    for i, annotation in enumerate(_objects(record, "annotations", place)):
        here = place.at(f"annotation {annotation.get('id', i)}")
        image, category = annotation.get("image_id"), annotation.get("category_id")
        known = all(isinstance(key, int | str) for key in (image, category))
        if not known or image not in shapes or category not in names:
            here.refuse(f"image {image!r}, category {category!r}", "both are in the lists above")
        corners = _outline(annotation, here)
        if corners is None:
            empty.append("neither bbox nor segmentation")
            continue
        ignore = bool(annotation.get("iscrowd") or annotation.get("ignore"))
        extra = attributes_of(annotation.get("attributes"))
        shapes[image].append(LabelledShape(names[category], corners, ignore, extra))
    labelled = [_image(images[key], shapes[key], place) for key in images]
    return dataset_of(
        labelled, document.name, names.values(), count_by_kind(empty, "annotations with")
    )


def write(dataset: LabelledDataset, path: Path) -> None:
    """Writes `dataset` as the JSON file `path`, whole or not at all; raises OSError."""
    write_atomically(path, text_of(dataset))


def text_of(dataset: LabelledDataset) -> str:
    """The JSON of `dataset`; ids count from 1."""
    numbered = list(enumerate(dataset.images, 1))
    pairs = [(key, shape) for key, image in numbered for shape in image.shapes]
    record = {
        "images": [_image_record(key, image) for key, image in numbered],
        "categories": [{"id": i, "name": name} for i, name in enumerate(dataset.classes, 1)],
        "annotations": [
            {"id": i, "image_id": key, "category_id": dataset.index(shape.kind) + 1, **_box(shape)}
            for i, (key, shape) in enumerate(pairs, 1)
        ],
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1)


def from_detectron(box: Floats) -> Floats:
    """(4, 2) corners of [cx, cy, w, h, angle], degrees counter-clockwise; the first is top left."""
    cx, cy, w, h, angle = box
    turn = math.radians(-angle)
    along = np.array([math.cos(turn), math.sin(turn)]) * w / 2
    down = np.array([-math.sin(turn), math.cos(turn)]) * h / 2
    centre = np.array([cx, cy])
    return np.array(
        [centre - along - down, centre + along - down, centre + along + down, centre - along + down]
    )


def to_detectron(corners: Floats) -> list[float]:
    """[cx, cy, w, h, angle] of the rectangle `corners` (4, 2), degrees in (-180, 0], w >= h."""
    cx, cy, w, h, angle = OrientedBoxes.from_corners(corners[None]).values[0]
    sides = [round(float(value), _DECIMALS) for value in (cx, cy, w, h)]
    return [*sides, round(-math.degrees(angle), _ANGLE_DECIMALS)]


def _objects(record: dict[str, Any], key: str, place: SourceLocation) -> list[dict[str, Any]]:
    listed = item(record, key, list, place)
    ids: set[Any] = set()
    for i, entry in enumerate(listed):
        name = typed(entry, dict, f"{key}[{i}]", place).get("id")
        if not isinstance(name, int | str | None) or (name in ids and key != "annotations"):
            place.refuse(f"{key}[{i}] has the id {name!r:.40}", "each id is a number of its own")
        ids.add(name)
    return listed


def _image(
    record: dict[str, Any], shapes: list[LabelledShape], place: SourceLocation
) -> LabelledImage:
    here = place.at(f"image {record.get('id')}")
    name = safe_name(item(record, "file_name", str, here), here.file)
    size = optional_size(record.get("width"), record.get("height"), here)
    gsd, split = gsd_of(record.get("gsd_m"), here), split_of(record.get("split"), here)
    return LabelledImage(name, size, tuple(shapes), gsd, split)


def _outline(annotation: dict[str, Any], place: SourceLocation) -> Floats | None:
    box = _numbers(annotation, "bbox", place)
    if len(box) == 5:
        return from_detectron(np.array(box))
    polygons = annotation.get("segmentation")
    if isinstance(polygons, list) and polygons:
        return _polygon(polygons, place)
    turned = _numbers(annotation, "rotated_box", place)
    if len(turned) == 5:
        return from_detectron(np.array(turned))
    if not box:
        return None
    if len(box) != 4:
        place.refuse(f"a bbox of {len(box)} numbers", "it has four, or five with an angle")
    x, y, w, h = box
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])


def _numbers(annotation: dict[str, Any], key: str, place: SourceLocation) -> list[float]:
    values = typed(annotation.get(key) or [], list, f'"{key}"', place)
    return [number(value, key, place) for value in values]


def _polygon(polygons: list[Any], place: SourceLocation) -> Floats:
    rings = []
    for polygon in polygons:
        values = [number(v, "segmentation", place) for v in typed(polygon, list, "a ring", place)]
        if len(values) % 2:
            place.refuse("an odd number of coordinates", "a ring is x1, y1, x2, y2, ...")
        rings.append(outline(np.reshape(values, (-1, 2)), place))
    if len(rings) == 1:
        return rings[0]
    return outline(_hull(np.concatenate(rings)), place)


def _hull(points: Floats) -> Floats:
    hull = shapely.get_coordinates(shapely.MultiPoint(points).convex_hull)
    return np.asarray(hull, dtype=np.float64)


def _image_record(key: int, image: LabelledImage) -> dict[str, Any]:
    record: dict[str, Any] = {"id": key, "file_name": image.name}
    if image.size is not None:
        record |= {"width": image.size[0], "height": image.size[1]}
    if image.gsd_m is not None:
        record["gsd_m"] = image.gsd_m
    if image.split:
        record["split"] = image.split
    return record


def _box(shape: LabelledShape) -> dict[str, Any]:
    low, high = shape.outline.min(axis=0), shape.outline.max(axis=0)
    record: dict[str, Any] = {
        "segmentation": [shape.outline.round(_DECIMALS).ravel().tolist()],
        "bbox": [*low.round(_DECIMALS).tolist(), *(high - low).round(_DECIMALS).tolist()],
        "area": round(abs(signed_area(shape.outline)), _DECIMALS),
        "iscrowd": 0,
        "ignore": int(shape.ignore),
    }
    if is_rectangle(shape.outline):
        record["rotated_box"] = to_detectron(shape.outline)
    if shape.attributes:
        record["attributes"] = dict(shape.attributes)
    return record
