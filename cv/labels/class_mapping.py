"""The classes of a dataset, brought to those that a model has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cv.errors import DatasetError
from cv.labels.labelled_image import LabelledDataset, LabelledImage


def with_classes(dataset: LabelledDataset, classes: Sequence[str]) -> LabelledDataset:
    """`dataset` with `classes` in this order; those of its objects are found whatever their case.

    A class may be without objects. Raises DatasetError where an object is of none of them, or where
    one is named twice.
    """
    names = {name.casefold(): name for name in classes}
    if len(names) < len(classes) or not all(names):
        raise DatasetError(
            "classes", ",".join(classes), "each class has a name of its own", "Name each once."
        )
    kinds = {shape.kind for image in dataset.images for shape in image.shapes}
    others = sorted(kind for kind in kinds if kind.casefold() not in names)
    if others:
        raise DatasetError(
            "classes",
            f"objects are of class {', '.join(others)}",
            f"the classes are to be {', '.join(classes)}",
            "Name their class too, or rename it where they were labelled.",
        )

    def renamed(image: LabelledImage) -> LabelledImage:
        shapes = (replace(s, kind=names[s.kind.casefold()]) for s in image.shapes)
        return replace(image, shapes=tuple(shapes))

    return replace(dataset, classes=tuple(classes), images=tuple(map(renamed, dataset.images)))
