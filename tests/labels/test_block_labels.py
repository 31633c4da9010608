"""Pierwatch's own label files of container blocks."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from cv.errors import DatasetError
from cv.labels import block_labels, label_formats
from cv.labels.label_files import LabelText

BLOCK = {"quad": [[10, 10], [40, 10], [40, 22], [10, 22]], "cols": 3, "rows": 2}
RECORD = {
    "image": "pier.png",
    "region": [5, 5, 100, 80],
    "gsd": 0.4,
    "blocks": [{**BLOCK, "aboard": True, "sure": False, "note": "40ft"}],
    "ships": [{"poly": [[0, 50], [60, 50], [70, 55], [60, 60], [0, 60]]}],
    "ignore": [{"poly": [[90, 70], [200, 70], [200, 200], [90, 200]]}],
}


def parsed(**changes: object) -> block_labels.PartialLabels:
    return block_labels.parse_block_labels(LabelText("a.json", json.dumps({**RECORD, **changes})))


def test_block_is_divided_into_one_cell_per_container():
    shapes = parsed().image.shapes
    cells = [shape for shape in shapes if shape.kind == "container"]
    assert len(cells) == 6
    assert cells[0].outline.tolist() == [[10, 10], [20, 10], [20, 16], [10, 16]]
    assert cells[5].outline.tolist() == [[30, 16], [40, 16], [40, 22], [30, 22]]
    assert [len(s.outline) for s in shapes if s.kind == "hull"] == [5]


def test_cells_cover_a_block_that_is_not_a_rectangle():
    quad = [[10, 10], [40, 14], [44, 30], [8, 26]]
    cells = parsed(blocks=[{**BLOCK, "quad": quad}], ships=[]).image.shapes
    together = shapely.union_all([shapely.Polygon(cell.outline).buffer(1e-9) for cell in cells])
    assert together.symmetric_difference(shapely.Polygon(quad)).area < 1e-5
    assert sum(shapely.Polygon(cell.outline).area for cell in cells) == pytest.approx(together.area)


def test_region_excludes_ignored_areas():
    labels = parsed()
    assert labels.region.area == pytest.approx(100 * 80 - 15 * 15)
    assert labels.gsd_m == (0.4, 0.4)
    assert labels.image.gsd_m == 0.4
    assert parsed(gsd_xy=[0.3, 0.25]).gsd_m == (0.3, 0.25)
    assert parsed(gsd_xy=[0.3, 0.25]).image.gsd_m is None


def test_dataset_notes_that_only_a_region_is_labelled(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(RECORD))
    dataset = label_formats.read_dataset(tmp_path / "a.json")
    assert dataset.skipped == ("pier.png: labelled within 5, 5, 105, 85 only",)
    assert np.isfinite(dataset.images[0].shapes[0].outline).all()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"region": [1, 2, 3]}, "a region of 3 numbers"),
        ({"gsd": 0}, "positive metres per pixel"),
        ({"blocks": [{**BLOCK, "cols": 1e9}]}, "1e.09 x 2 cells"),
        ({"blocks": [{**BLOCK, "rows": 0}]}, "3 x 0 cells"),
        ({"blocks": [{**BLOCK, "quad": [[0, 0], [1, 1], [0, 1]]}]}, "3 corners"),
        ({"ships": {}}, '"ships" is {}; a list is needed'),
    ],
)
def test_invalid_block_labels_are_refused(changes, text):
    with pytest.raises(DatasetError, match=text):
        parsed(**changes)
