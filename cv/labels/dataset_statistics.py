"""Statistics of a dataset, and warnings about unusual ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from cv.geometry.container_sizes import LENGTH_20FT_M, LENGTH_40FT_M, LENGTH_45FT_M, WIDTH_M
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.io.terminal_text import quantity
from cv.labels.check_report import CheckFinding, DatasetStatistics, warning_finding
from cv.labels.labelled_image import LabelledDataset, is_rectangle
from cv.labels.outline_edits import boxes_around

CONTAINER = "container"
"""The class with a standardised size."""
LENGTHS_M = (LENGTH_20FT_M, LENGTH_40FT_M, LENGTH_45FT_M)
MIN_WIDTH_PX = 6.0
"""Narrower containers can hardly be distinguished from their neighbours, pixels."""
MAX_LENGTH_ERROR, MAX_WIDTH_ERROR = 0.10, 0.25
"""Largest relative errors of the median container's length and width."""
MIN_CLASS_SHARE = 0.01
"""A class with a smaller share of the objects is hardly learned."""
MAX_EMPTY_SHARE = 0.9
"""A larger share of images without objects is unusual."""


def dataset_statistics(dataset: LabelledDataset) -> DatasetStatistics:
    """Return the statistics of `dataset`."""
    kinds = Counter(shape.kind for image in dataset.images for shape in image.shapes)
    counts = np.array([len(image.shapes) for image in dataset.images] or [0])
    gsds = {image.gsd_m for image in dataset.images}
    widths = []
    for kind in filter(kinds.get, dataset.classes):
        low, middle, high = np.percentile(boxes_of_class(dataset, kind).widths, [5, 50, 95])
        widths.append((kind, float(low), float(middle), float(high)))
    return DatasetStatistics(
        images=len(dataset.images),
        empty=sum(not image.shapes for image in dataset.images),
        classes=tuple((kind, kinds[kind]) for kind in dataset.classes),
        per_image=(int(counts.min()), int(np.median(counts)), int(counts.max())),
        widths_px=tuple(widths),
        gsd_m=gsds.pop() if len(gsds) == 1 else None,
    )


def check_statistics(
    dataset: LabelledDataset, totals: DatasetStatistics, file: object
) -> Iterator[CheckFinding]:
    """Yield warnings about `dataset` as a whole; `file` is the file that they name."""
    number = sum(count for _, count in totals.classes)
    for kind, count in totals.classes:
        if count < MIN_CLASS_SHARE * number or not count:
            text = f"{count} of {quantity(number, 'object')} of class {kind!r}"
            yield warning_finding("balance", file, text)
    if totals.images and totals.empty > MAX_EMPTY_SHARE * totals.images:
        text = f"{totals.empty} of {quantity(totals.images, 'image')} without an object"
        yield warning_finding("empty", file, text)
    loose = sum(not is_rectangle(s.outline, 0.5) for i in dataset.images for s in i.shapes)
    if loose:
        outlines = quantity(loose, "outline")
        text = f"{outlines} not rectangular; training takes the smallest rectangle around each"
        yield warning_finding("rectangle", file, text)
    containers = boxes_of_class(dataset, CONTAINER)
    narrow = int((containers.widths < MIN_WIDTH_PX).sum())
    if narrow:
        amount = f"{narrow} of {quantity(len(containers), 'container')}"
        text = f"{amount} narrower than {MIN_WIDTH_PX:g} px"
        yield warning_finding("narrow", file, text)
    yield from _gsd_findings(dataset, file)


def boxes_of_class(dataset: LabelledDataset, kind: str) -> OrientedBoxes:
    """Return the boxes of class `kind` in all images, as `boxes_around`."""
    return boxes_around(s for image in dataset.images for s in image.shapes if s.kind == kind)


def _gsd_findings(dataset: LabelledDataset, file: object) -> Iterator[CheckFinding]:
    undeclared = False
    sizes_m = []
    for image in dataset.images:
        boxes = boxes_around(shape for shape in image.shapes if shape.kind == CONTAINER)
        if len(boxes) and image.gsd_m is None:
            undeclared = True
        elif image.gsd_m is not None:
            sizes_m.append(boxes.values[:, 2:4] * image.gsd_m)
    if undeclared:
        yield warning_finding("gsd", file, "no GSD is declared: sizes in metres cannot be checked")
    lengths, widths = np.concatenate([*sizes_m, np.empty((0, 2))]).T
    if not len(lengths):
        return
    length, width = float(np.median(lengths)), float(np.median(widths))
    nearest = np.abs(lengths[:, None] / np.array(LENGTHS_M) - 1).min(axis=1)
    if np.median(nearest) > MAX_LENGTH_ERROR or abs(width / WIDTH_M - 1) > MAX_WIDTH_ERROR:
        true = " or ".join(f"{metres:g}" for metres in LENGTHS_M)
        text = f"by the declared GSD the median container has {length:.2f} x {width:.2f} m"
        yield warning_finding("gsd", file, f"{text}, but true ones have {true} x {WIDTH_M:g} m")
