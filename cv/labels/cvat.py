"""CVAT for images 1.1: annotations.xml, alone or in the ZIP archive of an export; read only.

Source: docs.cvat.ai, "XML annotation format"; the answers of its authors on `rotation`
(cvat-ai/cvat issues 4748 and 7188) and the writer of CVAT. Pixels with y down. A `box` is xtl, ytl,
xbr, ybr of the upright box and `rotation`, degrees clockwise in the image, about its centre. A
`polygon` is "x1,y1;x2,y2;...". CVAT writes two decimals, which for a box of 200 px moves a corner
by up to 0.01 px.

Corners of a box: top left of the upright one first, then clockwise. Tracks (CVAT for video) are
refused; other shapes are counted and skipped.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from cv.geometry.arrays import Float64Array
from cv.labels.label_files import LabelText, parse_xml
from cv.labels.label_record import LabelRecord
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    rotated_box,
    safe_name,
)

_LIMIT, _REMEDY = "CVAT for images 1.1 is read", 'Export as "CVAT for images 1.1".'
_SKIPPED = ("polyline", "points", "mask", "ellipse", "cuboid", "skeleton", "tag")


def parse(document: LabelText) -> LabelledDataset:
    """Return the images of a CVAT file; raises DatasetError."""
    root = parse_xml(document)
    file = LabelRecord(root.attrib, document.name)
    version = root.findtext("version", "").strip()
    if root.tag != "annotations" or version not in ("1.1", ""):
        file.refuse(f"<{root.tag[:40]}> of version {version[:20]!r}", _LIMIT, _REMEDY)
    if root.find("track") is not None:
        file.refuse("tracks of a video", _LIMIT, _REMEDY)
    names = (label.findtext("name", "").strip() for label in root.findall("meta//labels/label"))
    images = tuple(_image(element, file) for element in root.findall("image"))
    tags = (child.tag for element in root.findall("image") for child in element)
    skipped = tuple(f"shapes of type {tag!r}" for tag in tags if tag in _SKIPPED)
    return LabelledDataset(tuple(filter(None, names)), images, skipped)


def _image(element: Element, file: LabelRecord) -> LabelledImage:
    name = safe_name(element.get("name", ""), file.where)
    image = LabelRecord(element.attrib, f"{file.where}, {name}")
    shapes = []
    for child in element:
        if child.tag in ("box", "polygon"):
            shape = LabelRecord(child.attrib, image.where)
            kind = child.get("label", "").strip()
            if not kind:
                shape.refuse(f"a {child.tag} without a label", "every shape has one")
            corners = _box(shape) if child.tag == "box" else _polygon(shape)
            shapes.append(LabelledShape(kind, corners))
    return LabelledImage(name, image.size(), tuple(shapes))


def _box(record: LabelRecord) -> Float64Array:
    left, top, right, bottom = (record.number(key) for key in ("xtl", "ytl", "xbr", "ybr"))
    centre = (left + right) / 2, (top + bottom) / 2
    return rotated_box(centre, right - left, bottom - top, record.number("rotation", 0.0))


def _polygon(record: LabelRecord) -> Float64Array:
    pairs = [point.split(",") for point in record.values.get("points", "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        record.refuse("a polygon with invalid points", 'points are "x1,y1;x2,y2;..."')
    return record.to_outline([record.to_numbers(pair, "a coordinate") for pair in pairs])
