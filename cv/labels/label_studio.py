"""Label Studio: JSON and JSON-MIN exports of image tasks; read only.

Source: labelstud.io/tags/rectanglelabels and docs.humansignal.com/templates/image_bbox; the SDK's
converter to YOLO-OBB. `x`, `y`, `width` and `height` of a rectangle are PERCENT of the width and
the height of the image; `rotation` is degrees clockwise in the image, about the TOP LEFT corner
x, y of the rectangle, after the percents have become pixels. Points of a polygon are percent too.
Corners of a rectangle: that corner first, then clockwise.

Only the last part of the image's address is its name; uploads keep the random prefix of Label
Studio. If an image has several annotations, the first one marked as ground truth is taken, or else
the first one that was not cancelled. An image that was rotated in the tool is refused, because its
percents refer to the rotated image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from cv.geometry.arrays import Float64Array
from cv.labels.label_files import LabelText, parse_json
from cv.labels.label_record import LabelRecord
from cv.labels.labelled_image import (
    IMAGE_ENDINGS,
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    base_name,
    rotated_box,
)

_KINDS = ("rectanglelabels", "polygonlabels")


def parse(document: LabelText) -> LabelledDataset:
    """Return the images of a Label Studio export; raises DatasetError."""
    file = LabelRecord({}, document.name)
    tasks = file.require(parse_json(document), list, "the file")
    skipped: list[str] = []
    images = tuple(_image(task, skipped) for task in file.each(tasks, "task"))
    return LabelledDataset((), images, tuple(skipped))


def _image(task: LabelRecord, skipped: list[str]) -> LabelledImage:
    full = "annotations" in task.values or "data" in task.values
    data = task.record("data") if full else task
    results = _full_results(task, skipped) if full else _minimal_results(task)
    size = data.optional_size()
    shapes = []
    for result in task.each(results, "result"):
        kind = str(result.get("type"))
        if kind not in _KINDS:
            skipped.append(f"results of type {kind!r}")
            continue
        labelled = result.size("original_width", "original_height")
        if size is not None and labelled != size:
            result.refuse(f"an image of {labelled} px", f"the image of this task has {size} px")
        if result.get("image_rotation"):
            result.refuse("an image rotated in the tool", "percents of the original image are read")
        size = labelled
        shapes.append(_shape(kind, result.record("value"), size))
    return LabelledImage(_name(data), size, tuple(shapes))


def _full_results(task: LabelRecord, skipped: list[str]) -> list[Any]:
    """Return the results of the one annotation of `task` that is used."""
    listed = task.require(task.get("annotations") or [], list, '"annotations"')
    annotations = list(task.each(listed, "annotation"))
    valid = [a for a in annotations if not a.get("was_cancelled")]
    best = ([a for a in valid if a.get("ground_truth")] or valid)[:1]
    skipped += ["further annotations of the same image"] * (len(annotations) - len(best))
    return best[0].array("result") if best else []


def _minimal_results(task: LabelRecord) -> list[Any]:
    """Return the results of a JSON-MIN task: each control tag has a list of regions."""
    results = []
    for value in task.values.values():
        for region in value if isinstance(value, list) else ():
            kinds = [kind for kind in _KINDS if isinstance(region, dict) and kind in region]
            if kinds:
                results.append({**region, "type": kinds[0], "value": region})
    return results


def _shape(kind: str, value: LabelRecord, size: tuple[int, int]) -> LabelledShape:
    labels = value.array(kind)
    if len(labels) != 1:
        value.refuse(f"{len(labels)} labels on one shape", "each shape has one class")
    label = value.require(labels[0], str, "the label")
    to_pixels = np.array(size) / 100
    if kind == "polygonlabels":
        return LabelledShape(label, value.to_outline(value.points("points")) * to_pixels)
    return LabelledShape(label, _rectangle(value, to_pixels))


def _rectangle(value: LabelRecord, to_pixels: Float64Array) -> Float64Array:
    x, y, w, h = (value.number(key) for key in ("x", "y", "width", "height"))
    degrees = value.to_number(value.get("rotation") or 0, "rotation")
    width, height = np.array([w, h]) * to_pixels
    return rotated_box(np.array([x, y]) * to_pixels, width, height, degrees, anchor=0)


def _name(data: LabelRecord) -> str:
    """Return the name of the image: from the key "image", or the only text that names an image."""
    texts = [value for value in data.values.values() if isinstance(value, str)]
    named = [text for text in texts if Path(urlsplit(text).path).suffix.lower() in IMAGE_ENDINGS]
    address = data.get("image") or (named[0] if len(named) == 1 else None)
    parts = urlsplit(data.require(address, str, "the address of the image"))
    local = parse_qs(parts.query).get("d")
    return base_name(local[0] if local else unquote(parts.path), data.where)
