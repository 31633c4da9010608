"""Label files with random changes are read or refused with a DatasetError, nothing else."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import block_labels, coco, cvat, dota, geojson, label_studio, x_anylabeling
from cv.labels.dataset_check import check_dataset
from cv.labels.dataset_yaml import read_dataset_yaml
from cv.labels.label_files import LabelText
from tests.fixtures.label_files import (
    BOX,
    YAML,
    anylabeling_json,
    cvat_box,
    cvat_xml,
    noise,
    studio_box,
    studio_json,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
SQUARE = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]
FEATURE = {
    "type": "Feature",
    "properties": {"class": "hull", "image": "a.png"},
    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
}
PIXELS = {"plane": "pixels", "classes": ["hull"], "images": [{"name": "a.png", "size": [9, 9]}]}
COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 9, "height": 9, "gsd_m": 0.3}],
    "categories": [{"id": 1, "name": "hull"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5, 30], "attributes": {}},
        {"id": 2, "image_id": 1, "category_id": 1, "segmentation": [[0, 0, 5, 0, 5, 5]]},
        {"id": 3, "image_id": 1, "category_id": 1, "rotated_box": [0, 0, 5, 5, 30]},
    ],
}
BLOCKS = {
    "image": "a.png",
    "region": [0, 0, 9, 9],
    "gsd": 1,
    "gsd_xy": [1, 1],
    "blocks": [{"quad": SQUARE[:4], "cols": 2, "rows": 2, "note": ""}],
    "ships": [{"poly": SQUARE}],
    "ignore": [{"poly": SQUARE}],
}
REGION = studio_box(0, 0, 9, 9, 9)["value"]
RD = Grid((400, 600), Affine(0.25, 0, 62000, 0, -0.25, 444000), CRS.from_epsg(28992))
POINTS = [{"shape_type": kind, "points": SQUARE[:4]} for kind in ("rotation", "polygon")]
JSON_READERS = {
    "coco": (coco.parse, COCO),
    "geojson": (
        geojson.parse,
        {"type": "FeatureCollection", "pierwatch": PIXELS, "features": [FEATURE]},
    ),
    "geojson in the world": (
        lambda document: geojson.parse(document, RD),
        {
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},
            "features": [FEATURE],
        },
    ),
    "label studio, JSON-MIN": (
        label_studio.parse,
        [{"image": "a.png", "label": [{**REGION, "original_width": 9, "original_height": 9}]}],
    ),
    "label studio": (
        label_studio.parse,
        json.loads(studio_json("a.png", (9, 9), [studio_box(0, 0, 9, 9, 9)])),
    ),
    "x-anylabeling": (
        x_anylabeling.parse,
        json.loads(anylabeling_json("a.png", (9, 9), POINTS)),
    ),
    "blocks": (block_labels.parse_block_labels, BLOCKS),
}


def value_paths(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the path of every value in a JSON value."""
    inner = dict(enumerate(value)) if isinstance(value, list) else value
    inner = inner.items() if isinstance(inner, dict) else ()
    return [path, *(inside for key, item in inner for inside in value_paths(item, (*path, key)))]


def with_value(value, path: tuple[Any, ...], new):
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = with_value(value[path[0]], path[1:], new)
    return copied


@pytest.mark.parametrize("name", JSON_READERS)
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_json_with_an_unexpected_value(name, data):
    parse, valid = JSON_READERS[name]
    parse(LabelText("a.json", json.dumps(valid)))
    path = data.draw(st.sampled_from(value_paths(valid)))
    changed = with_value(valid, path, data.draw(JSON))
    with contextlib.suppress(DatasetError):
        parse(LabelText("a.json", json.dumps(changed)))


@given(st.data())
@settings(max_examples=300)
def test_text_with_an_unexpected_piece(data):
    polygon = '<polygon label="hull" points="1,1;9,1;9,5"/>'
    xml = cvat_xml("a.png", (9, 9), [cvat_box(1, 2, 3, 4, 5), polygon])
    text = data.draw(st.sampled_from([xml, "gsd:1\n1 1 9 1 9 5 1 5 hull 0\n"]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    piece = data.draw(st.text(max_size=6) | st.sampled_from(["nan", "1e999", "-", '"', "<", "\0"]))
    document = LabelText("a", text[:start] + piece + text[end:])
    with contextlib.suppress(DatasetError):
        cvat.parse(document) if text is xml else dota.parse(document, "a")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_dataset_yaml_with_an_unexpected_piece(data):
    text = YAML + "gsd_m: 0.3\n"
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    piece = data.draw(st.text(max_size=6) | st.sampled_from(["&a ", "*a", "[", "{", "!!map ", "~"]))
    with tempfile.TemporaryDirectory() as folder:
        for split in ("train", "val"):
            (Path(folder) / "images" / split).mkdir(parents=True)
        file = Path(folder) / "dataset.yaml"
        file.write_bytes((text[:start] + piece + text[end:]).encode("utf-8", "replace"))
        with contextlib.suppress(DatasetError):
            read_dataset_yaml(file)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: (BOX + t).encode()))
@settings(max_examples=100, deadline=None)
def test_any_yolo_label_file_can_be_checked(content):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, split in enumerate(("train", "val")):
            noise(folder / "images" / split / "a.png", seed)
            (folder / "labels" / split).mkdir(parents=True)
            (folder / "labels" / split / "a.txt").write_bytes(content)
        (folder / "dataset.yaml").write_text(YAML)
        check_dataset(folder)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_image_can_be_checked(at, piece):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, split in enumerate(("train", "val")):
            path = noise(folder / "images" / split / "a.png", seed)
            (folder / "labels" / split).mkdir(parents=True)
            (folder / "labels" / split / "a.txt").write_text(BOX)
        data = bytearray(path.read_bytes())
        data[at % len(data) : at % len(data) + len(piece)] = piece
        path.write_bytes(bytes(data))
        (folder / "dataset.yaml").write_text(YAML)
        check_dataset(folder)
