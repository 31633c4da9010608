"""Label Studio: JSON and JSON-MIN exports of image tasks; read only.

Source: labelstud.io/tags/rectanglelabels and docs.humansignal.com/templates/image_bbox; the SDK's
converter to YOLO-OBB. `x`, `y`, `width` and `height` of a rectangle are PERCENT of the width and
the height of the image; `rotation` is degrees clockwise as seen in the image, about the TOP LEFT
corner x, y of the rectangle, after the percents have become pixels. Points of a polygon are percent
too. Corners of a rectangle: that corner first, then clockwise.

Only the last part of the image's address is its name; uploads keep the random prefix that Label
Studio gave them. Of several annotations of an image, the first is taken that is ground truth, or
else the first that was not cancelled. An image that is turned in the tool is refused: its percents
are those of another picture.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from cv.geometry.oriented_boxes import Floats
from cv.labels.label_documents import LabelDocument, parse_json, read_documents
from cv.labels.labelled_image import (
    ENDINGS,
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    base_name,
    dataset_of,
)
from cv.labels.parsed_values import (
    SourceLocation,
    count_by_kind,
    item,
    number,
    optional_size,
    outline,
    size_of,
    typed,
)

_KINDS = ("rectanglelabels", "polygonlabels")


def read(path: Path) -> LabelledDataset:
    """The dataset of the JSON file, folder or archive `path`; raises DatasetError."""
    others: list[str] = []
    images = [
        image for document in read_documents(path, ".json") for image in parse(document, others)
    ]
    return dataset_of(images, path, left_out=count_by_kind(others, "results of type"))


def parse(document: LabelDocument, others: list[str]) -> list[LabelledImage]:
    """The images of `document`; the types of results that are no boxes are added to `others`.

    Raises DatasetError.
    """
    place = SourceLocation(document.name)
    tasks = typed(parse_json(document), list, "the file", place)
    return [
        _image(typed(task, dict, "a task", place), place.at(f"task {i}"), others)
        for i, task in enumerate(tasks)
    ]


def turned_box(corner: Floats, sides: Floats, degrees: float) -> Floats:
    """(4, 2) corners of a box of `sides` w, h turned clockwise about its top left `corner`."""
    turn = math.radians(degrees)
    along = np.array([math.cos(turn), math.sin(turn)]) * sides[0]
    down = np.array([-math.sin(turn), math.cos(turn)]) * sides[1]
    return np.array([corner, corner + along, corner + along + down, corner + down])


def _image(task: dict[str, Any], place: SourceLocation, others: list[str]) -> LabelledImage:
    full = "annotations" in task or "data" in task
    data = item(task, "data", dict, place) if full else task
    results = _results(task, place, others) if full else _flat_results(task)
    size = optional_size(data.get("width"), data.get("height"), place)
    shapes = []
    for i, result in enumerate(results):
        here = place.at(f"{place.spot}, result {i}")
        said = typed(result, dict, "a result", here)
        kind = str(said.get("type"))
        if kind not in _KINDS:
            others.append(kind)
            continue
        own = size_of(said.get("original_width"), said.get("original_height"), here)
        if size is not None and own != size:
            here.refuse(f"an image of {own} px", f"the image of this task has {size} px")
        if said.get("image_rotation"):
            here.refuse("an image turned in the tool", "percents of the image as it is are read")
        size = own
        shapes.append(_shape(kind, item(said, "value", dict, here), size, here))
    return LabelledImage(_name(data, place), size, tuple(shapes))


def _results(task: dict[str, Any], place: SourceLocation, others: list[str]) -> list[Any]:
    """The results of the annotation that counts."""
    listed = typed(task.get("annotations") or [], list, '"annotations"', place)
    given = [typed(a, dict, "an annotation", place) for a in listed]
    open_ones = [a for a in given if not a.get("was_cancelled")]
    best = [a for a in open_ones if a.get("ground_truth")] or open_ones
    others += ["further annotation of the same image"] * (len(given) - bool(best))
    return item(best[0], "result", list, place) if best else []


def _flat_results(task: dict[str, Any]) -> list[Any]:
    """Results as JSON-MIN has them: the value of a control tag is a list of regions."""
    results = []
    for value in task.values():
        for region in value if isinstance(value, list) else ():
            kinds = [kind for kind in _KINDS if isinstance(region, dict) and kind in region]
            if kinds:
                results.append({**region, "type": kinds[0], "value": region})
    return results


def _shape(
    kind: str, value: dict[str, Any], size: tuple[int, int], place: SourceLocation
) -> LabelledShape:
    labels = item(value, kind, list, place)
    if len(labels) != 1:
        place.refuse(f"{len(labels)} labels on one shape", "each shape has one class")
    label = typed(labels[0], str, "the label", place)
    to_pixels = np.array(size) / 100
    if kind == "polygonlabels":
        points = [
            [number(v, "a coordinate", place) for v in typed(point, list, "a point", place)]
            for point in item(value, "points", list, place)
        ]
        return LabelledShape(label, outline(points, place) * to_pixels)
    x, y, w, h = (number(value.get(n), n, place) for n in ("x", "y", "width", "height"))
    degrees = number(value.get("rotation") or 0, "rotation", place)
    return LabelledShape(
        label, turned_box(np.array([x, y]) * to_pixels, np.array([w, h]) * to_pixels, degrees)
    )


def _name(data: dict[str, Any], place: SourceLocation) -> str:
    """The file name of the image: of the key "image", or of the one text that names an image."""
    texts = [value for value in data.values() if isinstance(value, str)]
    named = [text for text in texts if Path(urlsplit(text).path).suffix.lower() in ENDINGS]
    address = data.get("image") or (named[0] if len(named) == 1 else None)
    parts = urlsplit(typed(address, str, "the address of the image", place))
    local = parse_qs(parts.query).get("d")
    return base_name(local[0] if local else unquote(parts.path), place.file)
