"""Which format a file, folder or archive has, and the one way to read them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import block_labels, coco, cvat, dota, geojson, label_studio, x_anylabeling, yolo_obb
from cv.labels.dataset_yaml import find_dataset_yaml, read_dataset_yaml
from cv.labels.image_files import find_images, read_size
from cv.labels.label_documents import parse_json, read_documents
from cv.labels.labelled_image import LabelledDataset, LabelledImage


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


WRITABLE = (LabelFormat.YOLO_OBB, LabelFormat.DOTA, LabelFormat.COCO, LabelFormat.GEOJSON)
"""What a dataset can be converted to."""
_READERS = {
    LabelFormat.DOTA: dota.read,
    LabelFormat.COCO: coco.read,
    LabelFormat.CVAT: cvat.read,
    LabelFormat.LABEL_STUDIO: label_studio.read,
    LabelFormat.X_ANYLABELING: x_anylabeling.read,
    LabelFormat.BLOCKS: block_labels.read,
}
Places = Mapping[tuple[str, str], Path]
"""Where the image of a split and a name lies."""


def read_dataset(path: Path, grid: Grid | None = None) -> LabelledDataset:
    """The dataset in `path`, whatever its format.

    `grid` is that of the image for GeoJSON in the world. Raises DatasetError.
    """
    kind = detect_format(path)
    if kind is LabelFormat.GEOJSON:
        return geojson.read(path, grid)
    if kind is LabelFormat.YOLO_OBB:
        return yolo_obb.read(find_dataset_yaml(path) or path)
    return _READERS[kind](path)


def detect_format(path: Path) -> LabelFormat:
    """The format of `path`, by what it holds; raises DatasetError where it is none of them."""
    if not path.exists():
        raise DatasetError(path, "it is not there", "a dataset is needed", "Check the path.")
    if find_dataset_yaml(path):
        return LabelFormat.YOLO_OBB
    if path.is_dir():
        endings = {p.suffix.lower() for p in path.rglob("*")}
        texts = path if any(path.glob("*.txt")) else None
        if texts or any(labels != path for _, labels, _ in dota.parts_of(path)):
            return LabelFormat.DOTA
        if (path / "labels").is_dir():
            raise DatasetError(
                path, "no dataset.yaml", "beside images/ and labels/ there is one", "Add it."
            )
        if ".xml" not in endings and ".json" not in endings:
            raise _unknown(path)
        return LabelFormat.CVAT if ".xml" in endings else _json_format(path)
    if path.suffix.lower() in (".txt", ".xml"):
        return LabelFormat.DOTA if path.suffix.lower() == ".txt" else LabelFormat.CVAT
    if path.suffix.lower() == ".zip":
        first = next(read_documents(path, ".xml", ".json", ".geojson"))
        return LabelFormat.CVAT if first.name.lower().endswith(".xml") else _json_format(path)
    return _json_format(path)


def dataset_images(path: Path, images: Path | None = None) -> Places:
    """The images of the dataset `path`: those of the folder `images`, or those it lies with.

    Those are the ones in the folder `path` itself, or in "images" beside the file `path`.
    """
    manifest = find_dataset_yaml(path)
    if images is None and manifest is not None:
        read_in = read_dataset_yaml(manifest)
        return {(split, read_in.name_of(p)): p for split, p in read_in.images()}
    if images is None and path.is_dir():
        return {
            (split, p.relative_to(folder).as_posix()): p
            for split, _, folder in dota.parts_of(path)
            if folder.is_dir()
            for p in find_images(folder).values()
        }
    folder = images or path.parent / "images"
    if not folder.is_dir():
        if images is None:
            return {}
        raise DatasetError(folder, "no such folder", "it holds the images", "Check the path.")
    return {("", p.relative_to(folder).as_posix()): p for p in find_images(folder).values()}


def find_image(image: LabelledImage, places: Places) -> Path | None:
    """Where `image` lies; an image of another split or folder, or without ending, counts too."""
    exact = places.get((image.split, image.name)) or places.get(("", image.name))
    if exact is not None:
        return exact
    last = Path(image.name)
    found = [
        path
        for (split, name), path in places.items()
        if split in ("", image.split) and (path.name == last.name or Path(name).stem == image.name)
    ]
    return found[0] if len(found) == 1 else None


def complete_from_images(dataset: LabelledDataset, places: Places) -> LabelledDataset:
    """`dataset` whose images without a size or ending get those of the images at `places`.

    Raises DatasetError where an image has another size than its labels say.
    """
    return replace(dataset, images=tuple(_completed(image, places) for image in dataset.images))


def _completed(image: LabelledImage, places: Places) -> LabelledImage:
    path = find_image(image, places)
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
    raise _unknown(path)


def _unknown(path: Path) -> DatasetError:
    known = ", ".join(kind.value for kind in LabelFormat)
    return DatasetError(path, "no format that is known", f"read are {known}", "See the manual.")
