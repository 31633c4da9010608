"""CVAT for images 1.1: annotations.xml, alone or in the ZIP archive of an export; read only.

Source: docs.cvat.ai, "XML annotation format"; the answers of its authors on `rotation`
(cvat-ai/cvat issues 4748 and 7188) and the writer of CVAT. Pixels with y down. A `box` is xtl, ytl,
xbr, ybr of the upright box and `rotation`, degrees clockwise as seen in the image, about its
centre: turned corners are not stored. A `polygon` is "x1,y1;x2,y2;...". CVAT writes all of them
with two decimals; for a box of 200 px that is up to 0.01 px at a corner, lost before we read.

Corners of a box: top left of the upright one first, then clockwise. `occluded` and the `attribute`s
are kept as attributes. Tracks (CVAT for video) are refused; other shapes are counted and left out.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from cv.geometry.oriented_boxes import Floats
from cv.labels.label_documents import LabelDocument, parse_xml, read_documents
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    dataset_of,
    safe_name,
)
from cv.labels.parsed_values import SourceLocation, count_by_kind, number, outline, size_of

_OTHERS = ("polyline", "points", "mask", "ellipse", "cuboid", "skeleton", "tag")


def read(path: Path) -> LabelledDataset:
    """The dataset of the XML file, folder or archive `path`; raises DatasetError."""
    parts = [parse(document) for document in read_documents(path, ".xml")]
    classes = [name for part in parts for name in part.classes]
    images = [image for part in parts for image in part.images]
    return dataset_of(images, path, classes, [line for part in parts for line in part.skipped])


def parse(document: LabelDocument) -> LabelledDataset:
    """The dataset that `document` holds; raises DatasetError."""
    place = SourceLocation(document.name)
    root = parse_xml(document)
    version = root.findtext("version", "").strip()
    if root.tag != "annotations" or version not in ("1.1", ""):
        place.refuse(
            f"<{root.tag[:40]}> of version {version[:20]!r}", "CVAT for images 1.1 is read"
        )
    if root.find("track") is not None:
        place.refuse(
            "tracks of a video", "CVAT for images 1.1 is read", 'Export as "CVAT for images 1.1".'
        )
    names = [label.findtext("name", "").strip() for label in root.findall("meta//labels/label")]
    images = [_image(element, place) for element in root.findall("image")]
    others = [child.tag for element in root.findall("image") for child in element
              if child.tag in _OTHERS]  # fmt: skip
    classes = [name for name in names if name]
    return dataset_of(images, document.name, classes, count_by_kind(others, "shapes of type"))


def turned_box(low: Floats, high: Floats, degrees: float) -> Floats:
    """(4, 2) corners of the upright box `low` to `high` turned clockwise about its centre."""
    turn = math.radians(degrees)
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    upright = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    centre = (low + high) / 2
    corners: Floats = centre + (upright - centre) @ spin.T
    return corners


def _image(element: ElementTree.Element, place: SourceLocation) -> LabelledImage:
    name = safe_name(element.get("name", ""), place.file)
    here = place.at(name)
    size = size_of(element.get("width"), element.get("height"), here)
    shapes = []
    for child in element:
        if child.tag == "box":
            shapes.append(_shape(child, _box(child, here), here))
        elif child.tag == "polygon":
            shapes.append(_shape(child, _polygon(child, here), here))
    return LabelledImage(name, size, tuple(shapes))


def _shape(element: ElementTree.Element, corners: Floats, place: SourceLocation) -> LabelledShape:
    kind = element.get("label", "").strip()
    if not kind:
        place.refuse(f"a {element.tag} without a label", "every shape has one")
    extra = [("occluded", "1")] if element.get("occluded") == "1" else []
    for attribute in element.findall("attribute"):
        extra.append((attribute.get("name", ""), (attribute.text or "").strip()))
    return LabelledShape(kind, corners, attributes=tuple(extra))


def _box(element: ElementTree.Element, place: SourceLocation) -> Floats:
    left, top, right, bottom = (
        number(element.get(name), name, place) for name in ("xtl", "ytl", "xbr", "ybr")
    )
    degrees = number(element.get("rotation", "0"), "rotation", place)
    return turned_box(np.array([left, top]), np.array([right, bottom]), degrees)


def _polygon(element: ElementTree.Element, place: SourceLocation) -> Floats:
    pairs = [point.split(",") for point in element.get("points", "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        place.refuse("a polygon whose points are no pairs", 'points are "x1,y1;x2,y2;..."')
    return outline([[number(v, "a coordinate", place) for v in pair] for pair in pairs], place)
