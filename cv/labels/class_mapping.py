"""Map the classes of a dataset to those of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cv.errors import DatasetError
from cv.labels.labelled_image import LabelledDataset, LabelledImage


def with_classes(dataset: LabelledDataset, classes: Sequence[str]) -> LabelledDataset:
    """Return `dataset` with `classes` in this order, which its objects match in any case.

    A class may have no objects. Raises DatasetError where an object has another class, or where one
    class is named twice.
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
            f"the wanted classes are {', '.join(classes)}",
            "Name their classes too, or rename it where they were labelled.",
        )

    def renamed(image: LabelledImage) -> LabelledImage:
        shapes = (replace(s, kind=names[s.kind.casefold()]) for s in image.shapes)
        return replace(image, shapes=tuple(shapes))

    return replace(dataset, classes=tuple(classes), images=tuple(map(renamed, dataset.images)))
