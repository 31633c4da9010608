"""The same moment delivered twice is counted once, the other delivery is linked to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from cv.scene.acquisition_time import NamePattern
from cv.scene.discovery.scene_folder import left_out_at, require_scenes
from tests.scene.conftest import UTM, WriteTiff
from tests.scene.providers.test_planet import PS, SKY, clear_mask

TAG = "2024:03:10 01:30:45+00:00"
SMALL = np.random.default_rng(5).integers(1, 255, (3, 20, 30), dtype=np.uint8)


@pytest.fixture
def put(write_tiff: WriteTiff) -> Any:
    """Writes an image with a time."""
    import rasterio

    def write(data: np.ndarray, name: str, tag: str = TAG, **options: Any) -> Path:
        path = write_tiff(data, name, **options)
        with rasterio.open(path, "r+") as dataset:
            dataset.update_tags(TIFFTAG_DATETIME=tag)
        return path

    return write


def names(folder: Path) -> list[str]:
    return [path.name for path in require_scenes(folder)]


def test_a_preview_is_linked_to_the_full_image(
    put: Any, tmp_path: Path, colours: np.ndarray
) -> None:
    full = put(colours, "scene.tif")
    put(SMALL, "preview.tif", transform=UTM @ Affine.scale(2))
    assert names(tmp_path) == ["scene.tif"]
    (left,) = left_out_at(tmp_path)
    assert left.path.name == "preview.tif"
    assert left.reason == f"the same moment as {full}"


def test_of_equal_images_the_one_with_a_mask_counts(
    put: Any, write_tiff: WriteTiff, tmp_path: Path, colours: np.ndarray
) -> None:
    put(colours, "a.tif")
    put(colours, "b.tif")
    assert names(tmp_path) == ["a.tif"]
    write_tiff(clear_mask(), "b_udm2.tif")
    (tmp_path / "b.tif").touch()
    assert names(tmp_path) == ["b.tif"]


def test_a_part_is_linked_to_the_whole(put: Any, tmp_path: Path, colours: np.ndarray) -> None:
    put(colours, "z_whole.tif")
    put(colours[:, 10:, 10:], "part.tif", transform=UTM @ Affine.translation(10, 10))
    assert names(tmp_path) == ["z_whole.tif"]


@pytest.mark.parametrize(
    "other",
    [
        {"tag": "2024:03:10 01:30:47+00:00"},
        {"tag": "2024:03:10 01:30:45"},
        {"transform": UTM @ Affine.translation(20, 0)},
        {"transform": UTM @ Affine.scale(0.5)},
        {"transform": UTM @ Affine.translation(5000, 0)},
    ],
)
def test_others_are_scenes_of_their_own(
    put: Any, tmp_path: Path, colours: np.ndarray, other: dict[str, Any]
) -> None:
    """Another time, none, a neighbouring frame, a finer part, another place."""
    put(colours, "a.tif")
    put(colours, "b.tif", **other)
    assert names(tmp_path) == ["a.tif", "b.tif"]


def test_assets_of_one_item_in_folders_of_their_own(
    write_tiff: WriteTiff, tmp_path: Path, colours: np.ndarray
) -> None:
    write_tiff(colours, f"visual/{SKY}_visual.tif")
    write_tiff(colours.astype(np.uint16).repeat(2, axis=0)[:4], f"analytic/{SKY}_analytic.tif")
    assert len(names(tmp_path)) == 1
    write_tiff(colours, f"{PS}_3B_Visual.tif")
    document = {"id": PS, "properties": {"acquired": "2024-03-10T01:30:45Z"}}
    (tmp_path / f"{PS}_metadata.json").write_text(json.dumps(document))
    assert len(names(tmp_path)) == 2


def test_a_time_in_the_name_to_the_second_is_a_moment_too(
    write_tiff: WriteTiff, tmp_path: Path, colours: np.ndarray
) -> None:
    """Without seconds two images of a day may be hours apart."""
    for name in ("a_20240310_013045.tif", "b_20240310_013045.tif", "b_20240310_013046.tif"):
        write_tiff(colours, name)
    seconds = NamePattern.parse("UTC:*_%Y%m%d_%H%M%S")
    (left,) = left_out_at(tmp_path, seconds)
    assert left.path.name == "b_20240310_013045.tif"
    assert [path.name for path in require_scenes(tmp_path, seconds)] == [
        "a_20240310_013045.tif",
        "b_20240310_013046.tif",
    ]
    days = NamePattern.parse("UTC:*_%Y%m%d_*")
    assert len(require_scenes(tmp_path, days)) == 3
