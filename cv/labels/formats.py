"""Detect the format of a file, folder or archive of labels, and read any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import block_labels, coco, cvat, dota, geojson, label_studio, x_anylabeling, yolo_obb
from cv.labels.dataset_yaml import find_dataset_yaml, read_dataset_yaml
from cv.labels.image_files import find_images, read_size
from cv.labels.label_documents import LabelDocument, parse_json, read_documents
from cv.labels.label_record import ParsedLabels
from cv.labels.labelled_image import LabelledDataset, LabelledImage, dataset_of


class LabelFormat(Enum):
    """The formats that are read; the first four are written too."""

    YOLO_OBB = "yolo-obb"
    DOTA = "dota"
    COCO = "coco"
    GEOJSON = "geojson"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"
    X_ANYLABELING = "x-anylabeling"
    BLOCKS = "blocks"


ImagePaths = Mapping[tuple[str, str], Path]
"""Path of each image by its split and name."""
_PARSERS: dict[LabelFormat, Callable[[LabelDocument], ParsedLabels]] = {
    LabelFormat.COCO: coco.parse,
    LabelFormat.CVAT: cvat.parse,
    LabelFormat.LABEL_STUDIO: label_studio.parse,
    LabelFormat.X_ANYLABELING: x_anylabeling.parse,
}


def read_dataset(path: Path, grid: Grid | None = None) -> LabelledDataset:
    """Return the dataset in `path`, whatever its format.

    `grid` is the one of the image, for GeoJSON in the world. Raises DatasetError.
    """
    kind = detect_format(path)
    if kind is LabelFormat.YOLO_OBB:
        return yolo_obb.read(find_dataset_yaml(path) or path)
    if kind is LabelFormat.DOTA:
        return dota.read(path)
    if kind is LabelFormat.BLOCKS:
        return block_labels.read(path)
    if kind is LabelFormat.GEOJSON:
        return _read_documents(path, partial(geojson.parse, grid=grid), ".geojson", ".json")
    return _read_documents(path, _PARSERS[kind], ".xml" if kind is LabelFormat.CVAT else ".json")


def _read_documents(
    path: Path, parse: Callable[[LabelDocument], ParsedLabels], *endings: str
) -> LabelledDataset:
    parts = [parse(document) for document in read_documents(path, *endings)]
    skipped = Counter(entry for part in parts for entry in part.skipped)
    return dataset_of(
        (image for part in parts for image in part.images),
        path,
        (name for part in parts for name in part.classes),
        (f"{count} {entry}" for entry, count in sorted(skipped.items())),
    )


def detect_format(path: Path) -> LabelFormat:
    """Return the format of `path` by its content; raises DatasetError where it is unknown."""
    if not path.exists():
        raise DatasetError(path, "it is not there", "a dataset is needed", "Check the path.")
    if find_dataset_yaml(path):
        return LabelFormat.YOLO_OBB
    if path.is_dir():
        return _folder_format(path)
    ending = path.suffix.lower()
    if ending == ".zip":
        first = next(read_documents(path, ".xml", ".json", ".geojson"))
        ending = Path(first.name).suffix.lower()
    if ending == ".txt":
        return LabelFormat.DOTA
    return LabelFormat.CVAT if ending == ".xml" else _json_format(path)


def _folder_format(path: Path) -> LabelFormat:
    if any(path.glob("*.txt")) or any(labels != path for _, labels, _ in dota.parts_of(path)):
        return LabelFormat.DOTA
    if (path / "labels").is_dir():
        raise DatasetError(
            path, "no dataset.yaml", "beside images/ and labels/ there is one", "Add it."
        )
    endings = {p.suffix.lower() for p in path.rglob("*")}
    if ".xml" in endings:
        return LabelFormat.CVAT
    if ".json" not in endings:
        raise _unknown_format(path)
    return _json_format(path)


def _json_format(path: Path) -> LabelFormat:
    value: Any = parse_json(next(read_documents(path, ".json", ".geojson")))
    if isinstance(value, list):
        return LabelFormat.LABEL_STUDIO
    if isinstance(value, dict):
        if value.get("type") == "FeatureCollection":
            return LabelFormat.GEOJSON
        if "annotations" in value and "images" in value:
            return LabelFormat.COCO
        if "shapes" in value and "imagePath" in value:
            return LabelFormat.X_ANYLABELING
        if "blocks" in value and "region" in value:
            return LabelFormat.BLOCKS
    raise _unknown_format(path)


def _unknown_format(path: Path) -> DatasetError:
    known = ", ".join(kind.value for kind in LabelFormat)
    return DatasetError(path, "an unknown format", f"read are {known}", "See the manual.")


def dataset_images(path: Path, images: Path | None = None) -> ImagePaths:
    """Return the images in the folder `images`, or without one those of the dataset `path`.

    Those are the images named by its dataset.yaml, the ones in the folder `path`, or the ones in
    "images" beside the file `path`.
    """
    manifest = find_dataset_yaml(path)
    if images is None and manifest is not None:
        dataset = read_dataset_yaml(manifest)
        return {(split, dataset.name_of(p)): p for split, p in dataset.images()}
    if images is None and path.is_dir():
        folders = [(split, folder) for split, _, folder in dota.parts_of(path)]
    else:
        folders = [("", images or path.parent / "images")]
        if images is not None and not images.is_dir():
            raise DatasetError(images, "no such folder", "it holds the images", "Check the path.")
    return {
        (split, image.relative_to(folder).as_posix()): image
        for split, folder in folders
        if folder.is_dir()
        for image in find_images(folder).values()
    }


def find_image(image: LabelledImage, paths: ImagePaths) -> Path | None:
    """Return the path of `image`, None where there is none or several could be it.

    An image without a split, in another folder, or named without an ending is found as well.
    """
    exact = paths.get((image.split, image.name)) or paths.get(("", image.name))
    if exact is not None:
        return exact
    last = Path(image.name)
    found = [
        path
        for (split, name), path in paths.items()
        if split in ("", image.split) and (path.name == last.name or Path(name).stem == image.name)
    ]
    return found[0] if len(found) == 1 else None


def complete_from_images(dataset: LabelledDataset, paths: ImagePaths) -> LabelledDataset:
    """Return `dataset` with the sizes and endings of the images at `paths` where it has none.

    Raises DatasetError where an image has another size than its labels declare.
    """
    return replace(dataset, images=tuple(_completed(image, paths) for image in dataset.images))


def _completed(image: LabelledImage, paths: ImagePaths) -> LabelledImage:
    path = find_image(image, paths)
    if path is None:
        return image
    size = read_size(path)
    if image.size not in (None, size):
        raise DatasetError(
            path,
            f"{size[0]} x {size[1]} px, but its labels are for {image.size} px",
            "labels belong to one image",
            "Find the image that was labelled, or export the labels again.",
        )
    name = image.name if Path(image.name).suffix else f"{image.name}{path.suffix}"
    return replace(image, size=size, name=name)
