"""Exports of annotation tools, against literal examples and rotations by shapely."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cv.errors import DatasetError
from cv.labels import coco, cvat, dota, geojson, label_formats, label_studio, x_anylabeling
from cv.labels.label_files import LabelText
from cv.labels.label_formats import LabelFormat
from cv.labels.labelled_image import LabelledImage, LabelledShape, make_dataset
from tests.fixtures.label_files import (
    anylabeling_json,
    cvat_box,
    cvat_xml,
    studio_box,
    studio_json,
    turned,
    upright,
)

HUNDREDTHS = st.integers(1, 2_000_000).map(lambda n: n / 100)
DEGREES = st.integers(0, 35999).map(lambda n: n / 100)


def ring(shape: LabelledShape) -> list[list[float]]:
    return np.round(shape.outline, 6).tolist()


def test_cvat_box_rotated_by_90_degrees():
    xml = cvat_xml("images/a.png", (200, 100), [cvat_box(50, 20, 40, 10, 90)])
    dataset = cvat.parse(LabelText("annotations.xml", xml))
    (image,) = dataset.images
    assert dataset.classes == ("hull", "container")
    assert (image.name, image.size) == ("images/a.png", (200, 100))
    assert ring(image.shapes[0]) == [[75, 5], [75, 45], [65, 45], [65, 5]]


def test_cvat_boxes_are_rotated_clockwise_in_the_image():
    xml = cvat_xml("a.png", (200, 200), [cvat_box(90, 95, 20, 10, 30)])
    corners = cvat.parse(LabelText("a.xml", xml)).images[0].shapes[0].outline
    # The middle (100, 100) plus (cos 30, sin 30) * 10: to the right and down.
    right_end = (corners[1] + corners[2]) / 2
    assert right_end == pytest.approx([100 + 8.660254, 105])


@given(st.lists(st.tuples(HUNDREDTHS, HUNDREDTHS, HUNDREDTHS, HUNDREDTHS, DEGREES), max_size=5))
def test_cvat_boxes_agree_with_rotations_by_shapely(rows):
    xml = cvat_xml("a.png", (20000, 20000), [cvat_box(*row) for row in rows])
    (image,) = cvat.parse(LabelText("a.xml", xml)).images
    for (x, y, w, h, degrees), shape in zip(rows, image.shapes, strict=True):
        oracle = turned(upright(x, y, w, h), degrees, "center")
        assert np.abs(shape.outline - oracle).max() <= 0.01


def test_cvat_polygons_and_skipped_shapes(tmp_path):
    shapes = [
        '<polygon label="hull" occluded="1" points="1.00,2.00;9.50,2.00;9.50,7.25;5.0,9.0;1,7">'
        '<attribute name="kind">bulk &amp; ore</attribute></polygon>',
        '<polyline label="quay" points="1,2;3,4"></polyline>',
        '<points label="quay" points="1,2"></points>',
    ]
    with zipfile.ZipFile(tmp_path / "task.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", cvat_xml("a.png", (20, 20), shapes))
        archive.writestr("images/a.png", b"not decoded")
    assert label_formats.detect_format(tmp_path / "task.zip") is LabelFormat.CVAT
    dataset = label_formats.read_dataset(tmp_path / "task.zip")
    (shape,) = dataset.images[0].shapes
    assert ring(shape) == [[1, 2], [9.5, 2], [9.5, 7.25], [5, 9], [1, 7]]
    assert dataset.skipped == ("1 shapes of type 'points'", "1 shapes of type 'polyline'")


def test_label_studio_rectangle_is_rotated_about_its_top_left_corner():
    # Percent of 200 x 100 px: corner (100, 20), 40 px wide, 10 px high, a quarter turn.
    text = studio_json("/data/upload/1/ab-a.png", (200, 100), [studio_box(50, 20, 20, 10, 90)])
    (image,) = label_studio.parse(LabelText("a.json", text)).images
    assert (image.name, image.size) == ("ab-a.png", (200, 100))
    assert ring(image.shapes[0]) == [[100, 20], [100, 60], [90, 60], [90, 20]]


@given(
    st.tuples(st.integers(1, 20000), st.integers(1, 20000)),
    st.lists(
        st.tuples(st.floats(-5, 100), st.floats(-5, 100), st.floats(0.1, 50), st.floats(0.1, 50),
                  st.floats(-360, 360)),
        max_size=5,
    ),
)  # fmt: skip
def test_label_studio_boxes_agree_with_rotations_by_shapely(size, rows):
    text = studio_json("a.png", size, [studio_box(*row) for row in rows])
    (image,) = label_studio.parse(LabelText("a.json", text)).images
    for (x, y, w, h, degrees), shape in zip(rows, image.shapes, strict=True):
        left, top = x * size[0] / 100, y * size[1] / 100
        box = upright(left, top, w * size[0] / 100, h * size[1] / 100)
        assert np.abs(shape.outline - turned(box, degrees, (left, top))).max() <= 0.01


def test_label_studio_json_min_polygons_and_image_addresses():
    region = {"points": [[0, 0], [50, 0], [50, 50]], "polygonlabels": ["hull"],
              "original_width": 40, "original_height": 20}  # fmt: skip
    value = studio_box(10, 10, 10, 10, 0)["value"]
    box = {**value, "original_width": 40, "original_height": 20}
    task = {"image": "/data/local-files/?d=sets/pier%201.png", "id": 3, "label": [region, box]}
    (image,) = label_studio.parse(LabelText("a.json", json.dumps([task]))).images
    assert image.name == "pier 1.png"
    assert ring(image.shapes[0]) == [[0, 0], [20, 0], [20, 10]]
    assert ring(image.shapes[1]) == [[4, 2], [8, 2], [8, 4], [4, 4]]


def test_label_studio_uses_the_ground_truth_annotation():
    record = json.loads(studio_json("a.png", (10, 10), [studio_box(0, 0, 50, 50, 0)]))
    true = json.loads(json.dumps(record[0]["annotations"][0]))
    true["ground_truth"] = True
    true["result"][0]["value"]["rectanglelabels"] = ["hull"]
    record[0]["annotations"][0]["was_cancelled"] = False
    record[0]["annotations"].append(true)
    record[0]["annotations"].append({"was_cancelled": True, "result": []})
    record.append({"id": 2, "data": {"image": "b.png"}, "annotations": []})
    labels = label_studio.parse(LabelText("a.json", json.dumps(record)))
    images = labels.images
    assert [[s.kind for s in i.shapes] for i in images] == [["hull"], []]
    assert images[1].size is None
    assert labels.skipped == ("further annotations of the same image",) * 2


def test_image_rotated_in_label_studio_is_refused():
    record = json.loads(studio_json("a.png", (10, 10), [studio_box(0, 0, 50, 50, 0)]))
    record[0]["annotations"][0]["result"][0]["image_rotation"] = 90
    with pytest.raises(DatasetError, match="an image rotated in the tool"):
        label_studio.parse(LabelText("a.json", json.dumps(record)))


def test_x_anylabeling_shapes():
    shapes: list[dict[str, object]] = [
        {"shape_type": "rotation", "direction": 1.5707963, "difficult": True,
         "points": [[75, 5], [75, 45], [65, 45], [65, 5]]},
        {"shape_type": "rectangle", "points": [[9, 8], [3, 2]]},
        {"shape_type": "rectangle", "points": [[3, 2], [9, 2], [9, 8], [3, 8]]},
        {"shape_type": "polygon", "points": [[0, 0], [5, 0], [5, 5], [3, 7], [0, 5]]},
        {"shape_type": "line", "points": [[0, 0], [5, 0]]},
    ]  # fmt: skip
    text = anylabeling_json("..\\images\\a.png", (200, 100), shapes)
    labels = x_anylabeling.parse(LabelText("a.json", text))
    (image,) = labels.images
    assert (image.name, image.size) == ("a.png", (200, 100))
    assert ring(image.shapes[0]) == [[75, 5], [75, 45], [65, 45], [65, 5]]
    upright_box = [[3, 2], [9, 2], [9, 8], [3, 8]]
    assert ring(image.shapes[1]) == ring(image.shapes[2]) == upright_box
    assert len(image.shapes[3].outline) == 5
    assert [s.ignore for s in image.shapes] == [True, False, False, False]
    assert labels.skipped == ("shapes of type 'line'",)


@given(
    st.lists(
        st.tuples(st.floats(-50, 2e4), st.floats(-50, 2e4), st.floats(1, 900), st.floats(1, 900),
                  st.floats(0, 360)),
        max_size=5,
    ),
)  # fmt: skip
def test_x_anylabeling_boxes_keep_their_corners(rows):
    oracle = [turned(upright(*row[:4]), row[4], "center") for row in rows]
    shapes = [
        {"shape_type": "rotation", "direction": np.radians(row[4]), "points": corners.tolist()}
        for row, corners in zip(rows, oracle, strict=True)
    ]
    text = anylabeling_json("a.png", (20000, 20000), shapes)
    (image,) = x_anylabeling.parse(LabelText("a.json", text)).images
    for shape, corners in zip(image.shapes, oracle, strict=True):
        assert np.abs(shape.outline - corners).max() <= 0.01


def test_published_dota_file():
    text = (
        "imagesource:GoogleEarth\ngsd:0.146343590398\n"
        "2753 2408 2861 2385 2888 2468 2805 2502 plane 0\n"
        "3445 3391 3484 3409 3478 3422 3437 3402 large-vehicle 1\n"
    )
    image = dota.parse(LabelText("P0000.txt", text), "P0000")
    assert image.gsd_m == 0.146343590398
    assert ring(image.shapes[0]) == [[2753, 2408], [2861, 2385], [2888, 2468], [2805, 2502]]
    assert [(s.kind, s.ignore) for s in image.shapes] == [("plane", False), ("large-vehicle", True)]


def coco_file(annotation: dict[str, object]) -> LabelText:
    record = {
        "images": [{"id": 7, "file_name": "a.png", "width": 100, "height": 80}],
        "categories": [{"id": 3, "name": "hull"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, **annotation}],
    }
    return LabelText("a.json", json.dumps(record))


@pytest.mark.parametrize(
    ("annotation", "corners"),
    [
        ({"bbox": [10, 20, 30, 5]}, [[10, 20], [40, 20], [40, 25], [10, 25]]),
        # detectron2: 90 degrees counter-clockwise, the left end moves to the bottom
        ({"bbox": [50, 40, 20, 10, 90]}, [[45, 50], [45, 30], [55, 30], [55, 50]]),
        # height larger than width, a full turn
        ({"bbox": [50, 40, 10, 20, 360]}, [[45, 30], [55, 30], [55, 50], [45, 50]]),
        ({"segmentation": [[1, 2, 5, 2, 3, 9]]}, [[1, 2], [5, 2], [3, 9]]),
        ({"rotated_box": [50, 40, 20, 10, -90]}, [[55, 30], [55, 50], [45, 50], [45, 30]]),
    ],
)
def test_variants_of_coco(annotation, corners):
    (image,) = coco.parse(coco_file(annotation)).images
    assert ring(image.shapes[0]) == corners


def test_crowds_and_run_lengths_of_coco():
    crowd = {"bbox": [1, 1, 5, 5], "iscrowd": 1, "segmentation": {"counts": "x", "size": [80, 100]}}
    (shape,) = coco.parse(coco_file(crowd)).images[0].shapes
    assert shape.ignore
    empty = coco.parse(coco_file({}))
    assert empty.skipped == ("annotations with neither bbox nor segmentation",)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (coco_file({"bbox": [1, 2, 3]}), "a bbox of 3 numbers"),
        (coco_file({"bbox": [1, 2, 3, "x"]}), "bbox is 'x'"),
        (coco_file({"bbox": [1, 2, 3, True]}), "bbox is True"),
        (coco_file({"image_id": 8}), "image 8, category 3"),
        (coco_file({"image_id": [8]}), "image .8., category 3"),
        (coco_file({"segmentation": [[1, 2, 3]]}), "an odd number of coordinates"),
        (coco_file({"segmentation": [[1, 2, 3, 4]]}), "an outline of 2 points"),
        (LabelText("a.json", "[]"), "the file is ..; an object is needed"),
        (LabelText("a.json", '{"images": []}'), '"categories" is missing'),
    ],
)
def test_invalid_coco_is_refused(document, text):
    with pytest.raises(DatasetError, match=text):
        coco.parse(document)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../a.png", "C:\\a.png", "x/../../a.png", "", ".."]
)
def test_image_names_outside_the_folder_of_images_are_refused(name):
    record = json.loads(coco_file({}).text)
    record["images"][0]["file_name"] = name
    with pytest.raises(DatasetError, match="a path inside its folder is needed"):
        coco.parse(LabelText("a.json", json.dumps(record)))


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.json", coco_file({}).text, LabelFormat.COCO),
        ("a.json", studio_json("a.png", (9, 9), []), LabelFormat.LABEL_STUDIO),
        ("a.json", anylabeling_json("a.png", (9, 9), []), LabelFormat.X_ANYLABELING),
        ("a.json", '{"type": "FeatureCollection", "features": []}', LabelFormat.GEOJSON),
        ("a.xml", cvat_xml("a.png", (9, 9), []), LabelFormat.CVAT),
        ("a.txt", "", LabelFormat.DOTA),
        ("dataset.yaml", "", LabelFormat.YOLO_OBB),
    ],
)
def test_format_is_detected_by_content(tmp_path, name, text, kind):
    path = tmp_path / name
    path.write_text(text)
    assert label_formats.detect_format(path) is kind
    if kind not in (LabelFormat.GEOJSON, LabelFormat.YOLO_OBB):
        assert len(label_formats.read_dataset(path)) == 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"split": "../../x"}, "the split '../../x'; a split is train, val, test"),
        ({"gsd_m": -1}, "gsd_m is -1; it is metres per pixel"),
        ({"width": 10.5}, "whole pixels are needed"),
        ({"height": None}, "the height is None"),
        ({"width": 0}, "the image is 0 x 80 px; at least 1"),
    ],
)
def test_invalid_image_entries_of_coco_are_refused(change, text):
    record = json.loads(coco_file({}).text)
    record["images"][0] |= change
    with pytest.raises(DatasetError, match=text):
        coco.parse(LabelText("a.json", json.dumps(record)))


def test_cvat_for_video_is_refused_with_the_right_export_format():
    xml = "<annotations><version>1.1</version><track id='0'/></annotations>"
    with pytest.raises(DatasetError, match=r'Export as "CVAT for images 1\.1"'):
        cvat.parse(LabelText("a.xml", xml))


def test_skipped_shapes_are_counted_over_all_files_of_a_folder(tmp_path):
    for name in ("a", "b"):
        xml = cvat_xml(f"{name}.png", (9, 9), ['<points label="quay" points="1,2"/>'])
        (tmp_path / f"{name}.xml").write_text(xml)
    dataset = label_formats.read_dataset(tmp_path)
    assert [image.name for image in dataset.images] == ["a.png", "b.png"]
    assert dataset.skipped == ("2 shapes of type 'points'",)


def test_all_geojson_files_of_a_folder_are_read(tmp_path):
    for name in ("a", "b"):
        image = LabelledImage(f"{name}.png", (9, 9), ())
        geojson.write_geojson(make_dataset([image], "x"), tmp_path / f"{name}.geojson")
    assert [image.name for image in label_formats.read_dataset(tmp_path).images] == [
        "a.png",
        "b.png",
    ]
