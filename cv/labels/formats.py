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
from cv.labels.label_record import ParsedLabels
from cv.labels.label_texts import LabelText, parse_json, read_label_texts
from cv.labels.labelled_image import LabelledDataset, LabelledImage, make_dataset


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


def read_dataset(path: Path, grid: Grid | None = None) -> LabelledDataset:
    """Return the dataset in `path`, whatever its format; raises DatasetError.

    `grid` is the one of the image, for GeoJSON in the world.
    """
    match detect_format(path):
        case LabelFormat.YOLO_OBB:
            return yolo_obb.read_yolo(find_dataset_yaml(path) or path)
        case LabelFormat.DOTA:
            return dota.read_dota(path)
        case LabelFormat.BLOCKS:
            return block_labels.read_block_labels(path)
        case LabelFormat.GEOJSON:
            return _read_texts(path, partial(geojson.parse, grid=grid), ".geojson", ".json")
        case LabelFormat.COCO:
            return _read_texts(path, coco.parse, ".json")
        case LabelFormat.CVAT:
            return _read_texts(path, cvat.parse, ".xml")
        case LabelFormat.LABEL_STUDIO:
            return _read_texts(path, label_studio.parse, ".json")
        case LabelFormat.X_ANYLABELING:
            return _read_texts(path, x_anylabeling.parse, ".json")


def _read_texts(
    path: Path, parse: Callable[[LabelText], ParsedLabels], *endings: str
) -> LabelledDataset:
    parts = [parse(document) for document in read_label_texts(path, *endings)]
    skipped = Counter(entry for part in parts for entry in part.skipped)
    return make_dataset(
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
        first = next(read_label_texts(path, ".xml", ".json", ".geojson"))
        ending = Path(first.name).suffix.lower()
    if ending == ".txt":
        return LabelFormat.DOTA
    return LabelFormat.CVAT if ending == ".xml" else _json_format(path)


def _folder_format(path: Path) -> LabelFormat:
    if any(path.glob("*.txt")) or any(
        labels != path for _, labels, _ in dota.find_dataset_parts(path)
    ):
        return LabelFormat.DOTA
    if (path / "labels").is_dir():
        limit = "beside images/ and labels/ there is one"
        raise DatasetError(path, "no dataset.yaml", limit, "Add it.")
    xml = any(p.suffix.lower() == ".xml" for p in path.rglob("*"))
    return LabelFormat.CVAT if xml else _json_format(path)


def _json_format(path: Path) -> LabelFormat:
    value: Any = parse_json(next(read_label_texts(path, ".json", ".geojson")))
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
    known = ", ".join(kind.value for kind in LabelFormat)
    raise DatasetError(path, "an unknown format", f"read are {known}", "See the manual.")


def dataset_images(path: Path, images: Path | None = None) -> ImagePaths:
    """Return the images in the folder `images`, or else those of the dataset `path`.

    Those are named by its dataset.yaml, or lie in the folder `path` or in "images" beside the file.
    """
    manifest = find_dataset_yaml(path)
    if images is None and manifest is not None:
        dataset = read_dataset_yaml(manifest)
        return {(split, dataset.name_of(p)): p for split, p in dataset.images()}
    if images is None and path.is_dir():
        folders = [(split, folder) for split, _, folder in dota.find_dataset_parts(path)]
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
    of_split = [(Path(n), path) for (split, n), path in paths.items() if split in ("", image.split)]
    last = Path(image.name).name
    found = [path for name, path in of_split if path.name == last or name.stem == image.name]
    return found[0] if len(found) == 1 else None


def complete_from_images(dataset: LabelledDataset, paths: ImagePaths) -> LabelledDataset:
    """Return `dataset` with the sizes and endings of the images at `paths` where it has none.

    Raises DatasetError where an image has another size than its labels declare.
    """
    images = []
    for image in dataset.images:
        path = find_image(image, paths)
        if path is None:
            images.append(image)
            continue
        size = read_size(path)
        if image.size not in (None, size):
            found = f"{size[0]} x {size[1]} px, but its labels are for {image.size} px"
            remedy = "Find the image that was labelled, or export the labels again."
            raise DatasetError(path, found, "labels belong to one image", remedy)
        name = image.name if Path(image.name).suffix else f"{image.name}{path.suffix}"
        images.append(replace(image, size=size, name=name))
    return replace(dataset, images=tuple(images))
