"""COCO object detection JSON, with rotation.

Source: cocodataset.org/#format-data; detectron2.structures.RotatedBoxes for boxes of five numbers.
Pixels with y down, (0, 0) the outer corner of the first pixel. COCO itself has no rotated boxes, so
every object is written three times, for three kinds of readers:

- `segmentation` [[x1, y1, ..., x4, y4]]: its corners in order, which Pierwatch reads back.
- `bbox` [x, y, w, h]: the upright rectangle around it, as in the specification; only readers of
  detectron2 take a bbox of five numbers.
- `rotated_box` [cx, cy, w, h, angle], rectangles only: as in detectron2, angle in degrees,
  counter-clockwise in the image (the opposite sense of Pierwatch's own angles).

Read, in this order: a `bbox` of five numbers (detectron2; its sides in any order); one polygon of
`segmentation` as it is, several as their convex hull; `rotated_box`; a `bbox` of four numbers.
`iscrowd` and `ignore` (1) mean the object is to be ignored. Written with 5 decimals, angles with 8.
`gsd_m` and `split` of an image are Pierwatch's own.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.io.atomic_files import write_atomically
from cv.labels.label_files import LabelText
from cv.labels.label_record import LabelRecord, json_record
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    is_rectangle,
    rotated_box,
    safe_name,
)
from cv.labels.outline_edits import signed_area

_DECIMALS, _ANGLE_DECIMALS = 5, 8


def parse(document: LabelText) -> LabelledDataset:
    """Return the images of a COCO file; raises DatasetError."""
    record = json_record(document)
    categories = _by_id(record, "categories", "category")
    classes = {key: entry.text("name") for key, entry in categories.items()}
    images = _by_id(record, "images", "image")
    shapes: dict[Any, list[LabelledShape]] = {key: [] for key in images}
    skipped: list[str] = []
    for annotation in record.records("annotations", "annotation"):
        image, category = annotation.get("image_id"), annotation.get("category_id")
        known = all(isinstance(key, int | str) for key in (image, category))
        if not known or image not in images or category not in classes:
            annotation.refuse(f"image {image!r}, category {category!r}", "both must be in the file")
        outline = _outline(annotation)
        if outline is None:
            skipped.append("annotations with neither bbox nor segmentation")
            continue
        ignore = bool(annotation.get("iscrowd") or annotation.get("ignore"))
        shapes[image].append(LabelledShape(classes[category], outline, ignore))
    labelled = tuple(
        LabelledImage(
            safe_name(entry.text("file_name"), entry.where),
            entry.optional_size(),
            tuple(shapes[key]),
            entry.gsd_m(),
            entry.split(),
        )
        for key, entry in images.items()
    )
    return LabelledDataset(tuple(classes.values()), labelled, tuple(skipped))


def write_coco(dataset: LabelledDataset, path: Path) -> None:
    """Write `dataset` as the JSON file `path`, whole or not at all; raises OSError."""
    write_atomically(path, to_coco_json(dataset))


def to_coco_json(dataset: LabelledDataset) -> str:
    """Return `dataset` as JSON; ids count from 1."""
    numbered = list(enumerate(dataset.images, 1))
    pairs = [(key, shape) for key, image in numbered for shape in image.shapes]
    ids = {name: i for i, name in enumerate(dataset.classes, 1)}
    record = {
        "images": [_image_entry(key, image) for key, image in numbered],
        "categories": [{"id": i, "name": name} for name, i in ids.items()],
        "annotations": [
            {"id": i, "image_id": key, "category_id": ids[shape.kind], **_annotation(shape)}
            for i, (key, shape) in enumerate(pairs, 1)
        ],
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1)


def _by_id(record: LabelRecord, key: str, title: str) -> dict[Any, LabelRecord]:
    """Return the entries of the list `key` by their ids, which are unique."""
    entries: dict[Any, LabelRecord] = {}
    for entry in record.records(key, title):
        name = entry.get("id")
        if not isinstance(name, int | str) or entries.setdefault(name, entry) is not entry:
            entry.refuse(f"the id {name!r:.40}", "each id is a number of its own")
    return entries


def _outline(annotation: LabelRecord) -> Float64Array | None:
    box, rotated = annotation.numbers("bbox"), annotation.numbers("rotated_box")
    if len(box) == 5:
        return rotated_box(box[:2], box[2], box[3], -box[4])
    polygons = annotation.get("segmentation")
    if isinstance(polygons, list) and polygons:
        return _polygon(polygons, annotation)
    if len(rotated) == 5:
        return rotated_box(rotated[:2], rotated[2], rotated[3], -rotated[4])
    if not box:
        return None
    if len(box) != 4:
        annotation.refuse(f"a bbox of {len(box)} numbers", "it has four, or five with an angle")
    x, y, w, h = box
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])


def _polygon(polygons: list[Any], annotation: LabelRecord) -> Float64Array:
    rings = []
    for polygon in polygons:
        values = annotation.to_numbers(polygon, "segmentation")
        if len(values) % 2:
            annotation.refuse("an odd number of coordinates", "a ring is x1, y1, x2, y2, ...")
        rings.append(annotation.to_outline(np.reshape(values, (-1, 2))))
    if len(rings) == 1:
        return rings[0]
    hull = shapely.MultiPoint(np.concatenate(rings)).convex_hull
    return annotation.to_outline(shapely.get_coordinates(hull))


def _image_entry(key: int, image: LabelledImage) -> dict[str, Any]:
    width, height = image.size or (None, None)
    entry = {
        "id": key, "file_name": image.name, "width": width, "height": height,
        "gsd_m": image.gsd_m, "split": image.split or None,
    }  # fmt: skip
    return {name: value for name, value in entry.items() if value is not None}


def _annotation(shape: LabelledShape) -> dict[str, Any]:
    low, high = shape.outline.min(axis=0), shape.outline.max(axis=0)
    entry: dict[str, Any] = {
        "segmentation": [shape.outline.round(_DECIMALS).ravel().tolist()],
        "bbox": [*low.round(_DECIMALS).tolist(), *(high - low).round(_DECIMALS).tolist()],
        "area": round(abs(signed_area(shape.outline)), _DECIMALS),
        "iscrowd": 0,
        "ignore": int(shape.ignore),
    }
    if is_rectangle(shape.outline):
        *box, angle = OrientedBoxes.from_corners(shape.outline[None]).values[0].tolist()
        degrees = round(-math.degrees(angle), _ANGLE_DECIMALS)
        entry["rotated_box"] = [*(round(value, _DECIMALS) for value in box), degrees]
    return entry
