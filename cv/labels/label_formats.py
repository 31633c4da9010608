"""Detect the format of a file, folder or archive of labels, and read any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import block_labels, coco, cvat, dota, geojson, label_studio, x_anylabeling, yolo_obb
from cv.labels.block_labels import PartialLabels
from cv.labels.dataset_yaml import find_dataset_yaml, read_dataset_yaml
from cv.labels.image_files import find_images, read_size
from cv.labels.label_files import LabelText, parse_json, read_label_texts
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


_JSON_KEYS = {
    LabelFormat.COCO: {"annotations", "images"},
    LabelFormat.X_ANYLABELING: {"shapes", "imagePath"},
    LabelFormat.BLOCKS: {"blocks", "region"},
}
"""Keys by which a JSON object of a format is recognised."""
_PARSERS: dict[LabelFormat, tuple[Callable[[LabelText], LabelledDataset], tuple[str, ...]]] = {
    LabelFormat.COCO: (coco.parse, (".json",)),
    LabelFormat.GEOJSON: (geojson.parse, (".geojson", ".json")),
    LabelFormat.CVAT: (cvat.parse, (".xml",)),
    LabelFormat.LABEL_STUDIO: (label_studio.parse, (".json",)),
    LabelFormat.X_ANYLABELING: (x_anylabeling.parse, (".json",)),
}
"""The parser of a file of a format, and the endings of such files."""
ImagePaths = Mapping[tuple[str, str], Path]
"""Path of each image by its split and name."""


def read_dataset(
    path: Path, grid: Grid | None = None, scene: Path | None = None
) -> LabelledDataset:
    """Return the dataset in `path`, of any format; `grid` and `scene` as in `geojson.parse`."""
    kind = detect_format(path)
    if kind is LabelFormat.YOLO_OBB:
        return yolo_obb.read_yolo(find_dataset_yaml(path) or path)
    if kind is LabelFormat.DOTA:
        return dota.read_dota(path)
    if kind is LabelFormat.BLOCKS:
        return block_labels.read_block_labels(path)
    parse, endings = _PARSERS[kind]
    if kind is LabelFormat.GEOJSON:
        parse = partial(geojson.parse, grid=grid, scene=scene)
    parts = [parse(document) for document in read_label_texts(path, *endings)]
    skipped = Counter(entry for part in parts for entry in part.skipped)
    return make_dataset(
        (image for part in parts for image in part.images),
        path,
        (name for part in parts for name in part.classes),
        (f"{count} {entry}" for entry, count in sorted(skipped.items())),
    )


def partial_labels(path: Path) -> dict[str, PartialLabels]:
    """Return where the images of `path`, by name, are labelled if that is only in a part of them.

    Only files of blocks of containers say so; of another format it is empty.
    """
    if detect_format(path) is not LabelFormat.BLOCKS:
        return {}
    parts = map(block_labels.parse_block_labels, read_label_texts(path, ".json"))
    return {part.image.name: part for part in parts}


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
    parts = dota.find_dataset_parts(path)
    if any(path.glob("*.txt")) or any(labels != path for _, labels, _ in parts):
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
        for kind, keys in _JSON_KEYS.items():
            if keys <= value.keys():
                return kind
    known = ", ".join(kind.value for kind in LabelFormat)
    raise DatasetError(path, "an unknown format", f"read are {known}", "See the manual.")


def dataset_images(path: Path, images: Path | None = None, scene: Path | None = None) -> ImagePaths:
    """Return the image `scene`, those in the folder `images`, or else those of the dataset `path`.

    Those are named by its dataset.yaml, or lie in the folder `path` or in "images" beside the file.
    """
    if scene is not None:
        return {("", scene.name): scene}
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


def labels_with_scenes(folder: Path, scenes: Path) -> list[tuple[Path, Path]]:
    """Return each GeoJSON file in `folder` with the image of its name in the folder `scenes`.

    Raises DatasetError for a file without an image, and where there is no file.
    """
    files = sorted(folder.glob("*.geojson")) if folder.is_dir() else []
    if not files:
        found, limit = "no folder of .geojson files", "--scene names a folder of images"
        raise DatasetError(folder, found, limit, "Name the folder, or one file and its image.")
    images = find_images(scenes)
    for file in files:
        if file.stem not in images:
            limit = "a file is called like its image, a.geojson like a.tif"
            raise DatasetError(file, f"{scenes} has no such image", limit, "Rename one of them.")
    return [(file, images[file.stem]) for file in files]


def find_image(image: LabelledImage, paths: ImagePaths) -> Path | None:
    """Return the path of `image`, in any folder and with any ending; None if several fit."""
    exact = paths.get((image.split, image.name)) or paths.get(("", image.name))
    if exact is not None:
        return exact
    of_split = [(Path(n), path) for (split, n), path in paths.items() if split in ("", image.split)]
    last = Path(image.name).name
    found = [path for name, path in of_split if path.name == last or name.stem == image.name]
    return found[0] if len(found) == 1 else None


def describe_missing(images: Iterable[LabelledImage], paths: ImagePaths) -> str:
    """Return which images were expected, by name, and which were found at `paths`."""
    expected = [image.name for image in images if find_image(image, paths) is None]
    found = [name for _, name in paths]
    lists = [(", ".join(names[:3]) + ", ..." * (len(names) > 3)) for names in (expected, found)]
    return f"expected {lists[0]}; found {lists[1] or 'no image'}"


def complete_from_images(dataset: LabelledDataset, paths: ImagePaths) -> LabelledDataset:
    """Add sizes and endings of the images at `paths`; DatasetError where a size differs."""
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
