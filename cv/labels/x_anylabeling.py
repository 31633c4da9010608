"""X-AnyLabeling: a JSON file for each image, as in labelme; read only.

Source: the X-AnyLabeling user guide ("Saving Label Data") and its converter to DOTA. Points are
pixels with y down. Shapes of type "rotation" have four corners in ring order (`direction`, radians
clockwise, repeats them); a "rectangle" has four corners, or two opposite ones in files of older
versions and of labelme; a "polygon" has its points. `difficult` means that the shape is to be
ignored. Other shapes are counted and skipped.

Only the last part of `imagePath` is the name of the image: the rest is the annotator's own disk.
"""

from __future__ import annotations

import numpy as np

from cv.geometry.arrays import Float64Array
from cv.io.terminal_text import quantity
from cv.labels.label_files import LabelText
from cv.labels.label_record import LabelRecord, json_record
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, base_name

_WITH_FOUR_CORNERS = ("rotation", "rectangle", "quadrilateral")


def parse(document: LabelText) -> LabelledDataset:
    """Return the one image of an X-AnyLabeling file; raises DatasetError."""
    record = json_record(document)
    name = base_name(record.text("imagePath"), document.name)
    size = record.size("imageWidth", "imageHeight")
    shapes, skipped = [], []
    for shape in record.records("shapes", "shape"):
        kind = str(shape.get("shape_type"))
        if kind in (*_WITH_FOUR_CORNERS, "polygon"):
            ignore = shape.get("difficult") is True
            shapes.append(LabelledShape(shape.text("label"), _corners(shape, kind), ignore))
        else:
            skipped.append(f"shapes of type {kind!r}")
    return LabelledDataset((), (LabelledImage(name, size, tuple(shapes)),), tuple(skipped))


def _corners(shape: LabelRecord, kind: str) -> Float64Array:
    points = shape.points("points")
    if kind == "rectangle" and [len(point) for point in points] == [2, 2]:
        (x0, y0), (x1, y1) = np.sort(np.array(points), axis=0)
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if kind in _WITH_FOUR_CORNERS and len(points) != 4:
        shape.refuse(f"a {kind} of {quantity(len(points), 'point')}", "it has four corners")
    return shape.to_outline(points)
